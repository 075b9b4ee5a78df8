"""Moments at a desk that several tests start from."""

from typing import Any

from sqlalchemy import update

from hotline.rules.enums import CallState, OfferState, PresenceState, RequestClass
from hotline.rules.people.actors import Machine, Person
from hotline.store.calls.tables import Call, Offer
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator

CALLER = "+8613912345678"
CALLER_AT_HOME = "13912345678"
MASKED = "139****5678"


def ringing_desk(application: Application, **call: Any) -> tuple[Person, Call, Offer]:
    """An operator whose desk rings for somebody who pressed "complaint"."""
    at = application.clock()
    columns = {
        "state": CallState.OFFERED,
        "number": CALLER,
        "number_raw": CALLER,
        "queued_at": at,
        "place_since": at,
    }
    made = make_call(application, pressed=RequestClass.COMPLAINT, **{**columns, **call})
    person = make_operator(application, PresenceState.RINGING)
    with application.unit_of_work(Machine.SYSTEM) as work:
        offer = Offer(call_id=made.id, operator_id=person.id, state=OfferState.PENDING, offered_at=at)
        work.session.add(offer)
        work.session.execute(update(Presence).where(Presence.user_id == person.id).values(call_id=made.id))
    return person, made, offer


def talking_desk(application: Application, **call: Any) -> tuple[Person, Call]:
    """An operator in the middle of a call with somebody who pressed "complaint"."""
    person = make_operator(application, PresenceState.TALKING)
    at = application.clock()
    columns = {
        "state": CallState.TALKING,
        "number": CALLER,
        "number_raw": CALLER,
        "queued_at": at,
        "answered_at": at,
    }
    made = make_call(
        application,
        operator_id=person.id,
        pressed=RequestClass.COMPLAINT,
        wait_seconds=9,
        **{**columns, "place_since": at, **call},
    )
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).where(Presence.user_id == person.id).values(call_id=made.id))
    return person, made


def finished_talking(application: Application, person: Person, call: Call) -> None:
    """The line is down, the record is not complete."""
    with application.unit_of_work(Machine.SYSTEM) as work:
        over = {"state": CallState.ENDED, "ended_at": work.at}
        work.session.execute(update(Call).where(Call.id == call.id).values(over))
        wrap_up = {"state": PresenceState.WRAP_UP, "since": work.at}
        work.session.execute(update(Presence).where(Presence.user_id == person.id).values(wrap_up))
