"""The desk's queries: the call in hand, the caller's history, tickets nearby, the queue, the units."""

from datetime import timedelta

from hotline.rules.enums import CallEnd, CallState, OfferState, PresenceState, TicketState
from hotline.rules.people.actors import Machine, Person
from hotline.store.calls.desks import (
    earlier_calls,
    earlier_tickets,
    queue_figures,
    read_desk,
    recent_hand_offs,
    ticket_of_call,
    tickets_near,
    tickets_written_by,
)
from hotline.store.calls.tables import Call, Offer
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit
from tests.store.test_call_lists import make_callback, make_dial

NUMBER = "+8613800012345"


def offer(application: Application, call: Call, operator: Person, state: OfferState) -> Offer:
    with application.unit_of_work(Machine.SYSTEM) as work:
        row = Offer(call_id=call.id, operator_id=operator.id, state=state, offered_at=work.at)
        work.session.add(row)
    return row


def put_in_hand(application: Application, operator: Person, call: Call, state: PresenceState) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        presence = work.session.get_one(Presence, operator.id)
        presence.state, presence.call_id = state, call.id


def test_a_desk_without_anything_shows_only_its_presence(application: Application) -> None:
    operator = make_operator(application)
    with application.read_session() as session:
        desk = read_desk(session, operator.id)
        assert desk.presence is not None
        assert (desk.offer, desk.call, desk.ticket, desk.callback) == (None, None, None, None)
        assert read_desk(session, operator.id + 1).presence is None


def test_a_ringing_call_is_shown_before_the_one_in_hand(application: Application) -> None:
    operator = make_operator(application)
    talked, rings = make_call(application), make_call(application)
    put_in_hand(application, operator, talked, PresenceState.WRAP_UP)
    with application.read_session() as session:
        desk = read_desk(session, operator.id)
        assert desk.call is not None
        assert desk.call.id == talked.id
    offer(application, make_call(application), operator, OfferState.MISSED)
    pending = offer(application, rings, operator, OfferState.PENDING)
    with application.read_session() as session:
        desk = read_desk(session, operator.id)
        assert desk.offer is not None
        assert desk.call is not None
        assert (desk.offer.id, desk.call.id) == (pending.id, rings.id)


def test_an_answered_call_without_a_complete_record_stays_at_the_desk(application: Application) -> None:
    operator, at = make_operator(application), application.clock()
    make_call(application, operator_id=operator.id, state=CallState.ENDED, answered_at=at, finished_at=at)
    make_call(application, operator_id=operator.id, state=CallState.ENDED)
    make_call(application, operator_id=operator.id, state=CallState.TALKING, answered_at=at)
    open_one = make_call(application, operator_id=operator.id, state=CallState.AFTER, answered_at=at)
    with application.read_session() as session:
        desk = read_desk(session, operator.id)
        assert desk.call is not None
        assert desk.call.id == open_one.id


def test_the_ticket_and_the_promise_of_the_call_stand_beside_it(application: Application) -> None:
    operator = make_operator(application)
    callback = make_callback(application, 1)
    dial = make_dial(application, callback, 1)
    call = make_call(application, dial_id=dial.id)
    make_ticket(application, call_id=call.id, round=2)
    ticket = make_ticket(application, call_id=call.id, state=TicketState.DISCARDED)
    put_in_hand(application, operator, call, PresenceState.TALKING)
    with application.read_session() as session:
        desk = read_desk(session, operator.id)
        assert desk.ticket is not None
        assert desk.callback is not None
        assert (desk.ticket.id, desk.callback.id) == (ticket.id, callback.id)
        assert ticket_of_call(session, call.id + 1) is None


def test_a_callers_history_leaves_out_the_present_and_what_was_discarded(application: Application) -> None:
    at = application.clock()
    tickets = [
        make_ticket(application, caller_number=NUMBER, received_at=at - timedelta(days=days)).id
        for days in range(7)
    ]
    make_ticket(application, caller_number=NUMBER, state=TicketState.DISCARDED)
    make_ticket(application)
    calls = [
        make_call(application, number=NUMBER, arrived_at=at - timedelta(days=days)).id for days in range(7)
    ]
    with application.read_session() as session:
        shown = [ticket.id for ticket in earlier_tickets(session, NUMBER, tickets[0])]
        assert shown == tickets[1:6]
        assert [call.id for call in earlier_calls(session, NUMBER, calls[0])] == calls[1:6]
        assert earlier_tickets(session, None, None) == ()
        assert earlier_calls(session, None, 0) == ()


def test_tickets_of_the_same_place_are_recent_and_taken_literally(application: Application) -> None:
    at = application.clock()
    here = make_ticket(application, place="鲁城街道100%小区门口")
    make_ticket(application, place="鲁城街道1000小区门口")
    make_ticket(application, place="鲁城街道100%小区", received_at=at - timedelta(days=61))
    make_ticket(application, place="鲁城街道100%小区", state=TicketState.DISCARDED)
    with application.read_session() as session:
        today = at.astimezone(application.policies.zone).date()
        assert [row.id for row in tickets_near(session, "100%小区", 0, today)] == [here.id]
        assert tickets_near(session, "100%小区", here.id, today) == ()


def test_an_operators_own_tickets_of_a_day_are_counted_beyond_what_is_listed(
    application: Application,
) -> None:
    operator = make_operator(application)
    today = application.clock().astimezone(application.policies.zone).date()
    ids = [make_ticket(application, author_id=operator.id).id for _ in range(16)]
    make_ticket(application, author_id=operator.id, state=TicketState.DISCARDED)
    make_ticket(application, author_id=operator.id, received_at=application.clock() - timedelta(days=1))
    with application.read_session() as session:
        listed, total = tickets_written_by(session, operator.id, today)
        assert [ticket.id for ticket in listed] == ids[::-1][:14]
        assert total == 16


def test_the_queue_is_counted_by_skill_and_the_rate_has_its_base(application: Application) -> None:
    at = application.clock()
    make_call(application, state=CallState.QUEUED, queued_at=at - timedelta(seconds=50))
    make_call(application, state=CallState.OFFERED, queued_at=at - timedelta(seconds=90), skill="english")
    answered = {"state": CallState.TALKING, "queued_at": at, "answered_at": at}
    make_call(application, **answered, wait_seconds=15)
    make_call(application, **answered, wait_seconds=16)
    gone = {"state": CallState.ENDED, "end": CallEnd.ABANDONED}
    make_call(application, **gone, queued_at=at - timedelta(seconds=2), wait_seconds=2)
    make_call(application, **gone, queued_at=at - timedelta(seconds=60), wait_seconds=60)
    make_call(application, state=CallState.IN_FLOW)
    zone = application.policies.zone
    with application.read_session() as session:
        figures = queue_figures(session, at.astimezone(zone).date(), zone, at, threshold=5)
    assert (figures.waiting, figures.longest_since) == (2, at - timedelta(seconds=90))
    assert figures.by_skill == (("english", 1),)
    assert (figures.answered_15s, figures.decided) == (1, 3)


def test_recent_tickets_are_counted_by_unit(application: Application) -> None:
    for code in ("a", "b", "c"):
        make_unit(application, code, name_zh=code)
    make_ticket(application, unit_code="c")
    make_ticket(application, unit_code="c")
    make_ticket(application, unit_code="b", received_at=application.clock() - timedelta(days=31))
    make_ticket(application)
    today = application.clock().astimezone(application.policies.zone).date()
    with application.read_session() as session:
        assert recent_hand_offs(session, today) == {"c": 2}
        # The newest ticket has no unit.
        assert recent_hand_offs(session, today, most=2) == {"c": 1}
