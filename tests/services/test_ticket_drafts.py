"""Drafts: one for a call, by the operator who answered it; the numbers of finished tickets; finding tickets."""

from datetime import UTC, datetime

import pytest

from hotline.rules.enums import (
    Channel,
    PresenceState,
    RequestClass,
    RequestType,
    Role,
    TicketAction,
    TicketState,
)
from hotline.rules.errors import ActionNotAllowed, NoSuchCall, NotAllowed
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions
from hotline.store.tickets.lists import find_ticket_for
from hotline.store.tickets.tables import Counter, Ticket
from hotline.unit_of_work import Application
from tests.builders import make_operator, make_ticket, make_unit, make_user, person_of
from tests.racing import at_once
from tests.services.desk_work import COMPLETE, draft_of, perform, wrapping_up
from tests.stopped_clock import StoppedClock

A, S = TicketAction, TicketState


def writer(application: Application) -> Person:
    return make_operator(application, PresenceState.NOT_READY)


@pytest.mark.parametrize(
    ("pressed", "kind"),
    [
        (RequestClass.COMPLAINT, RequestType.COMPLAINT),
        (RequestClass.CONSULTATION, RequestType.CONSULTATION),
        (RequestClass.SUGGESTION, RequestType.SUGGESTION),
        (RequestClass.OTHER, None),
        (None, None),
    ],
)
def test_the_pressed_class_is_preselected_and_the_number_taken_over(
    application: Application, pressed: RequestClass | None, kind: RequestType | None
) -> None:
    person, call = wrapping_up(application, pressed=pressed)
    draft = draft_of(application, person, call)
    assert (draft.type, draft.caller_number, draft.author_id, draft.channel) == (
        kind,
        call.number,
        person.id,
        Channel.PHONE,
    )
    assert draft.request_class == (pressed if kind else None)
    assert draft_of(application, person, call).id == draft.id


def test_a_withheld_number_is_kept_as_the_carrier_sent_it(application: Application) -> None:
    person, call = wrapping_up(application, number=None, number_raw="anonymous")
    assert draft_of(application, person, call).caller_number == "anonymous"


def test_a_draft_without_a_call_takes_the_stated_fields(application: Application) -> None:
    with application.unit_of_work(writer(application)) as work:
        draft = actions.open_draft(
            work, channel=Channel.WEB, stated=TicketFields(type=RequestType.HELP, title="求助")
        )
    assert (draft.channel, draft.title, draft.request_class, draft.number) == (
        Channel.WEB,
        "求助",
        RequestClass.COMPLAINT,
        None,
    )


def test_who_may_open_a_draft(application: Application) -> None:
    person, call = wrapping_up(application)
    draft_of(application, person, call)
    for stranger in (writer(application), person_of(make_user(application, Role.INSPECTOR))):
        with pytest.raises(NotAllowed):
            draft_of(application, stranger, call)
    with pytest.raises(NoSuchCall), application.unit_of_work(person) as work:
        actions.open_draft(work, call_id=404)


def test_numbers_are_consecutive_and_without_gaps_though_many_finish_at_once(
    application: Application,
) -> None:
    make_unit(application)
    desk = writer(application)
    drafts = [make_ticket(application).id for _ in range(12)]
    broken = make_ticket(application, state=S.CLOSED).id

    def finish(some: list[int]) -> list[str | None]:
        numbers = []
        for each in some:
            try:
                numbers.append(perform(application, desk, each, A.HAND_OFF, COMPLETE).number)
            except ActionNotAllowed:
                numbers.append(None)
        return numbers

    given = at_once(lambda: finish([*drafts[:6], broken]), lambda: finish([broken, *drafts[6:]]))
    numbers = sorted(one for some in given if isinstance(some, list) for one in some if one is not None)
    assert [number[2:15] for number in numbers] == [f"20261123{n:05d}" for n in range(1, 13)]


def test_the_hundred_thousandth_ticket_of_a_day_has_a_longer_number(application: Application) -> None:
    make_unit(application)
    desk = writer(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(Counter(name="ticket:20261123", value=99_998))
    given = [
        perform(application, desk, make_ticket(application).id, A.HAND_OFF, COMPLETE).number for _ in range(2)
    ]
    assert given == ["QF20261123999991", "QF202611231000001"]
    with application.read_session() as session:
        found = [find_ticket_for(session, Person(1, Role.SUPERVISOR), number or "") for number in given]
    assert [ticket.number for ticket in found if ticket] == given


def test_each_day_counts_from_one_by_the_citys_clock(application: Application, clock: StoppedClock) -> None:
    make_unit(application)
    desk = writer(application)
    clock.at = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)
    first = perform(application, desk, make_ticket(application).id, A.HAND_OFF, COMPLETE).number or ""
    clock.advance(60)
    second = perform(application, desk, make_ticket(application).id, A.HAND_OFF, COMPLETE).number or ""
    assert (first[2:15], second[2:15]) == ("2026112300001", "2026112400001")


def test_a_ticket_is_found_by_its_number_or_its_draft(application: Application) -> None:
    draft, closed = make_ticket(application), make_ticket(application, state=S.CLOSED)
    reader = Person(1, Role.SUPERVISOR)
    with application.read_session() as session:
        assert find_ticket_for(session, reader, f"draft-{draft.id}") == session.get(Ticket, draft.id)
        assert find_ticket_for(session, reader, closed.number or "") == session.get(Ticket, closed.id)


@pytest.mark.parametrize(
    "number",
    ["", "QF404", "draft-", "draft-x", "draft-404", "draft-" + "9" * 5000, "draft-²", "a\x00b", "\ud83d"],
)
def test_no_address_of_a_ticket_is_a_crash(application: Application, number: str) -> None:
    with application.read_session() as session:
        assert find_ticket_for(session, Person(1, Role.SUPERVISOR), number) is None
