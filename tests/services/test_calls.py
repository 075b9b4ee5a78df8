"""The life of a call, with webhooks in any order."""

import pytest
from sqlalchemy import func, select

from hotline import events
from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallEnd,
    CallPurpose,
    CallState,
    NoMatterReason,
    PresenceState,
    RequestClass,
)
from hotline.rules.errors import NoSuchCall, NotAllowed, UnfinishedCall
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.calls.lifecycle import Arrival
from hotline.services.calls.queries import CallView, get_call
from hotline.services.outbound import callbacks
from hotline.services.queueing import offers, presence
from hotline.services.queueing.queue import join_queue, leave_queue
from hotline.store.calls.tables import Call, Offer
from hotline.store.outbound import Callback
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator
from tests.stopped_clock import StoppedClock

ARRIVAL = Arrival(
    sid="CA" + "7" * 32,
    number_raw="+8613800001234",
    dialed="+865374412345",
    purpose=CallPurpose.INBOUND,
    flow="main",
    flow_version="v1",
    position="greeting:0",
)


def receive(application: Application, arrival: Arrival = ARRIVAL) -> CallView:
    with application.unit_of_work(Machine.CALLER) as work:
        return lifecycle.receive_call(work, arrival)


def end(
    application: Application, sid: str, status: str = "completed", arrival: Arrival | None = None
) -> None:
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=sid, status=status, arrival=arrival)


def row(application: Application, call_id: int) -> Call:
    with application.read_session() as session:
        return session.get_one(Call, call_id)


def talking(application: Application) -> tuple[Call, Person]:
    """Connects a caller with an operator."""
    operator = make_operator(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        offer_id = work.session.scalars(select(Offer.id).where(Offer.call_id == call.id)).one()
        offers.accept_offer(work, offer_id, f"leg-of-{call.id}")
        lifecycle.record_connected(work, call.id)
    return call, operator


def test_a_repeated_first_webhook_finds_the_same_call(
    application: Application, announced: list[events.Event]
) -> None:
    first, second = receive(application), receive(application)
    assert first.id == second.id
    assert announced.count(events.CallArrived(first.id)) == 1


def test_a_number_is_kept_raw_and_parsed_beside_it(application: Application) -> None:
    call = receive(application, Arrival(**{**_facts(), "number_raw": "05374412346"}))
    assert (call.number, call.number_raw) == ("+865374412346", "05374412346")


@pytest.mark.parametrize("raw", ["anonymous", "", "+266696687", "110", "sip:kiosk@city.example", "请勿打扰"])
def test_a_withheld_or_odd_number_is_no_number_and_no_crash(application: Application, raw: str) -> None:
    call = receive(application, Arrival(**{**_facts(), "number_raw": raw}))
    assert (call.number, call.number_raw) == (None, raw)


def test_the_wait_is_measured_from_queue_to_answer(application: Application, clock: StoppedClock) -> None:
    make_operator(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
    clock.advance(9)
    with application.unit_of_work(Machine.CARRIER) as work:
        offer_id = work.session.scalars(select(Offer.id)).one()
        offers.accept_offer(work, offer_id, "leg")
    clock.advance(1)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_connected(work, call.id)
        lifecycle.record_connected(work, call.id)
    assert row(application, call.id).wait_seconds == 10


def test_a_terminal_word_is_final(application: Application) -> None:
    call = receive(application)
    end(application, call.sid)
    assert receive(application).state is CallState.ENDED
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        lifecycle.record_connected(work, call.id)
        lifecycle.record_operator_left(work, call.id)
    assert row(application, call.id).state is CallState.ENDED


def test_a_terminal_word_that_comes_first_is_remembered(application: Application) -> None:
    end(application, ARRIVAL.sid, "no-answer", ARRIVAL)
    end(application, ARRIVAL.sid, "no-answer", ARRIVAL)
    assert receive(application).state is CallState.ENDED
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Call)) == 1


def test_a_terminal_word_about_nothing_known_leaves_no_trace(application: Application) -> None:
    end(application, "CAunknown")
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Call)) == 0


def test_hanging_up_in_the_queue_is_abandoned_and_owed_a_call_with_the_place_kept(
    application: Application,
) -> None:
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
    end(application, call.sid)
    with application.read_session() as session:
        owed = session.scalars(select(Callback)).one()
    ended = row(application, call.id)
    assert (ended.end, owed.reason, owed.place_since) == (
        CallEnd.ABANDONED,
        CallbackReason.ABANDONED,
        ended.queued_at,
    )


def test_hanging_up_in_the_queue_with_a_withheld_number_owes_nothing(application: Application) -> None:
    call = make_call(application, number=None, number_raw="anonymous")
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
    end(application, call.sid)
    with application.read_session() as session:
        assert session.scalars(select(Callback)).all() == []


def test_leaving_for_a_promised_callback_is_not_abandoned(application: Application) -> None:
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        assert callbacks.promise_for_call(work, call.id) is not None
        leave_queue(work, call.id, "leave")
    end(application, call.sid)
    assert row(application, call.id).end is CallEnd.LEFT_FOR_CALLBACK


def test_hanging_up_before_the_queue_is_leaving_in_the_flow(application: Application) -> None:
    call = receive(application)
    end(application, call.sid)
    assert row(application, call.id).end is CallEnd.LEFT_IN_FLOW


def test_after_a_talk_the_desk_wraps_up_until_the_record_is_complete(
    application: Application, clock: StoppedClock
) -> None:
    call, operator = talking(application)
    clock.advance(2)
    end(application, call.sid)
    assert row(application, call.id).end is CallEnd.COMPLETED
    assert desk(application, operator).state is PresenceState.WRAP_UP

    with pytest.raises(UnfinishedCall), application.unit_of_work(operator) as work:
        presence.set_ready(work)
    with application.unit_of_work(operator) as work:
        lifecycle.finish_without_ticket(work, call.id, NoMatterReason.WRONG_NUMBER)

    assert desk(application, operator).state is PresenceState.READY
    assert row(application, call.id).no_matter is NoMatterReason.WRONG_NUMBER


def test_a_record_completed_while_talking_makes_the_desk_ready_when_the_call_ends(
    application: Application,
) -> None:
    call, operator = talking(application)
    with application.unit_of_work(operator) as work:
        lifecycle.finish_without_ticket(work, call.id, NoMatterReason.PRANK)
    assert desk(application, operator).state is PresenceState.TALKING
    end(application, call.sid)
    assert desk(application, operator).state is PresenceState.READY


def test_a_caller_who_leaves_while_the_desk_connects_is_abandoned_and_the_desk_is_free(
    application: Application,
) -> None:
    operator = make_operator(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        offers.accept_offer(work, work.session.scalars(select(Offer.id)).one(), "leg")
    end(application, call.sid)
    assert row(application, call.id).end is CallEnd.ABANDONED
    assert desk(application, operator).state is PresenceState.READY


def test_a_caller_who_leaves_before_the_shortest_talk_is_promised_a_callback(
    application: Application, clock: StoppedClock
) -> None:
    call, operator = talking(application)
    clock.advance(1.9)
    end(application, call.sid)
    ended = row(application, call.id)
    # The wait went on to the hang-up: 1.9 s in whole seconds.
    assert (ended.end, ended.answered_at, ended.wait_seconds) == (CallEnd.ABANDONED, None, 1)
    assert desk(application, operator).state is PresenceState.READY
    with application.read_session() as session:
        assert session.scalars(select(Callback.reason)).all() == [CallbackReason.ABANDONED]


def test_a_caller_who_left_the_queue_for_a_callback_and_hung_up_is_promised_one(
    application: Application,
) -> None:
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        leave_queue(work, call.id, "leave")
    end(application, call.sid)
    assert row(application, call.id).end is CallEnd.ABANDONED
    with application.read_session() as session:
        owed = session.scalars(select(Callback)).one()
    assert (owed.state, owed.place_since) == (CallbackState.WAITING, row(application, call.id).place_since)


def test_the_operator_who_hangs_up_first_wraps_up_while_the_caller_is_still_there(
    application: Application,
) -> None:
    call, operator = talking(application)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_operator_left(work, call.id)
    assert row(application, call.id).state is CallState.AFTER
    assert desk(application, operator).state is PresenceState.WRAP_UP
    end(application, call.sid)
    assert desk(application, operator).state is PresenceState.WRAP_UP


def test_a_free_desk_is_offered_the_next_caller_in_the_same_breath(application: Application) -> None:
    call, operator = talking(application)
    waiting = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, waiting.id)
    end(application, call.sid)
    with application.unit_of_work(operator) as work:
        lifecycle.finish_without_ticket(work, call.id, NoMatterReason.SILENT)
    assert row(application, waiting.id).state is CallState.OFFERED


def test_only_the_operator_of_a_call_may_finish_or_hang_up(
    application: Application, announced: list[events.Event]
) -> None:
    call, operator = talking(application)
    other = make_operator(application)
    for intention in (
        lambda work: lifecycle.finish_without_ticket(work, call.id, NoMatterReason.TEST),
        lambda work: lifecycle.request_hang_up(work, call.id),
    ):
        with pytest.raises(NotAllowed), application.unit_of_work(other) as work:
            intention(work)
    with application.unit_of_work(operator) as work:
        lifecycle.request_hang_up(work, call.id)
    assert events.CallHangUpAsked(call.id, operator.id) in announced


def test_the_pressed_class_and_position_are_kept(application: Application) -> None:
    call = receive(application)
    with application.unit_of_work(Machine.CALLER) as work:
        pressed = RequestClass.CONSULTATION
        lifecycle.save_position(work, call.id, position="menu:1", language="en", pressed=pressed)
        lifecycle.save_position(work, call.id, position="menu:1", language="en")
        seen = get_call(work, call.id)
    assert (seen.pressed, seen.position, seen.language) == (RequestClass.CONSULTATION, "menu:1", "en")


def test_an_unknown_call_is_refused(application: Application) -> None:
    with pytest.raises(NoSuchCall), application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, 404)


def desk(application: Application, person: Person) -> Presence:
    with application.read_session() as session:
        return session.get_one(Presence, person.id)


def _facts() -> dict[str, object]:
    return {name: getattr(ARRIVAL, name) for name in Arrival.__dataclass_fields__}
