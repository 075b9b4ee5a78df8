"""The invented history: calls of two weeks, distributed over the hours of the day, the same for every run."""

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine, select, update

from config.demo.callbacks import place_due_calls
from config.demo.calls import simulate_inbound
from config.demo.matters import read_matters
from config.demo.simulation import Simulation, SimulationClock
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
# Calls a day.
BUSY_CALLS, QUIET_CALLS = 48, 7
# Weight of each local hour; hotlines have a peak in the morning and one in the afternoon.
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 9, 16, 20, 18, 14, 10, 11, 14, 15, 14, 12, 10, 9, 7, 5, 3, 2)
DIAL_INTERVAL = timedelta(minutes=20)


def write_history(
    engine: Engine,
    *,
    policies: Policies,
    flows: FlowRegistry,
    operators: tuple[Person, ...],
    handlers: dict[str, Person],
    now: datetime,
    share: float = 1.0,
) -> None:
    """Writes the history that ends at `now`, with `share` of the usual number of calls.

    `policies` are those of production: two weeks have room for their waiting times.
    """
    clock = SimulationClock(now)
    simulation = Simulation(
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
    _plan_calls(simulation, now, share)
    simulation.run()
    _close_desks(simulation)
    _settle_open_work(simulation)


def _plan_calls(simulation: Simulation, now: datetime, share: float) -> None:
    """Plans the calls of every day, and between them the times at which due calls are placed."""
    today = now.astimezone(simulation.application.policies.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    for back in range(BUSY_DAYS + QUIET_DAYS, -1, -1):
        day = today - timedelta(days=back)
        for _ in range(round(share * (BUSY_CALLS if back <= BUSY_DAYS else QUIET_CALLS))):
            hour = simulation.rng.choices(range(24), BY_HOUR)[0]
            at = day + timedelta(hours=hour, seconds=simulation.rng.randrange(3600))
            simulation.plan(at, lambda: simulate_inbound(simulation))
    at = today - timedelta(days=BUSY_DAYS + QUIET_DAYS)
    while at < now:
        simulation.plan(at, lambda: place_due_calls(simulation))
        at += DIAL_INTERVAL


def _close_desks(simulation: Simulation) -> None:
    """Signs all operators out at the end of the history."""
    simulation.clock.at = max(simulation.ends, simulation.busy_until)
    for operator in simulation.operators:
        with simulation.application.unit_of_work(operator) as work:
            presence.open_desk(work)
            presence.close_desk(work)


def _settle_open_work(simulation: Simulation) -> None:
    """Marks all events as relayed and cancels open callbacks and follow-ups.

    So the processes of the demonstration place no calls and send no notifications for the invented history.
    """
    with simulation.application.unit_of_work(Machine.SYSTEM) as work:
        still_open = select(Callback.id).where(Callback.open_number.is_not(None))
        for callback_id in work.session.scalars(still_open).all():
            callbacks.cancel_callback(work, callback_id)
        unanswered = update(FollowUp).where(FollowUp.state == FollowUpState.WAITING)
        work.session.execute(unanswered.values(state=FollowUpState.UNREACHED, settled_at=work.at))
        work.session.execute(update(EventRow).values(relayed_at=EventRow.at))
