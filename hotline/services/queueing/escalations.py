"""Escalations: taken and finished by a shift leader with a note. Callbacks open their own (`outbound.callbacks`)."""

from sqlalchemy import Update, select, update

from hotline import events
from hotline.rules.enums import EscalationKind, EscalationState, PresenceState
from hotline.rules.errors import InvalidFields, LostRace, MissingFields, NoSuchEscalation, NotAllowed
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import clean, is_storable
from hotline.store.base import meets
from hotline.store.calls.escalations import UNFINISHED, Escalation, insert_escalation
from hotline.store.people.tables import Presence
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

MAX_NOTE = 500
_OPEN_WRAP_UPS = select(Escalation.id).where(
    meets("escalations", UNFINISHED),
    Escalation.state == EscalationState.OPEN,
    Escalation.kind == EscalationKind.WRAP_UP_OVERTIME,
    ~select(Presence.user_id)
    .where(
        Presence.user_id == Escalation.operator_id,
        Presence.state == PresenceState.WRAP_UP,
        Presence.call_id == Escalation.subject_id,
    )
    .exists(),
)


def escalate_wrap_up(work: UnitOfWork, call_id: int, operator_id: int) -> None:
    """Leaves a wrap-up that is over its limit to the shift leader, once a call."""
    kind = EscalationKind.WRAP_UP_OVERTIME
    escalation_id = insert_escalation(work.session, kind, call_id, work.at, operator_id)
    if escalation_id is not None:
        work.record(events.EscalationOpened(escalation_id, kind))


def take(work: UnitOfWork, escalation_id: int) -> None:
    """Makes the acting person the owner of an open escalation.

    Raises NoSuchEscalation, NotAllowed, LostRace for one that is not open.
    """
    person = _leader(work)
    _require(work, escalation_id)
    step = update(Escalation).where(Escalation.id == escalation_id, Escalation.state == EscalationState.OPEN)
    taken = {"state": EscalationState.TAKEN, "owner_id": person.id, "taken_at": work.at}
    if not updated_one(work.session, step.values(taken)):
        raise LostRace("the escalation is not open")
    work.record(events.EscalationTaken(escalation_id, person.id))


def release(work: UnitOfWork, escalation_id: int) -> None:
    """Gives an escalation back that the acting person has taken. Raises NoSuchEscalation, NotAllowed, LostRace."""
    person = _leader(work)
    _require(work, escalation_id)
    if not updated_one(work.session, _owned(escalation_id, person.id).values(_WAITING)):
        raise LostRace("the escalation is not in this person's hands")
    work.record(events.EscalationTaken(escalation_id, None))


def finish(work: UnitOfWork, escalation_id: int, note: str) -> None:
    """Ends an escalation with a note of what was done; one that nobody has taken belongs to the acting person then.

    Raises NoSuchEscalation, NotAllowed, MissingFields or InvalidFields for the note, LostRace if it is over or in the
    hands of another person.
    """
    person = _leader(work)
    found = _require(work, escalation_id)
    stated = _require_note(note)
    if found.state is EscalationState.OPEN:
        take(work, escalation_id)
    done = {"state": EscalationState.DONE, "ended_at": work.at, "note": stated}
    if not updated_one(work.session, _owned(escalation_id, person.id).values(done)):
        raise LostRace("the escalation is over, or in the hands of another person")
    work.record(events.EscalationFinished(escalation_id))


def end_wrap_ups(work: UnitOfWork) -> int:
    """Ends the escalations of wrap-ups that are over before anybody took them; returns their number."""
    ids = work.connection.scalars(_OPEN_WRAP_UPS).all()
    for escalation_id in ids:
        step = update(Escalation).where(
            Escalation.id == escalation_id, Escalation.state == EscalationState.OPEN
        )
        if updated_one(work.session, step.values(state=EscalationState.OVER, ended_at=work.at)):
            work.record(events.EscalationFinished(escalation_id))
    return len(ids)


def give_back(work: UnitOfWork, user_id: int) -> int:
    """Gives back everything that a leaver has taken; returns the number."""
    taken = select(Escalation.id).where(meets("escalations", UNFINISHED), Escalation.owner_id == user_id)
    ids = work.session.scalars(taken).all()
    for escalation_id in ids:
        if updated_one(work.session, _owned(escalation_id, user_id).values(_WAITING)):
            work.record(events.EscalationTaken(escalation_id, None))
    return len(ids)


_WAITING = {"state": EscalationState.OPEN, "owner_id": None, "taken_at": None}


def _owned(escalation_id: int, owner_id: int) -> Update:
    return update(Escalation).where(
        Escalation.id == escalation_id,
        Escalation.state == EscalationState.TAKEN,
        Escalation.owner_id == owner_id,
    )


def _leader(work: UnitOfWork) -> Person:
    if not isinstance(work.actor, Person) or not work.actor.may(Right.HANDLE_ESCALATIONS):
        raise NotAllowed("the role sees to no escalations")
    return work.actor


def _require(work: UnitOfWork, escalation_id: int) -> Escalation:
    found = work.session.get(Escalation, escalation_id, populate_existing=True)
    if found is None:
        raise NoSuchEscalation(str(escalation_id))
    return found


def _require_note(note: str) -> str:
    if not is_storable(note):
        raise InvalidFields({"note": "not_text"})
    stated = clean(note)
    if not stated:
        raise MissingFields(("note",))
    if len(stated) > MAX_NOTE:
        raise InvalidFields({"note": "too_long"})
    return stated
