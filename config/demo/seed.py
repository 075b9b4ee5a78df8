"""Filling an empty database with the demonstration city. A database with anybody in it is left alone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from config.city.database import write_city
from config.demo.history import tell_history
from config.demo.matters import read_matters
from config.demo.people import SHOWN, DemoUser, unit_handler
from hotline.gateways.live import announce_nothing
from hotline.rules.enums import Role
from hotline.rules.people.actors import Machine, Person
from hotline.rules.policies import Policies
from hotline.services.people import accounts
from hotline.store.people.tables import User
from hotline.unit_of_work import Application
from ivr_flows.webhooks.flow_registry import FlowRegistry


def is_empty(engine: Engine) -> bool:
    """Says whether nobody can log in."""
    with Session(engine.execution_options(reading=True)) as session:
        return session.scalar(select(User.id).limit(1)) is None


def seed_demo(
    engine: Engine,
    *,
    policies: Policies,
    flows: FlowRegistry,
    password: str,
    now: datetime,
    share: float = 1.0,
) -> None:
    """Write units, people (all with `password`) and the invented history up to `now`, with `share` of its calls."""
    application = Application(engine=engine, clock=lambda: now, policies=policies, announce=announce_nothing)
    write_city(application)
    units = {matter.unit for matter in read_matters()}
    shown = {user.unit_code for user in SHOWN}
    others = [unit_handler(code) for code in sorted(units - shown)]
    ids = _add_people(application, (*SHOWN, *others), password)
    tell_history(
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
    """Add everybody and return their ids by log-in name. One password means one slow hash, shared by all."""
    first = users[0]
    with application.unit_of_work(Machine.SYSTEM) as work:
        first_id = accounts.add_user(
            work,
            name=first.name,
            display_name=first.display_name,
            role=first.role,
            password=password,
            unit_code=first.unit_code,
            work_number=first.work_number,
        )
        shared = work.session.get_one(User, first_id).password_hash
        rows = [_row(user, shared, work.at) for user in users[1:]]
        work.session.add_all(rows)
        work.session.flush()
        return {first.name: first_id, **{row.name: row.id for row in rows}}


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
