"""A protected number is disclosed to staff who must phone back, and each disclosure is recorded."""

import pytest
from sqlalchemy import select

from hotline import events
from hotline.rules.enums import CallbackReason, CallState, PresenceState, Role, TicketState
from hotline.rules.errors import DomainError, NoSuchCall, NoSuchCallback, NoSuchTicket, NotAllowed
from hotline.rules.people.actors import Machine, Person
from hotline.services.outbound import callbacks
from hotline.services.people import disclosures
from hotline.store.people.tables import Disclosure
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit, make_user, person_of
from tests.stopped_clock import StoppedClock

S = TicketState
NUMBER = "+8613800001234"
UNIT = "city-management"


def show(
    application: Application, actor: Person | Machine, subject: str, subject_id: int, reason: str = ""
) -> str:
    with application.unit_of_work(actor) as work:
        return disclosures.show_number(work, subject, subject_id, reason)


def traces(application: Application) -> list[Disclosure]:
    with application.read_session() as session:
        return list(session.scalars(select(Disclosure)))


def refused(
    application: Application, actor: Person | Machine, subject: str, subject_id: int
) -> type[DomainError]:
    """Returns the error of a refused disclosure; nothing may be written then."""
    with pytest.raises(DomainError) as refusal:
        show(application, actor, subject, subject_id)
    assert traces(application) == []
    return refusal.type


def test_who_is_on_the_call_sees_the_number_and_every_look_is_kept(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    person = make_operator(application, PresenceState.TALKING)
    call = make_call(application, state=CallState.TALKING, operator_id=person.id, number=NUMBER)
    assert [
        show(application, person, "call", call.id, "核对地址"),
        show(application, person, "call", call.id),
    ] == [NUMBER] * 2
    first, second = traces(application)
    assert (first.user_id, first.subject, first.subject_id, first.at) == (
        person.id,
        "call",
        call.id,
        clock.at,
    )
    assert [first.reason, second.reason] == ["核对地址", "own_work"]
    assert [one.disclosure_id for one in announced if isinstance(one, events.NumberShown)] == [
        first.id,
        second.id,
    ]


def test_a_withheld_number_is_shown_as_the_carrier_said_it(application: Application) -> None:
    person = make_operator(application, PresenceState.TALKING)
    call = make_call(application, operator_id=person.id, number=None, number_raw="anonymous")
    assert show(application, person, "call", call.id) == "anonymous"


def test_no_other_user_and_no_later_request_sees_the_number_of_a_call(
    application: Application, clock: StoppedClock
) -> None:
    person = make_operator(application)
    call = make_call(application, operator_id=person.id)
    done = make_call(application, operator_id=person.id, finished_at=clock.at)
    supervisor = person_of(make_user(application, Role.SUPERVISOR))
    assert refused(application, supervisor, "call", call.id) is NotAllowed
    assert refused(application, make_operator(application), "call", call.id) is NotAllowed
    assert refused(application, person, "call", done.id) is NotAllowed
    assert refused(application, person, "call", make_call(application).id) is NotAllowed
    assert refused(application, Machine.WORKER, "call", call.id) is NotAllowed
    assert refused(application, person, "call", 404) is NoSuchCall


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("confidential", [False, True])
def test_a_unit_sees_the_number_while_it_works_on_a_ticket_that_is_not_confidential(
    application: Application, state: TicketState, confidential: bool
) -> None:
    make_unit(application)
    person = person_of(make_user(application, Role.HANDLER, unit_code=UNIT))
    ticket = make_ticket(
        application, state=state, unit_code=UNIT, confidential=confidential, caller_number=NUMBER
    )
    works_on = state in {S.ACKNOWLEDGED, S.IN_PROGRESS, S.REPLIED} and not confidential
    if works_on:
        assert show(application, person, "ticket", ticket.id) == NUMBER
    else:
        assert refused(application, person, "ticket", ticket.id) is NotAllowed


def test_another_unit_does_not_see_the_number(application: Application) -> None:
    make_unit(application)
    make_unit(application, "water")
    ticket = make_ticket(application, state=S.ACKNOWLEDGED, unit_code=UNIT)
    assert (
        refused(
            application,
            person_of(make_user(application, Role.HANDLER, unit_code="water")),
            "ticket",
            ticket.id,
        )
        is NotAllowed
    )


def test_who_writes_a_draft_sees_its_number_until_it_is_finished(application: Application) -> None:
    person = make_operator(application)
    draft = make_ticket(application, author_id=person.id, caller_number=None)
    finished = make_ticket(application, author_id=person.id, state=S.CLOSED)
    assert refused(application, person, "ticket", finished.id) is NotAllowed
    assert refused(application, make_operator(application), "ticket", draft.id) is NotAllowed
    assert refused(application, person, "ticket", 404) is NoSuchTicket
    assert show(application, person, "ticket", draft.id) == ""


def test_who_works_the_callback_list_sees_the_number_while_it_is_owed(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        owed = callbacks.promise_callback(work, number=NUMBER, reason=CallbackReason.REQUESTED)
    assert (
        refused(application, person_of(make_user(application, Role.SUPERVISOR)), "callback", owed.id)
        is NotAllowed
    )
    person = make_operator(application)
    assert refused(application, person, "callback", 404) is NoSuchCallback
    assert show(application, person, "callback", owed.id) == NUMBER
    with application.unit_of_work(person) as work:
        callbacks.cancel_callback(work, owed.id)
    with pytest.raises(NotAllowed):
        show(application, person, "callback", owed.id)


@pytest.mark.parametrize("subject", ["", "user", "Call"])
def test_there_is_nothing_else_to_look_at(application: Application, subject: str) -> None:
    assert refused(application, make_operator(application), subject, 1) is NotAllowed


def test_a_reason_of_any_kind_is_kept_as_far_as_it_can_be(application: Application) -> None:
    person = make_operator(application)
    call = make_call(application, operator_id=person.id)
    show(application, person, "call", call.id, "长" * 500)
    show(application, person, "call", call.id, "a\x00b\ud83d")
    assert [look.reason for look in traces(application)] == ["长" * 200, "ab"]
