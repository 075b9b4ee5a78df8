"""Announces known outages to every caller until their end or until a member of staff stops them."""

from datetime import datetime, timedelta

from sqlalchemy import update

from hotline import events
from hotline.rules.calls.outages import MAX_CONCURRENT, max_concurrent
from hotline.rules.errors import InvalidFields, LostRace, NoSuchOutage, NotAllowed
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import MAX_SPOKEN_BYTES, clean, is_speakable
from hotline.store.advisory_locks import acquire_advisory_locks
from hotline.store.calls.outages import Outage, outages_between
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

# About half a minute of speech.
MAX_LENGTH_ZH, MAX_LENGTH_EN = 120, 400
# An announcement that outlives its outage misleads callers; a longer outage is announced again.
MAX_DURATION = timedelta(days=7)
# How far ahead an outage may be planned.
MAX_LEAD_TIME = timedelta(days=366)


def announce(
    work: UnitOfWork, *, text_zh: str, text_en: str, starts_at: datetime | None, ends_at: datetime
) -> Outage:
    """Announces an outage to callers from `starts_at` (None: now) until `ends_at`.

    Raises NotAllowed; InvalidFields with field -> code (missing, too_long, unspeakable, told_already,
    too_many, past, before_start, too_far).
    """
    person = _announcer(work)
    start = starts_at or work.at
    zh, en = (clean(" ".join(text.split())) for text in (text_zh, text_en))
    errors = _text_errors(zh, en) | _time_errors(work.at, start, ends_at)
    if not errors:
        lock_announcements(work)
        errors = _overlap_errors(work, zh, en, start, ends_at)
    if errors:
        raise InvalidFields(errors)
    outage = Outage(
        text_zh=zh, text_en=en, starts_at=start, ends_at=ends_at, author_id=person.id, created_at=work.at
    )
    work.session.add(outage)
    work.session.flush()
    work.record(events.OutageAnnounced(outage.id))
    return outage


def stop(work: UnitOfWork, outage_id: int) -> None:
    """Ends an announcement now. Raises NotAllowed, NoSuchOutage, LostRace if it is over already."""
    _announcer(work)
    if work.session.get(Outage, outage_id) is None:
        raise NoSuchOutage(str(outage_id))
    running = update(Outage).where(
        Outage.id == outage_id, Outage.stopped_at.is_(None), Outage.ends_at > work.at
    )
    if not updated_one(work.session, running.values(stopped_at=work.at)):
        raise LostRace("the announcement is over already")
    work.record(events.OutageStopped(outage_id))


def lock_announcements(work: UnitOfWork) -> None:
    """Serialises announcements until this unit of work ends."""
    # The check for duplicates and for MAX_CONCURRENT reads rows that another announcement may be about to
    # write.
    acquire_advisory_locks(work.connection, ("notices",))


def _announcer(work: UnitOfWork) -> Person:
    if not isinstance(work.actor, Person) or not work.actor.may(Right.ANNOUNCE):
        raise NotAllowed("the role may not announce outages")
    return work.actor


def _text_errors(zh: str, en: str) -> dict[str, str]:
    errors = {}
    for name, text, longest in (("text_zh", zh, MAX_LENGTH_ZH), ("text_en", en, MAX_LENGTH_EN)):
        if not is_speakable(text):
            errors[name] = "unspeakable"
        elif len(text) > longest or len(text.encode()) > MAX_SPOKEN_BYTES:
            errors[name] = "too_long"
    if not zh:
        errors["text_zh"] = "missing"
    return errors


def _overlap_errors(work: UnitOfWork, zh: str, en: str, start: datetime, end: datetime) -> dict[str, str]:
    """Returns the errors of a text announced already in this time, or of too many announcements at once."""
    others = outages_between(work.session, start, end)
    errors = {}
    if zh in {other.text_zh for other in others}:
        errors["text_zh"] = "told_already"
    if en and en in {other.text_en for other in others}:
        errors["text_en"] = "told_already"
    spans = ((other.starts_at, other.ends_at) for other in others)
    if not errors and max_concurrent(spans, start, end) >= MAX_CONCURRENT:
        errors["text_zh"] = "too_many"
    return errors


def _time_errors(now: datetime, start: datetime, end: datetime) -> dict[str, str]:
    if end <= now:
        return {"ends_at": "past"}
    if end <= start:
        return {"ends_at": "before_start"}
    if start - now > MAX_LEAD_TIME:
        return {"starts_at": "too_far"}
    return {"ends_at": "too_far"} if end - start > MAX_DURATION else {}
