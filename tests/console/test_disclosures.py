"""Full numbers of callers: the button and the service agree, and other persons see a masked number."""

import pytest

from hotline.rules.enums import CallbackReason, CallbackState, Role, TicketState
from hotline.rules.errors import NotAllowed, ReasonNeeded
from hotline.rules.people.actors import Person
from hotline.rules.people.privacy import (
    is_number_withheld,
    mask_name,
    may_see_callback_number,
    may_see_ticket_number,
)
from hotline.services.outbound import callbacks
from hotline.services.people import disclosures
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit, make_user, person_of


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application).code


def test_the_button_and_the_service_agree_on_who_may_see_a_number(
    application: Application, unit: str
) -> None:
    make_unit(application, "water-company", name_zh="供水公司")
    people = [person_of(make_user(application, role)) for role in Role if role is not Role.HANDLER]
    people += [
        person_of(make_user(application, Role.HANDLER, unit_code=code)) for code in (unit, "water-company")
    ]
    for state in TicketState:
        for confidential in (False, True):
            ticket = make_ticket(
                application, state=state, unit_code=unit, confidential=confidential, author_id=people[0].id
            )
            for person in people:
                offered = may_see_ticket_number(
                    person, state, unit, ticket.author_id, confidential=confidential
                )
                assert offered == shows(application, person, "ticket", ticket.id)


def test_the_button_and_the_service_agree_on_callbacks(application: Application) -> None:
    boss = person_of(make_user(application, Role.SHIFT_LEADER))
    for place, cancelled in enumerate((False, True)):
        with application.unit_of_work(boss) as work:
            row = callbacks.promise_callback(work, number=f"1380000000{place}", reason=CallbackReason.MANUAL)
            if cancelled:
                callbacks.cancel_callback(work, row.id)
        state = CallbackState.CANCELLED if cancelled else CallbackState.WAITING
        for role in (Role.OPERATOR, Role.SUPERVISOR, Role.INSPECTOR):
            person = person_of(make_user(application, role))
            assert may_see_callback_number(person, state) == shows(application, person, "callback", row.id)


def shows(application: Application, person: Person, subject: str, subject_id: int) -> bool:
    try:
        with application.unit_of_work(person) as work:
            disclosures.show_number(work, subject, subject_id, "test")
    except (NotAllowed, ReasonNeeded):
        return False
    return True


def test_names_and_numbers_are_veiled() -> None:
    assert [mask_name(name) for name in ("王小明", " John Smith", "", " ")] == ["王**", "J**", "", ""]
    known = ("13800001234", "+8613800001234", "0537 441 2345", "12345", "110")
    assert not any(is_number_withheld(number) for number in known)
    assert all(is_number_withheld(number) for number in (None, "", "anonymous", "+266696687", "client:op_1"))
