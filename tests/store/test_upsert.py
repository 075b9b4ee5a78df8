"""Inserting a row at most once, and changing a row only while it is as expected: alike on both databases."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from hotline.rules.enums import CallState
from hotline.rules.people.actors import Machine
from hotline.store.calls.tables import Call
from hotline.store.tickets.tables import Counter
from hotline.store.upsert import (
    insert_if_absent,
    insert_key_if_absent,
    insert_row,
    updated_one,
)
from hotline.unit_of_work import Application, UnitOfWork
from tests.builders import make_call
from tests.racing import at_once


def counter(work: UnitOfWork, value: int) -> object:
    return insert_if_absent(work.session, Counter, Counter.name, {"name": "n", "value": value})


def test_the_first_insert_returns_its_column_and_the_second_none(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert [counter(work, 1), counter(work, 2)] == ["n", None]
        assert work.session.scalar(select(Counter.value)) == 1


def test_an_insert_on_a_connection_is_seen_by_its_session(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        row = {"name": "n", "value": 7}
        assert insert_if_absent(work.connection, Counter, Counter.value, row) == 7
        assert work.session.get_one(Counter, "n").value == 7


def test_a_known_key_is_free_once(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        row = {"name": "n", "value": 1}
        taken = [insert_key_if_absent(work.connection, Counter, row) for _ in range(2)]
    assert taken == [True, False]


def test_a_plain_insert_of_a_taken_key_is_an_error(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        insert_row(work.connection, Counter, {"name": "n", "value": 1})
        with pytest.raises(IntegrityError):
            insert_row(work.connection, Counter, {"name": "n", "value": 2})
        work.connection.rollback()


def test_of_several_at_once_exactly_one_inserts(application: Application) -> None:
    def insert() -> object:
        with application.unit_of_work(Machine.SYSTEM) as work:
            return counter(work, 1)

    assert sorted(map(str, at_once(*[insert] * 4))) == ["None", "None", "None", "n"]


def test_a_conditional_update_says_whether_it_won(application: Application) -> None:
    call = make_call(application)
    step = update(Call).where(Call.id == call.id, Call.state == CallState.IN_FLOW)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert updated_one(work.session, step.values(state=CallState.QUEUED))
        assert not updated_one(work.session, step.values(state=CallState.ENDED))
    with application.read_session() as session:
        assert session.get_one(Call, call.id).state is CallState.QUEUED


def test_an_update_of_several_rows_is_no_won_race(application: Application) -> None:
    for _ in range(2):
        make_call(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert not updated_one(work.session, update(Call).values(state=CallState.QUEUED))
