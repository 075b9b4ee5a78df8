"""A ticket's whole life, and every way in which a step is refused before anything is changed."""

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
    BadFacts,
    LostRace,
    MissingFacts,
    NoSuchTicket,
    NotAllowed,
    Refusal,
    StaleRevision,
    UnknownUnit,
)
from hotline.rules.people.actors import Machine, Person
from hotline.rules.policies import Stage
from hotline.rules.tickets.fields import Facts
from hotline.services.tickets import actions, due_dates
from hotline.store.calendar import CalendarDay
from hotline.store.calls.tables import Call
from hotline.store.outbound import FollowUp
from hotline.store.outbox import EventRow
from hotline.store.people.tables import Presence, Unit
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Hall
from tests.builders import make_operator, make_ticket, make_unit, make_user, person_of
from tests.racing import at_once, meanwhile
from tests.services.desk_work import COMPLETE, UNIT, draft_of, perform, wrapping_up
from tests.stopped_clock import StoppedClock

A, S = TicketAction, TicketState
CITY = ZoneInfo("Asia/Shanghai")


def row(hall: Hall, ticket_id: int) -> Ticket:
    with hall.look() as session:
        return session.get_one(Ticket, ticket_id)


def handler(hall: Hall, unit: str = UNIT) -> Person:
    return person_of(make_user(hall, Role.HANDLER, unit_code=unit))


def writer(hall: Hall) -> Person:
    return make_operator(hall, PresenceState.NOT_READY)


def snapshot(hall: Hall) -> list[Any]:
    """Return everything a refused step could have changed."""
    with hall.look() as session:
        tables = (Ticket, Call, Presence, FollowUp, EventRow)
        return [
            [dict(vars(one), _sa_instance_state=None) for one in session.scalars(select(t))] for t in tables
        ]


def desk_state(hall: Hall, person: Person) -> PresenceState:
    with hall.look() as session:
        return session.get_one(Presence, person.id).state


def test_a_ticket_lives_from_the_first_word_to_its_follow_up(
    hall: Hall, clock: StoppedClock, announced: list[events.Event]
) -> None:
    make_unit(hall)
    desk, unit = writer(hall), handler(hall)
    draft = make_ticket(hall)
    perform(hall, desk, draft.id, A.SAVE, Facts(place="春秋路", urgency=Urgency.URGENT))
    clock.advance(60)
    perform(hall, desk, draft.id, A.HAND_OFF, COMPLETE)
    moments = {}
    for action, facts in (
        (A.ACKNOWLEDGE, Facts()),
        (A.RECORD_CONTACT, Facts(contact_note="已联系来电人")),
        (A.REPLY, Facts(reply="已修复")),
        (A.CLOSE, Facts()),
    ):
        clock.advance(600)
        moments[action] = clock.at
        perform(hall, unit, draft.id, action, facts)
    done = row(hall, draft.id)
    assert (done.state, done.closing, done.revision) == (S.CLOSED, Closing.HANDLED, 7)
    assert [done.acknowledged_at, done.first_contact_at, done.replied_at, done.closed_at] == list(
        moments.values()
    )
    assert (done.contact_note, done.reply, done.place) == ("已联系来电人", "已修复", "春秋路")
    with hall.look() as session:
        assert session.scalar(select(func.count()).select_from(FollowUp)) == 1
    told = [type(one).__name__ for one in announced if one.subject == "ticket"]
    assert told == [
        "TicketHandedOff",
        "TicketAcknowledged",
        "FirstContactRecorded",
        "TicketReplied",
        "TicketClosed",
        "FollowUpPromised",
    ]


def test_a_unit_may_reply_without_a_recorded_contact(hall: Hall) -> None:
    make_unit(hall)
    ticket = make_ticket(hall, state=S.ACKNOWLEDGED, unit_code=UNIT)
    replied = perform(hall, handler(hall), ticket.id, A.REPLY, Facts(reply="已修复"))
    assert (replied.state, replied.first_contact_at) == (S.REPLIED, None)


def test_answering_closes_at_once_completes_the_call_and_frees_the_desk(
    hall: Hall, clock: StoppedClock, announced: list[events.Event]
) -> None:
    make_unit(hall)
    person, call = wrapping_up(hall)
    draft = draft_of(hall, person, call)
    clock.advance(30)
    done = perform(hall, person, draft.id, A.ANSWER, COMPLETE)
    assert (done.state, done.closing, done.closed_at) == (S.CLOSED, Closing.ANSWERED_DIRECT, clock.at)
    assert (done.unit_code, done.dispatched_at, done.due_at) == (None, None, None)
    assert done.number == "QF20261123000014"
    assert desk_state(hall, person) is PresenceState.READY
    assert events.CallFinished(call.id, person.id, draft.id) in announced
    with hall.look() as session:
        assert session.get_one(Call, call.id).finished_at == clock.at
        assert session.scalar(select(func.count()).select_from(FollowUp)) == 0


def test_a_hand_off_sets_three_clocks_from_the_policy_and_the_citys_calendar(
    hall: Hall, clock: StoppedClock
) -> None:
    clock.at = datetime(2026, 2, 13, 10, 0, tzinfo=CITY).astimezone(UTC)
    with hall.open_work(Machine.SYSTEM) as work:
        for step in range(40):
            day = date(2026, 2, 13) + timedelta(days=step)
            festival = date(2026, 2, 15) <= day <= date(2026, 2, 23)
            working = (day.isoweekday() <= 5 and not festival) or day in {
                date(2026, 2, 14),
                date(2026, 2, 28),
            }
            work.session.add(CalendarDay(day=day, is_working=working, source="test"))
    make_unit(hall)
    ticket = perform(hall, writer(hall), make_ticket(hall).id, A.HAND_OFF, COMPLETE)
    assert ticket.acknowledge_due == datetime(2026, 2, 15, tzinfo=CITY)
    assert ticket.contact_due == clock.at + timedelta(hours=24)
    assert ticket.due_at == datetime(2026, 2, 28, tzinfo=CITY)
    assert (ticket.policy, ticket.due_provisional, ticket.dispatched_at) == ("shandong-2020", False, clock.at)
    clock.advance(100_000)
    with hall.open_work(Machine.SYSTEM) as work:
        counted = due_dates.explain(work, ticket)
    assert counted[Stage.RESOLVE].due_at == ticket.due_at
    assert len(counted[Stage.RESOLVE].counted) == 5


def test_days_beyond_the_calendar_make_the_deadline_provisional(hall: Hall) -> None:
    make_unit(hall)
    ticket = perform(hall, writer(hall), make_ticket(hall).id, A.HAND_OFF, COMPLETE)
    assert ticket.due_provisional
    with hall.open_work(Machine.SYSTEM) as work:
        assert due_dates.explain(work, row(hall, make_ticket(hall).id)) == {}


@pytest.mark.parametrize(
    ("facts", "hours"),
    [(Facts(urgency=Urgency.CRITICAL), 2), (Facts(urgency=Urgency.URGENT), 24)],
)
def test_urgency_said_in_the_same_breath_decides_the_clock(
    hall: Hall, clock: StoppedClock, facts: Facts, hours: int
) -> None:
    make_unit(hall, UNIT)
    said = Facts(**{**COMPLETE.said(), **facts.said()})  # type: ignore[arg-type]  # both are facts
    ticket = perform(hall, writer(hall), make_ticket(hall).id, A.HAND_OFF, said)
    assert ticket.due_at == clock.at + timedelta(hours=hours)


def test_a_finished_step_names_every_fact_it_lacks_and_changes_nothing(hall: Hall) -> None:
    make_unit(hall)
    desk = writer(hall)
    draft = make_ticket(hall, type=None, title="", text="  ")
    before = snapshot(hall)
    for action, lacking in (
        (A.HAND_OFF, ("type", "title", "text", "unit_code")),
        (A.ANSWER, ("type", "title", "answer")),
        (A.DISCARD, ("no_matter",)),
    ):
        with pytest.raises(MissingFacts) as refused:
            perform(hall, desk, draft.id, action)
        assert refused.value.fields == lacking
    with pytest.raises(MissingFacts) as refused:
        perform(hall, desk, draft.id, A.ANSWER, Facts(type=RequestType.HELP, title="x", answer=" "))
    assert refused.value.fields == ("answer",)
    assert snapshot(hall) == before


def test_a_stale_reader_is_told_the_current_revision(hall: Hall) -> None:
    desk, draft = writer(hall), make_ticket(hall)
    assert perform(hall, desk, draft.id, A.SAVE, Facts(title="一"), revision=1).revision == 2
    with pytest.raises(StaleRevision) as refused:
        perform(hall, desk, draft.id, A.SAVE, Facts(title="二"), revision=1)
    assert refused.value.current == 2
    assert row(hall, draft.id).title == "一"


def test_of_two_who_save_at_once_one_is_told_to_look_again(hall: Hall) -> None:
    desk, draft = writer(hall), make_ticket(hall)
    outcomes = at_once(
        lambda: perform(hall, desk, draft.id, A.SAVE, Facts(title="一"), revision=1),
        lambda: perform(hall, desk, draft.id, A.SAVE, Facts(title="二"), revision=1),
    )
    refused = [one for one in outcomes if isinstance(one, Refusal)]
    assert len(refused) == 1
    assert isinstance(refused[0], LostRace | StaleRevision)
    assert row(hall, draft.id).revision == 2


def test_who_read_before_the_other_wrote_loses_the_race(hall: Hall, database: str) -> None:
    if database == "sqlite":
        pytest.skip("SQLite lets one writer in at a time: the second reads what the first wrote")
    desk, draft = writer(hall), make_ticket(hall)
    with hall.open_work(desk) as work:
        work.session.execute(update(Ticket).values(revision=2))
        with meanwhile(hall.engine, lambda: perform(hall, desk, draft.id, A.SAVE)) as other:
            work.session.commit()
        assert isinstance(other.exception(20), LostRace)


@pytest.mark.parametrize("code", ["no-such-unit", "closed-unit"])
def test_an_unknown_or_closed_unit_is_refused_when_it_is_said(hall: Hall, code: str) -> None:
    make_unit(hall, "closed-unit", active=False)
    desk, draft = writer(hall), make_ticket(hall)
    before = snapshot(hall)
    for action in (A.SAVE, A.HAND_OFF):
        with pytest.raises(UnknownUnit):
            perform(hall, desk, draft.id, action, Facts(unit_code=code))
    with pytest.raises(UnknownUnit), hall.open_work(desk) as work:
        actions.open_draft(work, facts=Facts(unit_code=code))
    assert snapshot(hall) == before


def test_a_unit_closed_since_it_was_chosen_is_handed_nothing(hall: Hall) -> None:
    make_unit(hall)
    desk, draft = writer(hall), make_ticket(hall)
    perform(hall, desk, draft.id, A.SAVE, COMPLETE)
    with hall.open_work(Machine.SYSTEM) as work:
        work.session.execute(update(Unit).values(active=False))
    before = snapshot(hall)
    with pytest.raises(UnknownUnit):
        perform(hall, desk, draft.id, A.HAND_OFF)
    assert snapshot(hall) == before


def test_a_chosen_unit_can_be_taken_back(hall: Hall) -> None:
    make_unit(hall)
    desk, draft = writer(hall), make_ticket(hall)
    perform(hall, desk, draft.id, A.SAVE, Facts(unit_code=UNIT))
    assert perform(hall, desk, draft.id, A.SAVE, Facts(unit_code="")).unit_code is None


def test_for_another_unit_the_ticket_does_not_exist(hall: Hall) -> None:
    make_unit(hall)
    make_unit(hall, "water")
    ticket = make_ticket(hall, state=S.DISPATCHED, unit_code=UNIT)
    draft = make_ticket(hall, unit_code="water")
    stranger = handler(hall, "water")
    for ticket_id in (ticket.id, draft.id, 404):
        with pytest.raises(NoSuchTicket):
            perform(hall, stranger, ticket_id, A.ACKNOWLEDGE)


def test_a_step_the_state_or_role_does_not_permit_names_those_it_does(hall: Hall) -> None:
    make_unit(hall)
    desk, unit = writer(hall), handler(hall)
    leader = person_of(make_user(hall, Role.LEADER))
    ticket = make_ticket(hall, state=S.ACKNOWLEDGED, unit_code=UNIT)
    for actor, action, allowed in (
        (unit, A.CLOSE, (A.RECORD_CONTACT, A.REPLY)),
        (desk, A.HAND_OFF, ()),
        (desk, A.REPLY, ()),
        (leader, A.SAVE, ()),
    ):
        with pytest.raises(ActionNotAllowed) as refused:
            perform(hall, actor, ticket.id, action)
        assert (refused.value.action, refused.value.allowed) == (action, allowed)


def test_a_step_carries_only_the_facts_it_may_change(hall: Hall) -> None:
    make_unit(hall)
    ticket = make_ticket(hall, state=S.DISPATCHED, unit_code=UNIT)
    with pytest.raises(BadFacts) as refused:
        perform(hall, handler(hall), ticket.id, A.ACKNOWLEDGE, Facts(title="别的", text="别的"))
    assert refused.value.errors == {"text": "not_now", "title": "not_now"}
    assert row(hall, ticket.id).title == "路灯不亮"


def test_the_type_decides_the_published_class(hall: Hall) -> None:
    desk, draft = writer(hall), make_ticket(hall, type=None)
    assert (
        perform(hall, desk, draft.id, A.SAVE, Facts(type=RequestType.PRAISE)).klass is RequestClass.SUGGESTION
    )
    assert perform(hall, desk, draft.id, A.SAVE, Facts(title="x")).klass is RequestClass.SUGGESTION


def test_discarding_a_calls_draft_completes_the_record_with_its_reason(hall: Hall) -> None:
    person, call = wrapping_up(hall)
    draft = draft_of(hall, person, call)
    facts = Facts(no_matter=NoMatterReason.WRONG_NUMBER, note="打错了")
    assert perform(hall, person, draft.id, A.DISCARD, facts).state is S.DISCARDED
    with hall.look() as session:
        done = session.get_one(Call, call.id)
    assert (done.no_matter, done.no_matter_note, done.finished_at) == (
        facts.no_matter,
        "打错了",
        hall.clock(),
    )
    assert desk_state(hall, person) is PresenceState.READY


def test_a_draft_of_nobodys_call_is_discarded_by_any_writer(hall: Hall) -> None:
    draft = make_ticket(hall)
    facts = Facts(no_matter=NoMatterReason.TEST)
    assert perform(hall, writer(hall), draft.id, A.DISCARD, facts).state is S.DISCARDED


def test_the_draft_of_somebody_elses_call_is_not_thrown_away(hall: Hall) -> None:
    person, call = wrapping_up(hall)
    draft = draft_of(hall, person, call)
    before = snapshot(hall)
    with pytest.raises(NotAllowed):
        perform(hall, writer(hall), draft.id, A.DISCARD, Facts(no_matter=NoMatterReason.TEST))
    assert snapshot(hall)[0] == before[0]
