"""Calendar days, operators and units, paths through a flow, recordings, locks, and the database itself."""

from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError

from hotline.rules.enums import CallPurpose, PresenceState, RecordingKind, RecordingState, Role
from hotline.rules.people.actors import Machine
from hotline.store.advisory_locks import acquire_advisory_locks
from hotline.store.calendar import CalendarDay, working_days
from hotline.store.calls.flow_paths import calls_of_day, paths_of_day
from hotline.store.calls.recordings import Recording, recordings_of_calls
from hotline.store.calls.tables import Call
from hotline.store.outbox import Lease
from hotline.store.people.tables import list_operators
from hotline.store.people.units import initials, list_units
from hotline.store.tickets.tables import Counter
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_unit, make_user
from tests.racing import meanwhile


def test_known_days_of_a_period_are_returned_and_unknown_ones_left_out(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        for day, is_working in ((1, True), (2, False), (4, True)):
            work.session.add(CalendarDay(day=date(2026, 10, day), is_working=is_working, source="test"))
    with application.read_session() as session:
        assert working_days(session, date(2026, 10, 1), date(2026, 10, 3)) == {
            date(2026, 10, 1): True,
            date(2026, 10, 2): False,
        }


def test_units_are_listed_by_pinyin_with_the_closed_ones(application: Application) -> None:
    """陈 before 城, 行 read by its phrase, equal names by their code."""
    names = {
        "a": "行政审批服务局",
        "b": "银行监管办",
        "c": "城市管理局",
        "d": "陈庄镇",
        "e": "档案馆",
        "f": "重庆路街道",
        "g": "城关镇",
        "i": "城关镇",
        "h": "A 站",
    }
    for code, name in names.items():
        make_unit(application, code, name_zh=name, active=code != "e")
    with application.read_session() as session:
        assert [unit.code for unit in list_units(session)] == ["h", "d", "g", "i", "c", "f", "e", "a", "b"]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("城市管理局", "csglj"),
        ("中国银行", "zgyh"),
        ("行政审批服务局", "xzspfwj"),
        ("重庆路街道", "cqljd"),
        ("鄄城县", "jcx"),
        ("A 站（2 号）", "az2h"),
    ],
)
def test_initials_follow_the_phrase_and_know_rare_characters(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_operators_are_the_active_people_who_take_calls_by_work_number(application: Application) -> None:
    ready = make_operator(application, PresenceState.READY, work_number="20")
    leader = make_user(application, Role.SHIFT_LEADER, work_number="10")
    make_user(application, Role.OPERATOR, active=False)
    make_user(application, Role.SUPERVISOR)
    with application.read_session() as session:
        found = list_operators(session)
    assert [(user.id, presence and presence.state) for user, presence in found] == [
        (leader.id, None),
        (ready.id, PresenceState.READY),
    ]


def test_paths_are_those_of_one_day_purpose_and_version(application: Application) -> None:
    version = {"flow": "main", "flow_version": "v1"}
    make_call(application, **version, path="a>b\n")
    make_call(application, **version, path="a>c\n")
    make_call(application, **version, purpose=CallPurpose.CALLBACK)
    make_call(application, flow="main", flow_version="v2")
    make_call(application, **version, arrived_at=application.clock() - timedelta(days=1))
    day = application.clock().astimezone(application.policies.zone).date()
    wanted = (CallPurpose.INBOUND, "main", "v1")
    with application.read_session() as session:
        assert sorted(paths_of_day(session, day, wanted, 10)) == ["a>b\n", "a>c\n"]
        assert len(list(paths_of_day(session, day, wanted, 1))) == 1
        assert calls_of_day(session, day) == {
            wanted: 2,
            (CallPurpose.CALLBACK, "main", "v1"): 1,
            (CallPurpose.INBOUND, "main", "v2"): 1,
        }


def test_recordings_are_grouped_by_call_the_first_one_first(application: Application) -> None:
    calls = [make_call(application) for _ in range(3)]
    with application.unit_of_work(Machine.SYSTEM) as work:
        for number, call in enumerate((calls[1], calls[0], calls[1])):
            work.session.add(
                Recording(
                    sid=f"RE{number}",
                    call_id=call.id,
                    kind=RecordingKind.TALK,
                    state=RecordingState.KEPT,
                    seconds=9,
                    recorded_at=work.at,
                )
            )
    with application.read_session() as session:
        found = recordings_of_calls(session, [call.id for call in calls])
        assert {key: [row.sid for row in rows] for key, rows in found.items()} == {
            calls[0].id: ["RE1"],
            calls[1].id: ["RE0", "RE2"],
        }
        assert recordings_of_calls(session, []) == {}


def test_one_name_is_held_by_one_unit_of_work_and_freed_with_it(application: Application) -> None:
    order: list[str] = []

    def second() -> None:
        with application.unit_of_work(Machine.SYSTEM) as work:
            work.session.execute(select(Counter))
            acquire_advisory_locks(work.connection, ("b", "a"))
            order.append("second")

    with ExitStack() as until_both_ended:
        with application.unit_of_work(Machine.SYSTEM) as work:
            work.session.execute(select(Counter))
            acquire_advisory_locks(work.connection, ("a", "b"))
            waiting = until_both_ended.enter_context(meanwhile(application.engine, second))
            order.append("first")
        waiting.result()
    assert order == ["first", "second"]


def test_a_moment_is_stored_in_utc_and_comes_back_with_its_zone(application: Application) -> None:
    shanghai = timezone(timedelta(hours=8))
    moment = datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=shanghai)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(Lease(name="a", holder="h", until=moment))
    with application.read_session() as session:
        found = session.get_one(Lease, "a").until
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        naive = datetime(2026, 11, 23, tzinfo=UTC).replace(tzinfo=None)
        with pytest.raises(StatementError, match="zone"):
            work.session.execute(select(Lease).where(Lease.until < naive))


def test_a_row_that_refers_to_nothing_is_refused(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(
            Recording(
                sid="RE",
                call_id=4_000_000,
                kind=RecordingKind.TALK,
                state=RecordingState.KEPT,
                seconds=1,
                recorded_at=work.at,
            )
        )
        with pytest.raises(IntegrityError):
            work.session.flush()
        work.session.rollback()


def test_an_error_of_the_database_never_quotes_a_callers_number(application: Application) -> None:
    call = make_call(application, number="+8613800099999")
    with pytest.raises(IntegrityError) as raised:
        make_call(application, sid=call.sid, number="+8613800099999")
    assert "13800099999" not in str(raised.value)


def test_a_reader_is_not_held_up_by_a_writer(application: Application) -> None:
    make_call(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(Counter(name="n", value=1))
        work.session.flush()
        with application.read_session() as session:
            assert session.scalars(select(Call.id)).all() != []
            assert session.get(Counter, "n") is None
