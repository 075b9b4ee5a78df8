"""Invariants at the end of a story, whatever the carrier did: counted in the rows and in the exchange's records."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.vocabulary.enums import Direction
from hotline.gateways.storage.object_storage import NoSuchObject
from hotline.rules.enums import (
    CallbackState,
    CallState,
    DeliveryState,
    DialState,
    FollowUpState,
    OfferState,
    PresenceState,
    RecordingKind,
    RecordingState,
    TicketState,
)
from hotline.store.calls.recordings import Recording, object_key
from hotline.store.calls.tables import Call, Offer
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.outbox import Delivery, EventRow
from hotline.store.people.tables import Presence
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.matrix.people import Citizen

_OPEN = {
    "calls": select(Call.id).where(Call.state != CallState.ENDED),
    "offers": select(Offer.id).where(Offer.state == OfferState.PENDING),
    "callbacks": select(Callback.id).where(Callback.open_number.is_not(None)),
    "follow-ups": select(FollowUp.id).where(
        FollowUp.state.in_((FollowUpState.WAITING, FollowUpState.DIALLING))
    ),
    "dials": select(Dial.id).where(Dial.state != DialState.ENDED),
    "deliveries": select(Delivery.id).where(Delivery.state.in_((DeliveryState.DUE, DeliveryState.CLAIMED))),
    "desks": select(Presence.user_id).where(
        Presence.state.in_((PresenceState.RINGING, PresenceState.TALKING, PresenceState.WRAP_UP))
    ),
}
"""What must come to an end, by name -> the ids of what has not."""


def still_open(application: Application) -> dict[str, list[int]]:
    """Return everything that has not come to its end, by kind."""
    with application.read_session() as session:
        found = {name: list(session.scalars(asked)) for name, asked in _OPEN.items()}
    return {name: ids for name, ids in found.items() if ids}


def nothing_is_open(application: Application) -> bool:
    return not still_open(application)


def doubled(application: Application, exchange: Exchange) -> dict[str, list[str]]:
    """Return everything that is there more often than it may be, by kind."""
    with application.read_session() as session:
        found = {
            "arrivals": _more(session, "CallArrived", "call_id"),
            "ends": _more(session, "CallEnded", "call_id"),
            "ratings": _more(session, "TalkRated", "call_id"),
            "hand-offs": _more(session, "TicketHandedOff", "ticket_id"),
            "inbox lines": _more(session, "TicketDelivered", "ticket_id"),
            "follow-ups": _more(session, "FollowUpPromised", "ticket_id"),
            "answers": _more(session, "FollowUpAnswered", "ticket_id", "question"),
            "ends of attempts": _more(session, "DialEnded", "dial_id"),
            "kept promises": _more(session, "CallbackSettled", "callback_id"),
            "recordings": _more(session, "RecordingMade", "recording_id"),
            "rows of a sid": _twice(session.scalars(select(Call.sid))),
            "tickets of a call": _twice(session.scalars(_FIRST_ROUNDS)),
            "open promises": _twice(session.scalars(_OPEN_NUMBERS)),
            "rounds": list(map(str, session.scalars(select(Ticket.id).where(Ticket.redo_of.is_not(None))))),
            "calls beside the attempts": _not_placed_once(session, exchange),
        }
    found["rings of an offer"] = _twice(
        call.to for call in exchange.registry.calls.values() if call.to.startswith("client:")
    )
    return {kind: what for kind, what in found.items() if what}


_FIRST_ROUNDS = select(Ticket.call_id).where(Ticket.call_id.is_not(None), Ticket.redo_of.is_(None))
_OPEN_NUMBERS = select(Callback.number).where(Callback.open_number.is_not(None))


def _is_stored(application: Application, recording: Recording) -> bool:
    try:
        return application.sounds.size(object_key(recording)) > 0
    except NoSuchObject:
        return False


def _twice(seen: Iterable[object]) -> list[str]:
    return [str(one) for one, times in Counter(seen).items() if times > 1]


def _more(session: Session, kind: str, *names: str) -> list[str]:
    """Return the subjects of which the log tells this event more than once."""
    told = session.scalars(select(EventRow.data).where(EventRow.kind == kind))
    return _twice(tuple(data[name] for name in names) for data in told)


def _not_placed_once(session: Session, exchange: Exchange) -> list[str]:
    """Return calls to citizens that no attempt knows, and attempts that share one."""
    placed = {
        sid
        for sid, call in exchange.registry.calls.items()
        if call.direction is Direction.OUTBOUND_API and not call.to.startswith("client:")
    }
    known = [sid for sid in session.scalars(select(Dial.sid)) if sid is not None]
    return [*(placed - set(known)), *_twice(known)]


def half_written(application: Application, exchange: Exchange) -> dict[str, list[str]]:
    """Return what was begun and not finished: dead deliveries, calls without a word how they ended, lost arrivals."""
    arrived = {sid for sid, call in exchange.registry.calls.items() if call.direction is Direction.INBOUND}
    with application.read_session() as session:
        dead = session.execute(
            select(Delivery.reaction, Delivery.last_error).where(Delivery.state == DeliveryState.DEAD)
        ).all()
        endless = session.scalars(select(Call.sid).where(Call.end.is_(None) | Call.ended_at.is_(None))).all()
        unknown = arrived - set(session.scalars(select(Call.sid)))
        drafts = session.scalars(select(Ticket.id).where(Ticket.state == TicketState.DRAFT, ~_MESSAGES)).all()
        silent = session.scalars(
            select(Recording.sid).where(Recording.state == RecordingState.AT_CARRIER)
        ).all()
        kept = session.scalars(select(Recording).where(Recording.state == RecordingState.KEPT)).all()
    found = {
        "dead": [f"{reaction}: {error}" for reaction, error in dead],
        "without end": list(endless),
        "unknown calls": sorted(unknown),
        "drafts": list(map(str, drafts)),
        "recordings never fetched": list(silent),
        "recordings without sound": [row.sid for row in kept if not _is_stored(application, row)],
        "live legs": [call.sid for call in exchange.registry.calls.values() if not call.is_over],
    }
    return {kind: what for kind, what in found.items() if what}


_MESSAGES = exists().where(Recording.call_id == Ticket.call_id, Recording.kind == RecordingKind.MESSAGE)


def was_reached(application: Application, citizen: Citizen) -> bool:
    """Say whether the citizen talked with a person, left a message that became a ticket, or is or was owed a call."""
    if citizen.talks:
        return True
    kept = (CallbackState.REACHED, CallbackState.WAITING, CallbackState.DIALLING)
    with application.read_session() as session:
        message = session.scalar(select(func.count()).select_from(Ticket).where(_MESSAGES))
        owed = session.scalar(select(func.count()).select_from(Callback).where(Callback.state.in_(kept)))
    return bool(message or owed)


def unasked(application: Application) -> list[int]:
    """Return the tickets of units whose caller has not said whether it was solved."""
    with application.read_session() as session:
        closed = select(Ticket.id).where(Ticket.unit_code.is_not(None), Ticket.solved.is_(None))
        return list(session.scalars(closed))


def has_waited(application: Application) -> bool:
    """Say whether any call has ever stood in the queue."""
    with application.read_session() as session:
        return session.scalar(select(Call.id).where(Call.queued_at.is_not(None)).limit(1)) is not None


def why_exhausted(application: Application) -> str | None:
    """Return what the carrier said at the last attempt of a promise that could not be kept, as it is shown."""
    last = (
        select(Dial.detail)
        .join(Callback, Callback.id == Dial.callback_id)
        .where(Callback.state == CallbackState.EXHAUSTED)
        .order_by(Dial.id.desc())
        .limit(1)
    )
    with application.read_session() as session:
        return session.scalar(last)
