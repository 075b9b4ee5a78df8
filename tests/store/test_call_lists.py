"""Lists of calls and of callbacks: what each filter keeps, what stands beside a row, and how pages follow each other."""

from datetime import timedelta
from typing import Any

import pytest

from hotline.rules.enums import CallbackReason, CallbackState, CallEnd, CallPurpose, CallState, DialState
from hotline.rules.people.actors import Machine
from hotline.store.calls.lists import (
    CallbackFilter,
    CallFilter,
    find_call_line,
    find_callback_line,
    list_callbacks,
    list_calls,
)
from hotline.store.cursors import BadCursor
from hotline.store.outbound import Callback, Dial
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket


def make_callback(application: Application, number: int, **columns: Any) -> Callback:
    at = application.clock()
    values = {
        "number": f"+86138000{number:05d}",
        "reason": CallbackReason.REQUESTED,
        "state": CallbackState.WAITING,
        "promised_at": at,
        "place_since": at,
        "next_try_at": at,
        **columns,
    }
    with application.unit_of_work(Machine.SYSTEM) as work:
        callback = Callback(**values)
        work.session.add(callback)
    return callback


def make_dial(application: Application, callback: Callback, attempt: int) -> Dial:
    with application.unit_of_work(Machine.SYSTEM) as work:
        dial = Dial(
            ref=f"ref-{callback.id}-{attempt}",
            purpose=CallPurpose.CALLBACK,
            callback_id=callback.id,
            number=callback.number,
            attempt=attempt,
            state=DialState.ENDED,
            planned_at=work.at,
        )
        work.session.add(dial)
    return dial


def calls_of(application: Application, wanted: CallFilter) -> list[int]:
    with application.read_session() as session:
        return [line.call.id for line in list_calls(session, wanted, limit=50).rows]


def test_calls_come_newest_first(application: Application) -> None:
    ids = [make_call(application).id for _ in range(3)]
    assert calls_of(application, CallFilter()) == ids[::-1]


def test_each_filter_keeps_only_its_calls(application: Application) -> None:
    operator = make_operator(application)
    yesterday = application.clock() - timedelta(days=1)
    early = make_call(application, arrived_at=yesterday)
    abandoned = make_call(application, state=CallState.ENDED, end=CallEnd.ABANDONED)
    callback = make_call(application, purpose=CallPurpose.CALLBACK, operator_id=operator.id)
    assert calls_of(application, CallFilter(day=early.arrived_on)) == [early.id]
    assert calls_of(application, CallFilter(states=(CallState.ENDED,))) == [abandoned.id]
    assert calls_of(application, CallFilter(ends=(CallEnd.ABANDONED, CallEnd.BUSY))) == [abandoned.id]
    assert calls_of(application, CallFilter(purposes=(CallPurpose.CALLBACK,))) == [callback.id]
    assert calls_of(application, CallFilter(operator_id=operator.id)) == [callback.id]
    assert calls_of(application, CallFilter(operator_id=operator.id, ends=(CallEnd.ABANDONED,))) == []


def test_a_call_stands_beside_its_operator_and_the_first_ticket_written_in_it(
    application: Application,
) -> None:
    operator = make_operator(application)
    call = make_call(application, operator_id=operator.id)
    first = make_ticket(application, call_id=call.id)
    make_ticket(application, call_id=call.id, round=2)
    with application.read_session() as session:
        (line,) = list_calls(session, CallFilter(), limit=5).rows
        assert (line.call.id, line.operator and line.operator.id, line.ticket and line.ticket.id) == (
            call.id,
            operator.id,
            first.id,
        )
        assert find_call_line(session, call.id) == line
        assert find_call_line(session, call.id + 1) is None


def test_pages_of_calls_follow_each_other_without_gap_or_repeat(application: Application) -> None:
    ids = [make_call(application).id for _ in range(5)]
    with application.read_session() as session:
        first = list_calls(session, CallFilter(), limit=2)
        second = list_calls(session, CallFilter(), limit=2, cursor=first.next_cursor or "")
        third = list_calls(session, CallFilter(), limit=2, cursor=second.next_cursor or "")
        shown = [line.call.id for page in (first, second, third) for line in page.rows]
        assert shown == ids[::-1]
        assert third.next_cursor is None
        with pytest.raises(BadCursor):
            list_calls(session, CallFilter(), limit=2, cursor="?")


def test_callbacks_come_newest_first_with_their_attempts_in_order(application: Application) -> None:
    one, two = make_callback(application, 1), make_callback(application, 2)
    dials = [make_dial(application, one, attempt).id for attempt in (1, 2)]
    with application.read_session() as session:
        page = list_callbacks(session, CallbackFilter(), limit=5)
        assert [line.callback.id for line in page.rows] == [two.id, one.id]
        assert [[dial.id for dial in line.dials] for line in page.rows] == [[], dials]
        found = find_callback_line(session, one.id)
        assert found is not None
        assert [dial.id for dial in found.dials] == dials
        assert find_callback_line(session, two.id + 1) is None


def test_callbacks_are_filtered_by_state_and_reason_and_paged(application: Application) -> None:
    waiting = make_callback(application, 1)
    reached = make_callback(application, 2, state=CallbackState.REACHED)
    owed = make_callback(application, 3, reason=CallbackReason.ABANDONED)

    def ids(wanted: CallbackFilter, cursor: str = "", limit: int = 5) -> tuple[list[int], str | None]:
        with application.read_session() as session:
            page = list_callbacks(session, wanted, limit=limit, cursor=cursor)
        return [line.callback.id for line in page.rows], page.next_cursor

    assert ids(CallbackFilter(states=(CallbackState.REACHED,)))[0] == [reached.id]
    assert ids(CallbackFilter(reasons=(CallbackReason.ABANDONED,)))[0] == [owed.id]
    assert ids(CallbackFilter(states=(CallbackState.REACHED,), reasons=(CallbackReason.ABANDONED,)))[0] == []
    first, cursor = ids(CallbackFilter(), limit=2)
    rest, end = ids(CallbackFilter(), cursor or "", limit=2)
    assert (first, rest, end) == ([owed.id, reached.id], [waiting.id], None)


def test_calls_are_found_by_their_whole_number(application: Application) -> None:
    mine = make_call(application, number="+8613800009966")
    make_call(application, number="+8613800009967")
    with application.read_session() as session:
        page = list_calls(session, CallFilter(number="+8613800009966"), limit=9)
        assert [line.call.id for line in page.rows] == [mine.id]
        assert list_calls(session, CallFilter(number="+861380000996"), limit=9).rows == ()
