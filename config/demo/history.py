"""A few days of the line's life: calls shaped by the hour of the day, a quiet fortnight before, all from one seed."""

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine, select, update

from config.demo.callbacks import look
from config.demo.calls import inbound
from config.demo.city import City, StoryClock
from config.demo.matters import read_matters
from hotline.gateways.live import announce_nothing
from hotline.rules.enums import FollowUpState
from hotline.rules.people.actors import Machine, Person
from hotline.rules.policies import Policies
from hotline.services.outbound import callbacks
from hotline.services.queueing import presence
from hotline.store.outbound import Callback, FollowUp
from hotline.store.outbox import EventRow
from hotline.unit_of_work import Application
from ivr_flows.webhooks.flow_registry import FlowRegistry

SEED = 4_412_345
BUSY_DAYS, QUIET_DAYS = 4, 10
BUSY_CALLS, QUIET_CALLS = 48, 7
"""Calls a day."""
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 9, 16, 20, 18, 14, 10, 11, 14, 15, 14, 12, 10, 9, 7, 5, 3, 2)
"""Weight of each local hour: the two humps of every city's line."""
LOOK_EVERY = timedelta(minutes=20)


def tell_history(
    engine: Engine,
    *,
    policies: Policies,
    flows: FlowRegistry,
    operators: tuple[Person, ...],
    handlers: dict[str, Person],
    now: datetime,
    share: float = 1.0,
) -> None:
    """Write the history that ends at `now`. `policies` are the real ones, whose waits a fortnight has room for.

    `share` of the usual number of calls is told: tests need fewer.
    """
    clock = StoryClock(now)
    city = City(
        application=Application(engine=engine, clock=clock, policies=policies, announce=announce_nothing),
        clock=clock,
        rng=Random(SEED),  # noqa: S311 - dice, not secrets
        flows=flows,
        matters=read_matters(),
        operators=operators,
        handlers=handlers,
        ends=now - timedelta(minutes=3),
        busy_until=now - timedelta(days=BUSY_DAYS + QUIET_DAYS + 2),
    )
    _plan_calls(city, now, share)
    city.play()
    _close_desks(city)
    _leave_in_peace(city)


def _plan_calls(city: City, now: datetime, share: float) -> None:
    """Plan the calls of every day, and the looks at what we owe between them."""
    today = now.astimezone(city.application.policies.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(BUSY_DAYS + QUIET_DAYS, -1, -1):
        day = today - timedelta(days=back)
        for _ in range(round(share * (BUSY_CALLS if back <= BUSY_DAYS else QUIET_CALLS))):
            hour = city.rng.choices(range(24), BY_HOUR)[0]
            at = day + timedelta(hours=hour, seconds=city.rng.randrange(3600))
            city.plan(at, lambda: inbound(city))
    at = today - timedelta(days=BUSY_DAYS + QUIET_DAYS)
    while at < now:
        city.plan(at, lambda: look(city))
        at += LOOK_EVERY


def _close_desks(city: City) -> None:
    """Everybody has gone home: whoever signs in next begins afresh."""
    city.clock.at = max(city.ends, city.busy_until)
    for operator in city.operators:
        with city.application.unit_of_work(operator) as work:
            presence.open_desk(work)
            presence.close_desk(work)


def _leave_in_peace(city: City) -> None:
    """Mark the log as relayed and settle what is still owed: nobody is phoned or told because of what was invented."""
    with city.application.unit_of_work(Machine.SYSTEM) as work:
        still_open = select(Callback.id).where(Callback.open_number.is_not(None))
        for callback_id in work.session.scalars(still_open).all():
            callbacks.cancel_callback(work, callback_id)
        unanswered = update(FollowUp).where(FollowUp.state == FollowUpState.WAITING)
        work.session.execute(unanswered.values(state=FollowUpState.UNREACHED, settled_at=work.at))
        work.session.execute(update(EventRow).values(relayed_at=EventRow.at))
