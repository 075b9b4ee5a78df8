"""Outages: which ones callers hear at a moment, which are open, past or listed, and in which order."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from hotline.rules.calls.outages import MAX_CONCURRENT
from hotline.rules.enums import Role
from hotline.rules.people.actors import Machine
from hotline.store.calls.outages import (
    Outage,
    find_outage_line,
    list_outages,
    open_outages,
    outages_at,
    outages_between,
    past_outages,
)
from hotline.store.cursors import BadCursor
from hotline.unit_of_work import Application
from tests.builders import make_user

HOUR = timedelta(hours=1)


@pytest.fixture
def announce(application: Application) -> Callable[..., Outage]:
    """Writes an outage that runs from `starts` to `ends`, in hours from now."""
    author = make_user(application, Role.SHIFT_LEADER)

    def write(starts: float, ends: float, *, stopped: bool = False) -> Outage:
        with application.unit_of_work(Machine.SYSTEM) as work:
            outage = Outage(
                text_zh="书院街道停水。",
                starts_at=work.at + starts * HOUR,
                ends_at=work.at + ends * HOUR,
                stopped_at=work.at if stopped else None,
                author_id=author.id,
                created_at=work.at,
            )
            work.session.add(outage)
        return outage

    return write


def test_callers_hear_what_has_begun_and_neither_ended_nor_been_stopped(
    application: Application, announce: Callable[..., Outage]
) -> None:
    later, begins_now, running = announce(1, 2), announce(0, 1), announce(-2, 1)
    announce(-2, 0)
    announce(-2, 1, stopped=True)
    with application.read_session() as session:
        assert [outage.id for outage in outages_at(session, application.clock())] == [
            running.id,
            begins_now.id,
        ]
        at_the_end = application.clock() + 2 * HOUR
        assert outages_at(session, at_the_end) == []
        assert [outage.id for outage in outages_at(session, application.clock() + HOUR)] == [later.id]


def test_callers_hear_at_most_so_many_and_the_oldest_first(
    application: Application, announce: Callable[..., Outage]
) -> None:
    ids = [announce(-20 + number, 1).id for number in range(MAX_CONCURRENT + 2)]
    with application.read_session() as session:
        heard = [outage.id for outage in outages_at(session, application.clock())]
    assert heard == ids[:MAX_CONCURRENT]


def test_between_two_moments_counts_what_overlaps_and_was_not_stopped(
    application: Application, announce: Callable[..., Outage]
) -> None:
    inside, across = announce(1, 2), announce(-1, 5)
    announce(-2, 0)
    announce(3, 4)
    announce(1, 2, stopped=True)
    at = application.clock()
    with application.read_session() as session:
        found = outages_between(session, at, at + 3 * HOUR)
    assert {outage.id for outage in found} == {inside.id, across.id}


def test_open_outages_stand_in_the_order_in_which_they_begin_with_their_author(
    application: Application, announce: Callable[..., Outage]
) -> None:
    later, running = announce(1, 2), announce(-1, 1)
    announce(-2, 0)
    announce(-1, 1, stopped=True)
    with application.read_session() as session:
        lines = open_outages(session, application.clock())
        assert [line.outage.id for line in lines] == [running.id, later.id]
        assert {line.author.role for line in lines} == {Role.SHIFT_LEADER}


def test_past_and_listed_outages_are_paged_the_last_announced_first(
    application: Application, announce: Callable[..., Outage]
) -> None:
    ended, stopped, running = announce(-2, 0), announce(-1, 1, stopped=True), announce(-1, 1)
    at = application.clock()
    with application.read_session() as session:
        first = past_outages(session, at, limit=1)
        rest = past_outages(session, at, limit=1, cursor=first.next_cursor or "")
        assert [line.outage.id for line in (*first.rows, *rest.rows)] == [stopped.id, ended.id]
        assert rest.next_cursor is None
        everything = list_outages(session, None, limit=9)
        assert [line.outage.id for line in everything.rows] == [running.id, stopped.id, ended.id]
        assert [line.outage.id for line in list_outages(session, at, limit=9).rows] == [running.id]
        found = find_outage_line(session, ended.id)
        assert found is not None
        assert found.outage.id == ended.id
        assert find_outage_line(session, running.id + 1) is None
        with pytest.raises(BadCursor):
            list_outages(session, None, limit=1, cursor="x")
