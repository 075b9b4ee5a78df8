"""The steps of a ticket, and every reason for which a step is refused before anything is changed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from hotline import events
from hotline.rules.enums import (
    Closing,
    NoMatterReason,
    PresenceState,
    RequestClass,
    RequestType,
    Role,
    TicketAction,
    TicketState,
    Urgency,
)
from hotline.rules.errors import (
    ActionNotAllowed,
    DomainError,
    InvalidFields,
    LostRace,
    MissingFields,
    NoSuchTicket,
    NotAllowed,
    StaleRevision,
    UnknownUnit,
)
from hotline.rules.people.actors import Machine, Person
from hotline.rules.policies import DeadlineStage
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions, due_dates
from hotline.store.calendar import CalendarDay
from hotline.store.calls.tables import Call
from hotline.store.outbound import FollowUp
from hotline.store.outbox import EventRow
from hotline.store.people.tables import Presence, Unit
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_operator, make_ticket, make_unit, make_user, person_of
from tests.racing import at_once, meanwhile
from tests.services.desk_work import COMPLETE, UNIT, draft_of, perform, wrapping_up
from tests.stopped_clock import StoppedClock

A, S = TicketAction, TicketState
CITY = ZoneInfo("Asia/Shanghai")


def row(application: Application, ticket_id: int) -> Ticket:
    with application.read_session() as session:
        return session.get_one(Ticket, ticket_id)


def handler(application: Application, unit: str = UNIT) -> Person:
    return person_of(make_user(application, Role.HANDLER, unit_code=unit))


def writer(application: Application) -> Person:
    return make_operator(application, PresenceState.NOT_READY)


def snapshot(application: Application) -> list[Any]:
    """Return everything a refused step could have changed."""
    with application.read_session() as session:
        tables = (Ticket, Call, Presence, FollowUp, EventRow)
        return [
            [dict(vars(one), _sa_instance_state=None) for one in session.scalars(select(t))] for t in tables
        ]


def desk_state(application: Application, person: Person) -> PresenceState:
    with application.read_session() as session:
        return session.get_one(Presence, person.id).state


def test_a_ticket_goes_from_draft_to_follow_up(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    make_unit(application)
    desk, unit = writer(application), handler(application)
    draft = make_ticket(application)
    perform(application, desk, draft.id, A.SAVE, TicketFields(place="春秋路", urgency=Urgency.URGENT))
    clock.advance(60)
    perform(application, desk, draft.id, A.HAND_OFF, COMPLETE)
    moments = {}
    for action, stated in (
        (A.ACKNOWLEDGE, TicketFields()),
        (A.RECORD_CONTACT, TicketFields(contact_note="已联系来电人")),
        (A.REPLY, TicketFields(reply="已修复")),
        (A.CLOSE, TicketFields()),
    ):
        clock.advance(600)
        moments[action] = clock.at
        perform(application, unit, draft.id, action, stated)
    done = row(application, draft.id)
    assert (done.state, done.closing, done.revision) == (S.CLOSED, Closing.HANDLED, 7)
    assert [done.acknowledged_at, done.first_contact_at, done.replied_at, done.closed_at] == list(
        moments.values()
    )
    assert (done.contact_note, done.reply, done.place) == ("已联系来电人", "已修复", "春秋路")
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(FollowUp)) == 1
    recorded = [type(one).__name__ for one in announced if one.subject == "ticket"]
    assert recorded == [
        "TicketHandedOff",
        "TicketAcknowledged",
        "FirstContactRecorded",
        "TicketReplied",
        "TicketClosed",
        "FollowUpPromised",
    ]


def test_a_unit_may_reply_without_a_recorded_contact(application: Application) -> None:
    make_unit(application)
    ticket = make_ticket(application, state=S.ACKNOWLEDGED, unit_code=UNIT)
    replied = perform(application, handler(application), ticket.id, A.REPLY, TicketFields(reply="已修复"))
    assert (replied.state, replied.first_contact_at) == (S.REPLIED, None)


def test_answering_closes_at_once_completes_the_call_and_frees_the_desk(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    make_unit(application)
    person, call = wrapping_up(application)
    draft = draft_of(application, person, call)
    clock.advance(30)
    done = perform(application, person, draft.id, A.ANSWER, COMPLETE)
    assert (done.state, done.closing, done.closed_at) == (S.CLOSED, Closing.ANSWERED_DIRECT, clock.at)
    assert (done.unit_code, done.dispatched_at, done.due_at) == (None, None, None)
    assert done.number == "QF20261123000014"
    assert desk_state(application, person) is PresenceState.READY
    assert events.CallFinished(call.id, person.id, draft.id) in announced
    with application.read_session() as session:
        assert session.get_one(Call, call.id).finished_at == clock.at
        assert session.scalar(select(func.count()).select_from(FollowUp)) == 0


def test_a_hand_off_sets_three_clocks_from_the_policy_and_the_citys_calendar(
    application: Application, clock: StoppedClock
) -> None:
    clock.at = datetime(2026, 2, 13, 10, 0, tzinfo=CITY).astimezone(UTC)
    with application.unit_of_work(Machine.SYSTEM) as work:
        for step in range(40):
            day = date(2026, 2, 13) + timedelta(days=step)
            festival = date(2026, 2, 15) <= day <= date(2026, 2, 23)
            working = (day.isoweekday() <= 5 and not festival) or day in {
                date(2026, 2, 14),
                date(2026, 2, 28),
            }
            work.session.add(CalendarDay(day=day, is_working=working, source="test"))
    make_unit(application)
    ticket = perform(application, writer(application), make_ticket(application).id, A.HAND_OFF, COMPLETE)
    assert ticket.acknowledge_due == datetime(2026, 2, 15, tzinfo=CITY)
    assert ticket.contact_due == clock.at + timedelta(hours=24)
    assert ticket.due_at == datetime(2026, 2, 28, tzinfo=CITY)
    assert (ticket.policy, ticket.due_provisional, ticket.dispatched_at) == ("shandong-2020", False, clock.at)
    clock.advance(100_000)
    with application.unit_of_work(Machine.SYSTEM) as work:
        counted = due_dates.explain(work, ticket)
    assert counted[DeadlineStage.RESOLVE].due_at == ticket.due_at
    assert len(counted[DeadlineStage.RESOLVE].counted) == 5


def test_days_beyond_the_calendar_make_the_deadline_provisional(application: Application) -> None:
    make_unit(application)
    ticket = perform(application, writer(application), make_ticket(application).id, A.HAND_OFF, COMPLETE)
    assert ticket.due_provisional
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert due_dates.explain(work, row(application, make_ticket(application).id)) == {}


@pytest.mark.parametrize(
    ("stated", "hours"),
    [(TicketFields(urgency=Urgency.CRITICAL), 2), (TicketFields(urgency=Urgency.URGENT), 24)],
)
def test_the_urgency_of_the_same_request_decides_the_deadline(
    application: Application, clock: StoppedClock, stated: TicketFields, hours: int
) -> None:
    make_unit(application, UNIT)
    both = TicketFields(**{**COMPLETE.given(), **stated.given()})  # type: ignore[arg-type]  # both are ticket fields
    ticket = perform(application, writer(application), make_ticket(application).id, A.HAND_OFF, both)
    assert ticket.due_at == clock.at + timedelta(hours=hours)


def test_a_finished_step_names_every_field_it_lacks_and_changes_nothing(application: Application) -> None:
    make_unit(application)
    desk = writer(application)
    draft = make_ticket(application, type=None, title="", text="  ")
    before = snapshot(application)
    for action, lacking in (
        (A.HAND_OFF, ("type", "title", "text", "unit_code")),
        (A.ANSWER, ("type", "title", "answer")),
        (A.DISCARD, ("no_matter",)),
    ):
        with pytest.raises(MissingFields) as refused:
            perform(application, desk, draft.id, action)
        assert refused.value.fields == lacking
    with pytest.raises(MissingFields) as refused:
        perform(
            application, desk, draft.id, A.ANSWER, TicketFields(type=RequestType.HELP, title="x", answer=" ")
        )
    assert refused.value.fields == ("answer",)
    assert snapshot(application) == before


def test_a_stale_revision_is_refused_with_the_current_one(application: Application) -> None:
    desk, draft = writer(application), make_ticket(application)
    assert perform(application, desk, draft.id, A.SAVE, TicketFields(title="一"), revision=1).revision == 2
    with pytest.raises(StaleRevision) as refused:
        perform(application, desk, draft.id, A.SAVE, TicketFields(title="二"), revision=1)
    assert refused.value.current == 2
    assert row(application, draft.id).title == "一"


def test_of_two_concurrent_saves_one_is_refused(application: Application) -> None:
    desk, draft = writer(application), make_ticket(application)
    outcomes = at_once(
        lambda: perform(application, desk, draft.id, A.SAVE, TicketFields(title="一"), revision=1),
        lambda: perform(application, desk, draft.id, A.SAVE, TicketFields(title="二"), revision=1),
    )
    refused = [one for one in outcomes if isinstance(one, DomainError)]
    assert len(refused) == 1
    assert isinstance(refused[0], LostRace | StaleRevision)
    assert row(application, draft.id).revision == 2


def test_a_step_on_a_row_that_changed_since_it_was_read_loses_the_race(
    application: Application, database: str
) -> None:
    if database == "sqlite":
        pytest.skip("SQLite lets one writer in at a time: the second reads what the first wrote")
    desk, draft = writer(application), make_ticket(application)
    with application.unit_of_work(desk) as work:
        work.session.execute(update(Ticket).values(revision=2))
        with meanwhile(application.engine, lambda: perform(application, desk, draft.id, A.SAVE)) as other:
            work.session.commit()
        assert isinstance(other.exception(20), LostRace)


@pytest.mark.parametrize("code", ["no-such-unit", "closed-unit"])
def test_an_unknown_or_closed_unit_is_refused_when_it_is_stated(application: Application, code: str) -> None:
    make_unit(application, "closed-unit", active=False)
    desk, draft = writer(application), make_ticket(application)
    before = snapshot(application)
    for action in (A.SAVE, A.HAND_OFF):
        with pytest.raises(UnknownUnit):
            perform(application, desk, draft.id, action, TicketFields(unit_code=code))
    with pytest.raises(UnknownUnit), application.unit_of_work(desk) as work:
        actions.open_draft(work, stated=TicketFields(unit_code=code))
    assert snapshot(application) == before


def test_a_unit_closed_since_it_was_chosen_is_handed_nothing(application: Application) -> None:
    make_unit(application)
    desk, draft = writer(application), make_ticket(application)
    perform(application, desk, draft.id, A.SAVE, COMPLETE)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Unit).values(active=False))
    before = snapshot(application)
    with pytest.raises(UnknownUnit):
        perform(application, desk, draft.id, A.HAND_OFF)
    assert snapshot(application) == before


def test_a_chosen_unit_can_be_taken_back(application: Application) -> None:
    make_unit(application)
    desk, draft = writer(application), make_ticket(application)
    perform(application, desk, draft.id, A.SAVE, TicketFields(unit_code=UNIT))
    assert perform(application, desk, draft.id, A.SAVE, TicketFields(unit_code="")).unit_code is None


def test_for_another_unit_the_ticket_does_not_exist(application: Application) -> None:
    make_unit(application)
    make_unit(application, "water")
    ticket = make_ticket(application, state=S.DISPATCHED, unit_code=UNIT)
    draft = make_ticket(application, unit_code="water")
    stranger = handler(application, "water")
    for ticket_id in (ticket.id, draft.id, 404):
        with pytest.raises(NoSuchTicket):
            perform(application, stranger, ticket_id, A.ACKNOWLEDGE)


def test_a_step_the_state_or_role_does_not_permit_names_those_it_does(application: Application) -> None:
    make_unit(application)
    desk, unit = writer(application), handler(application)
    leader = person_of(make_user(application, Role.LEADER))
    ticket = make_ticket(application, state=S.ACKNOWLEDGED, unit_code=UNIT)
    for actor, action, allowed in (
        (unit, A.CLOSE, (A.RECORD_CONTACT, A.REPLY)),
        (desk, A.HAND_OFF, ()),
        (desk, A.REPLY, ()),
        (leader, A.SAVE, ()),
    ):
        with pytest.raises(ActionNotAllowed) as refused:
            perform(application, actor, ticket.id, action)
        assert (refused.value.action, refused.value.allowed) == (action, allowed)


def test_a_step_carries_only_the_fields_it_may_change(application: Application) -> None:
    make_unit(application)
    ticket = make_ticket(application, state=S.DISPATCHED, unit_code=UNIT)
    with pytest.raises(InvalidFields) as refused:
        perform(
            application,
            handler(application),
            ticket.id,
            A.ACKNOWLEDGE,
            TicketFields(title="别的", text="别的"),
        )
    assert refused.value.errors == {"text": "not_now", "title": "not_now"}
    assert row(application, ticket.id).title == "路灯不亮"


def test_the_type_decides_the_published_class(application: Application) -> None:
    desk, draft = writer(application), make_ticket(application, type=None)
    assert (
        perform(application, desk, draft.id, A.SAVE, TicketFields(type=RequestType.PRAISE)).request_class
        is RequestClass.SUGGESTION
    )
    assert (
        perform(application, desk, draft.id, A.SAVE, TicketFields(title="x")).request_class
        is RequestClass.SUGGESTION
    )


def test_discarding_a_calls_draft_completes_the_record_with_its_reason(application: Application) -> None:
    person, call = wrapping_up(application)
    draft = draft_of(application, person, call)
    stated = TicketFields(no_matter=NoMatterReason.WRONG_NUMBER, note="打错了")
    assert perform(application, person, draft.id, A.DISCARD, stated).state is S.DISCARDED
    with application.read_session() as session:
        done = session.get_one(Call, call.id)
    assert (done.no_matter, done.no_matter_note, done.finished_at) == (
        stated.no_matter,
        "打错了",
        application.clock(),
    )
    assert desk_state(application, person) is PresenceState.READY


def test_a_draft_without_a_call_is_discarded_by_any_writer(application: Application) -> None:
    draft = make_ticket(application)
    stated = TicketFields(no_matter=NoMatterReason.TEST)
    assert perform(application, writer(application), draft.id, A.DISCARD, stated).state is S.DISCARDED


def test_the_draft_of_another_operators_call_cannot_be_discarded(application: Application) -> None:
    person, call = wrapping_up(application)
    draft = draft_of(application, person, call)
    before = snapshot(application)
    with pytest.raises(NotAllowed):
        perform(
            application, writer(application), draft.id, A.DISCARD, TicketFields(no_matter=NoMatterReason.TEST)
        )
    assert snapshot(application)[0] == before[0]
