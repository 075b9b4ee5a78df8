"""A delivery that was given up: it is listed, says why without numbers, and is repeated when its cause is mended."""

import pytest
from sqlalchemy import update

from hotline import events, outbox
from hotline.outbox import MAX_ATTEMPTS
from hotline.reactions.context import ReactionContext
from hotline.rules.enums import DeliveryState, TicketState
from hotline.rules.errors import (
    InvalidFields,
    LostRace,
    MissingFields,
    NoSuchDelivery,
    NotAllowed,
    UnknownUnit,
)
from hotline.rules.people.actors import Machine
from hotline.services import deliveries
from hotline.services.people.unit_webhooks import set_webhook_secret
from hotline.store.deliveries import count_dead, dead_ids, discard_reasons, lane_figures, list_deliveries
from hotline.store.outbox import Delivery
from hotline.store.people.tables import Unit
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit

D = DeliveryState


def give_up(application: Application, lane: str = "notifications") -> int:
    """Writes the dead delivery of a handed-off ticket; returns its id."""
    ticket = make_ticket(
        application, state=TicketState.DISPATCHED, unit_code=make_unit(application).code, number="QF1"
    )
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.TicketHandedOff(ticket.id, "city-management"))
    (due,) = outbox.relay(application).due
    with application.unit_of_work(Machine.SYSTEM) as work:
        dead = update(Delivery).values(state=D.DEAD, attempts=MAX_ATTEMPTS, lane=lane, last_error="HTTP 503")
        work.session.execute(dead)
    return due.id


def test_dead_deliveries_are_listed_with_their_ticket_and_done_ones_only_when_wanted(
    application: Application, tools: ReactionContext
) -> None:
    dead = give_up(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.CallCheckRequested(make_call(application).id))
    outbox.relay(application)
    with application.read_session() as session:
        (line,) = list_deliveries(session, (D.DEAD,), limit=50).rows
        assert (line.delivery.id, line.subject, line.ticket_number) == (dead, "ticket", "QF1")
        first = list_deliveries(session, (), limit=1)
        assert (first.rows[0].subject, first.rows[0].ticket_number) == ("call", None)
        (second,) = list_deliveries(session, (), limit=1, cursor=first.next_cursor or "").rows
        assert second.delivery.id == dead


def test_a_repeated_delivery_has_all_its_tries_again_and_takes_effect(
    application: Application, tools: ReactionContext
) -> None:
    dead = give_up(application)
    assert outbox.relay(application).due == []
    with application.unit_of_work(Machine.SYSTEM) as work:
        deliveries.retry(work, dead)
    (due,) = outbox.relay(application).due
    assert (due.id, due.attempts) == (dead, 0)
    assert outbox.deliver(tools, dead)
    with application.read_session() as session:
        kept = session.get_one(Delivery, dead)
        assert (kept.state, kept.attempts) == (D.DONE, 1)


def test_only_a_dead_delivery_outside_a_call_is_repeated(application: Application) -> None:
    dead = give_up(application, lane="calls")
    with pytest.raises(NotAllowed), application.unit_of_work(Machine.SYSTEM) as work:
        deliveries.retry(work, dead)
    with pytest.raises(NoSuchDelivery), application.unit_of_work(Machine.SYSTEM) as work:
        deliveries.retry(work, dead + 1)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Delivery).values(lane="notifications"))
    with application.unit_of_work(Machine.SYSTEM) as work:
        deliveries.retry(work, dead)
    with pytest.raises(LostRace), application.unit_of_work(Machine.SYSTEM) as work:
        deliveries.retry(work, dead)


def test_the_secret_of_a_unit_is_set_and_removed(application: Application) -> None:
    make_unit(application, webhook_url="https://unit.example/hook")
    for secret in ("s" * 16, "x" * 120, None):
        with application.unit_of_work(Machine.SYSTEM) as work:
            assert set_webhook_secret(work, "city-management", secret) == "https://unit.example/hook"
        with application.read_session() as session:
            assert session.get_one(Unit, "city-management").webhook_secret == secret


@pytest.mark.parametrize(
    "secret", ["", "s" * 15, "s" * 121, "sixteen signs and blanks", "密" * 20, "s" * 16 + "\n"]
)
def test_a_secret_that_cannot_sign_is_refused_without_being_repeated(
    application: Application, secret: str
) -> None:
    make_unit(application)
    with pytest.raises(NotAllowed) as refused, application.unit_of_work(Machine.SYSTEM) as work:
        set_webhook_secret(work, "city-management", secret)
    assert not secret or secret not in str(refused.value)


def test_a_unit_that_is_not_there_gets_no_secret(application: Application) -> None:
    with pytest.raises(UnknownUnit), application.unit_of_work(Machine.SYSTEM) as work:
        set_webhook_secret(work, "nowhere", "s" * 32)


def test_a_discarded_delivery_is_over_and_keeps_who_said_why(application: Application) -> None:
    dead = give_up(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        deliveries.discard(work, dead, " 单位已撤销 ")
    with application.read_session() as session:
        assert session.get_one(Delivery, dead).state is D.DISCARDED
        assert discard_reasons(session, [dead]) == {dead: "单位已撤销"}
        assert count_dead(session) == 0
    for step in (deliveries.retry, lambda work, each: deliveries.discard(work, each, "again")):
        with pytest.raises(LostRace), application.unit_of_work(Machine.SYSTEM) as work:
            step(work, dead)
    assert outbox.relay(application).due == []


def test_a_step_of_a_call_may_be_discarded(application: Application) -> None:
    dead = give_up(application, lane="calls")
    with application.unit_of_work(Machine.SYSTEM) as work:
        deliveries.discard(work, dead, "时效已过")
    with application.read_session() as session:
        assert session.get_one(Delivery, dead).state is D.DISCARDED


@pytest.mark.parametrize(
    ("reason", "error"),
    [("", MissingFields), (" \t", MissingFields), ("字" * 201, InvalidFields), ("\x00", InvalidFields)],
)
def test_nothing_is_discarded_without_a_reason_that_can_be_kept(
    application: Application, reason: str, error: type[Exception]
) -> None:
    dead = give_up(application)
    for step in (deliveries.discard, lambda work, each, why: deliveries.discard_many(work, [each], why)):
        with pytest.raises(error), application.unit_of_work(Machine.SYSTEM) as work:
            step(work, dead, reason)
    with application.read_session() as session:
        assert session.get_one(Delivery, dead).state is D.DEAD


def test_of_many_those_are_treated_that_may_be(application: Application) -> None:
    dead = give_up(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert deliveries.retry_many(work, [dead, dead, 999]) == 1
        assert deliveries.retry_many(work, [dead]) == 0
        assert deliveries.discard_many(work, [dead], "not dead") == 0


def test_a_lane_tells_what_waits_what_fails_and_since_when(application: Application) -> None:
    dead = give_up(application)
    with application.read_session() as session:
        calls, notifications = lane_figures(session, ("calls", "notifications"))
        assert (calls.due, calls.oldest_at) == (0, None)
        assert (notifications.due, notifications.failing, notifications.dead) == (0, 0, 1)
        assert dead_ids(session, "notifications", 10) == [dead]
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Delivery).values(state=D.DUE, attempts=3))
    with application.read_session() as session:
        (failing,) = lane_figures(session, ("notifications",))
        assert (failing.due, failing.failing, failing.oldest_seconds(application.clock())) == (0, 1, 0)
        assert len(list_deliveries(session, (), failing=True, limit=9).rows) == 1
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Delivery).values(state=D.DEAD))
        deliveries.retry(work, dead)
    with application.read_session() as session:
        (again,) = lane_figures(session, ("notifications",))
        assert (again.due, again.failing) == (1, 0)
        assert list_deliveries(session, (), failing=True, limit=9).rows == ()
