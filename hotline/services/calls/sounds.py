"""The sound of recordings: stored outside the database, heard by who may, deleted after the days of the policy.

The order of the writes makes the rows right: an object is stored before its row says so, and a row says that its sound is over
before the object is deleted. What a process leaves when it is killed in between is repeated by the next try or run, because
the key of an object follows from its row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.gateways.storage.object_storage import StorageUnavailable
from hotline.rules.enums import LookKind, LookReason, RecordingKind, RecordingState
from hotline.rules.errors import NoSuchRecording, NotAllowed, ReasonNeeded
from hotline.rules.people.actors import Machine, Person, Right
from hotline.rules.people.privacy import is_own_open_work
from hotline.store.calls.open_matters import has_open_matter
from hotline.store.calls.recordings import Recording, RecordingSound, object_key
from hotline.store.calls.tables import Call
from hotline.store.people.looks import has_heard
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.store.upsert import updated_one
from hotline.unit_of_work import Application, UnitOfWork

# A player requests a sound in many parts; within this time they count as one disclosure.
LISTENING_WINDOW = timedelta(minutes=10)
# How long one run moves sounds out of the database: less than a heavy job may take, so that the others have their turn.
MOVING_TIME = timedelta(minutes=10)
# Recordings that one transaction marks.
BATCH_SIZE = 500
# Objects of one run that may fail to be deleted before the storage counts as away.
MAX_FAILURES = 3
# The length of the column. A carrier's media type is that long only if it is none.
MEDIA_TYPE_LENGTH = 40


@dataclass(frozen=True, slots=True)
class KeptSound:
    """A sound that may be played: the key of its object, or its bytes while they are in the database."""

    key: str
    media_type: str
    data: bytes | None


def record_stored(work: UnitOfWork, recording_id: int, media_type: str) -> RecordingState:
    """Records that the sound is stored, unless the recording was marked absent or is over. Returns its state. Idempotent."""
    at_carrier = update(Recording).where(
        Recording.id == recording_id, Recording.state == RecordingState.AT_CARRIER
    )
    kept = {"state": RecordingState.KEPT, "kept_at": work.at, "media_type": media_type[:MEDIA_TYPE_LENGTH]}
    work.session.execute(at_carrier.values(kept))
    return work.session.scalars(select(Recording.state).where(Recording.id == recording_id)).one()


def may_hear(person: Person, kind: RecordingKind) -> bool:
    """Returns whether `person` may listen: writers of tickets to messages, oversight roles to conversations."""
    needed = Right.WRITE_TICKETS if kind is RecordingKind.MESSAGE else Right.HEAR_TALKS
    return person.may(needed) or person.may(Right.HEAR_TALKS)


def needs_reason(session: Session, person: Person, recording: Recording, at: datetime) -> bool:
    """Returns whether the person states a reason before they listen.

    Not for their own current call, for a call of their own open tickets, or within LISTENING_WINDOW of an earlier look.
    """
    if has_heard(session, person, recording.id, at - LISTENING_WINDOW):
        return False
    call = session.get(Call, recording.call_id)
    if call is not None and call.operator_id == person.id and call.finished_at is None:
        return False
    tickets = session.scalars(select(Ticket).where(Ticket.call_id == recording.call_id)).all()
    return not any(is_own_open_work(person, each.state, each.unit_code, each.author_id) for each in tickets)


def hear(work: UnitOfWork, recording_id: int, reason: LookReason | None = None) -> KeptSound | None:
    """Returns the sound and records the disclosure; None while it is not stored yet, and when its time is over.

    One disclosure is recorded per LISTENING_WINDOW. Raises NoSuchRecording, NotAllowed, ReasonNeeded.
    """
    # One statement: the sound may be moved out of the database at this moment.
    query = (
        select(Recording, RecordingSound)
        .outerjoin(RecordingSound, RecordingSound.recording_id == Recording.id)
        .where(Recording.id == recording_id)
    )
    found = work.session.execute(query).one_or_none()
    if found is None:
        raise NoSuchRecording(str(recording_id))
    recording, sound = found
    if not isinstance(work.actor, Person) or not may_hear(work.actor, recording.kind):
        raise NotAllowed("the role may not listen to this recording")
    if reason is None and needs_reason(work.session, work.actor, recording, work.at):
        raise ReasonNeeded(str(recording_id))
    if not has_heard(work.session, work.actor, recording_id, work.at - LISTENING_WINDOW):
        _record_disclosure(work, work.actor, recording, reason or LookReason.OWN_WORK)
    if recording.state is not RecordingState.KEPT:
        return None
    if isinstance(sound, RecordingSound):
        return KeptSound(object_key(recording), sound.media_type, sound.sound)
    return KeptSound(object_key(recording), recording.media_type or "", None)


def move_to_storage(application: Application) -> int:
    """Moves sounds from the database to the storage for MOVING_TIME or until none is left; returns their number.

    Each is deleted from the database after the storage has it, so that it can be played at any moment. May be killed and
    repeated. Raises StorageError.
    """
    moved, ends_at = 0, application.clock() + MOVING_TIME
    while application.clock() < ends_at:
        with application.read_session() as session:
            query = select(Recording, RecordingSound).join(
                RecordingSound, RecordingSound.recording_id == Recording.id
            )
            found = session.execute(query.order_by(Recording.id).limit(1)).one_or_none()
        if found is None:
            break
        recording, sound = found
        key = object_key(recording)
        application.sounds.put(key, sound.sound)
        if application.sounds.size(key) != len(sound.sound):
            raise StorageUnavailable("the stored sound has another length")
        with application.unit_of_work(Machine.WORKER) as work:
            is_kept = _record_moved(work, recording.id, sound.media_type)
        if not is_kept:
            application.sounds.delete(key)
        moved += 1
    return moved


def _record_moved(work: UnitOfWork, recording_id: int, media_type: str) -> bool:
    """Deletes the sound in the database; False if the time of the recording ended meanwhile."""
    kept = update(Recording).where(Recording.id == recording_id, Recording.state == RecordingState.KEPT)
    is_kept = updated_one(work.session, kept.values(media_type=media_type))
    work.session.execute(delete(RecordingSound).where(RecordingSound.recording_id == recording_id))
    return is_kept


def delete_expired(application: Application, batch_size: int = BATCH_SIZE) -> int:
    """Deletes sounds after the days of the policy, unless their matter is open; returns their number.

    A row first says that its sound is over, then the object is deleted. Raises StorageUnavailable if an object could not be
    deleted: the next run tries again.
    """
    while _mark_expired(application, batch_size) == batch_size:
        pass
    deleted, last_id = 0, 0
    failures: list[StorageUnavailable] = []
    while rows := _expired_after(application, last_id, batch_size):
        last_id, gone = rows[-1].id, []
        for recording in rows:
            try:
                application.sounds.delete(object_key(recording))
            except StorageUnavailable as failure:
                failures.append(failure)
                if len(failures) == MAX_FAILURES:
                    break
            else:
                gone.append(recording.id)
        with application.unit_of_work(Machine.WORKER) as work:
            over = update(Recording).where(Recording.id.in_(gone), Recording.state == RecordingState.EXPIRED)
            work.session.execute(over.values(state=RecordingState.DELETED, media_type=None))
        deleted += len(gone)
        if len(failures) == MAX_FAILURES:
            break
    if failures:
        raise failures[-1]
    return deleted


def _mark_expired(application: Application, batch_size: int) -> int:
    """Marks recordings whose time is over and deletes those sounds of theirs that are in the database; returns their number."""
    with application.unit_of_work(Machine.WORKER) as work:
        long_ago = work.at - timedelta(days=work.policies.retention.recording_days)
        # A sound that could never be fetched is over as well: a worker may have been killed after it was stored.
        is_there = Recording.state.in_((RecordingState.AT_CARRIER, RecordingState.KEPT))
        old = select(Recording.id).where(
            is_there, Recording.recorded_at < long_ago, ~has_open_matter(Recording.call_id.expression)
        )
        mark = update(Recording).where(Recording.id.in_(old.limit(batch_size)), is_there)
        ids = work.session.scalars(
            mark.values(state=RecordingState.EXPIRED).returning(Recording.id),
            execution_options={"synchronize_session": False},
        ).all()
        work.session.execute(delete(RecordingSound).where(RecordingSound.recording_id.in_(ids)))
        return len(ids)


def _expired_after(application: Application, last_id: int, batch_size: int) -> Sequence[Recording]:
    with application.read_session() as session:
        query = select(Recording).where(Recording.state == RecordingState.EXPIRED, Recording.id > last_id)
        return session.scalars(query.order_by(Recording.id).limit(batch_size)).all()


def _record_disclosure(work: UnitOfWork, person: Person, recording: Recording, reason: LookReason) -> None:
    of_call = select(func.min(Ticket.id)).where(Ticket.call_id == recording.call_id)
    look = Disclosure(
        at=work.at,
        user_id=person.id,
        subject="recording",
        subject_id=recording.id,
        field=LookKind.SOUND.value,
        reason=reason.value,
        ticket_id=work.session.scalar(of_call),
    )
    work.session.add(look)
    work.session.flush()
    work.record(events.RecordingHeard(recording.id, look.id))
