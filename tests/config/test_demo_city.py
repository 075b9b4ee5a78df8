"""The invented history of the demonstration: complete, plausible, reproducible, without effects outside."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from config.city.folder import example_texts
from config.city.kinds import read_city
from config.demo.matters import read_matters
from config.demo.people import SHOWN, unit_handler
from config.demo.seed import is_empty, seed_demo
from config.wiring import load_registry
from hotline.rules.enums import CallEnd, CallPurpose, FollowUpState, PresenceState, TicketState
from hotline.services.people import sign_ins
from hotline.store.calls.tables import Call
from hotline.store.engine import open_engine
from hotline.store.outbound import Callback, FollowUp
from hotline.store.outbox import EventRow
from hotline.store.people.tables import Presence, User
from hotline.store.tables import Base
from hotline.store.tickets.tables import Assignment, Ticket
from tests.city_texts import in_force
from tests.policies import city_policies

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


def seed(path: Path) -> Engine:
    """Writes a small city into a new SQLite file, with the limits of production."""
    base, texts = city_policies(), example_texts(is_demo=False)
    real = read_city(texts, day=NOW.date(), zone=base.zone, number=base.number).data.policies
    engine = open_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    seed_demo(
        engine,
        city=texts,
        policies=real,
        flows=load_registry(real),
        password="demo-password",
        now=NOW,
        share=0.15,
    )
    return engine


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The city, for reading only."""
    engine = seed(tmp_path_factory.mktemp("city") / "city.sqlite3")
    yield engine
    engine.dispose()


def test_everybody_shown_can_log_in_with_the_one_password(city: Engine) -> None:
    with Session(city) as session:
        known = {user.name: user for user in session.scalars(select(User))}
        person = sign_ins.check_password(session, "op1", "demo-password", NOW)
        assert person is not None
        for user in SHOWN:
            row = known[user.name]
            assert (row.role, row.unit_code) == (user.role, user.unit_code)
            assert row.password_hash == known["op1"].password_hash


def test_the_history_has_every_kind_of_thing_and_leaves_nothing_half_done(city: Engine) -> None:
    with Session(city) as session:
        purposes = Counter(session.scalars(select(Call.purpose)))
        ends = Counter(session.scalars(select(Call.end)))
        states = Counter(session.scalars(select(Ticket.state)))
        assert purposes[CallPurpose.INBOUND] > 30
        assert purposes[CallPurpose.FOLLOW_UP] > 0
        assert ends[None] == 0
        assert ends[CallEnd.COMPLETED] > 20
        assert states[TicketState.CLOSED] > 10
        assert states[TicketState.DRAFT] == 0
        answered = select(func.count()).select_from(Call).where(Call.answered_at.is_not(None))
        assert (
            session.scalar(answered.where(Call.finished_at.is_(None), Call.purpose != CallPurpose.FOLLOW_UP))
            == 0
        )
        latest = session.scalars(select(Call.arrived_at).order_by(Call.arrived_at.desc()).limit(1)).one()
        assert latest <= NOW


def test_every_handed_off_ticket_lies_in_its_units_inbox_once(city: Engine) -> None:
    with Session(city) as session:
        handed = set(session.scalars(select(Ticket.id).where(Ticket.unit_code.is_not(None))))
        delivered = list(session.scalars(select(Assignment.ticket_id)))
        assert sorted(handed) == sorted(delivered)


def test_invented_callers_have_numbers_of_one_block_or_none(city: Engine) -> None:
    with Session(city) as session:
        numbers = set(session.scalars(select(Call.number)))
    assert len(numbers) > 10
    assert {number[:10] for number in numbers if number} == {"+861380537"}


def test_nobody_will_be_phoned_because_of_what_was_invented(city: Engine) -> None:
    with Session(city) as session:
        assert session.scalar(select(func.count()).where(Callback.open_number.is_not(None))) == 0
        assert session.scalar(select(func.count()).where(FollowUp.state == FollowUpState.WAITING)) == 0
        assert session.scalar(select(func.count()).where(EventRow.relayed_at.is_(None))) == 0
        desks = set(session.scalars(select(Presence.state)))
        assert desks == {PresenceState.OFFLINE}


def told(engine: Engine) -> list[tuple[object, ...]]:
    with Session(engine) as session:
        calls = session.execute(
            select(Call.number, Call.arrived_at, Call.end, Call.wait_seconds).order_by(Call.id)
        )
        tickets = session.execute(
            select(Ticket.number, Ticket.title, Ticket.state, Ticket.due_at).order_by(Ticket.id)
        )
        return [tuple(row) for row in (*calls, *tickets)]


def test_the_same_moment_gives_the_same_history(city: Engine, tmp_path: Path) -> None:
    again = seed(tmp_path / "again.sqlite3")
    assert told(again) == told(city)
    again.dispose()


def test_only_a_database_with_nobody_in_it_is_empty(city: Engine, engine: Engine) -> None:
    assert is_empty(engine)
    assert not is_empty(city)


def test_every_matter_goes_to_a_unit_that_exists_and_has_a_handler() -> None:
    codes = {unit.code for unit in in_force().data.units}
    for matter in read_matters():
        assert matter.unit in codes
        assert matter.answer or matter.reply
        assert unit_handler(matter.unit).unit_code == matter.unit


def test_no_log_in_is_given_twice() -> None:
    users = [*SHOWN, *(unit_handler(matter.unit) for matter in read_matters())]
    names = {user.name: user for user in users}
    assert len(names) == len(set(users))
    numbers = [user.work_number for user in SHOWN if user.work_number]
    assert len(numbers) == len(set(numbers))
