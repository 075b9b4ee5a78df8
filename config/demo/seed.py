"""Fills an empty database with the city of the demonstration."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from config.city.first_version import publish_first
from config.demo.calls import place_due_calls, simulate_inbound
from config.demo.matters import read_matters
from config.demo.people import SHOWN, DemoUser, unit_handler
from config.demo.simulation import BY_HOUR, SEED, Simulation, SimulationClock
from hotline.gateways.live import announce_nothing
from hotline.rules.city import CityKind
from hotline.rules.enums import FollowUpState, Role
from hotline.rules.people.actors import Machine, Person
from hotline.rules.policies import Policies
from hotline.services.outbound import callbacks
from hotline.services.people import passwords
from hotline.services.queueing import presence
from hotline.store.outbound import Callback, FollowUp
from hotline.store.outbox import EventRow
from hotline.store.people.tables import User
from hotline.unit_of_work import Application
from ivr_flows.webhooks.flow_registry import FlowRegistry

BUSY_DAYS, QUIET_DAYS = 4, 10
# Calls a day.
BUSY_CALLS, QUIET_CALLS = 48, 7
DIAL_INTERVAL = timedelta(minutes=20)


def is_empty(engine: Engine) -> bool:
    """Says whether the database has no users."""
    with Session(engine.execution_options(reading=True)) as session:
        return session.scalar(select(User.id).limit(1)) is None


def seed_demo(
    engine: Engine,
    *,
    city: dict[CityKind, str],
    policies: Policies,
    flows: FlowRegistry,
    password: str,
    now: datetime,
    share: float = 1.0,
) -> None:
    """Publishes the texts of the `city`, adds users (all with `password`) and writes the invented history up to `now`.

    The history was made under `policies`.
    `share` is the share of the usual number of calls; tests need fewer.
    """
    application = Application(engine=engine, clock=lambda: now, policies=policies, announce=announce_nothing)
    publish_first(application, city)
    units = {matter.unit for matter in read_matters()}
    shown = {user.unit_code for user in SHOWN}
    others = [unit_handler(code) for code in sorted(units - shown)]
    ids = _add_people(application, (*SHOWN, *others), password)
    write_history(
        engine,
        policies=policies,
        flows=flows,
        operators=tuple(Person(ids[user.name], user.role) for user in SHOWN if user.role is Role.OPERATOR),
        handlers={
            user.unit_code: Person(ids[user.name], user.role, user.unit_code)
            for user in (*SHOWN, *others)
            if user.unit_code is not None
        },
        now=now,
        share=share,
    )


def _add_people(application: Application, users: Sequence[DemoUser], password: str) -> dict[str, int]:
    """Adds the users and returns their ids by log-in name."""
    # Hashing is slow by design. All users have the same password, so they share one hash.
    shared = passwords.hash_password(password)
    with application.unit_of_work(Machine.SYSTEM) as work:
        rows = [_row(user, shared, work.at) for user in users]
        work.session.add_all(rows)
        work.session.flush()
        return {row.name: row.id for row in rows}


def _row(user: DemoUser, password_hash: str, at: datetime) -> User:
    return User(
        name=user.name,
        display_name=user.display_name,
        role=user.role,
        password_hash=password_hash,
        unit_code=user.unit_code,
        work_number=user.work_number,
        active=True,
        created_at=at,
    )


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
