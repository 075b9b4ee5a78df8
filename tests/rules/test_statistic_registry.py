"""Each statistic states what it divides; a reconciliation line that does not add up is reported."""

from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.city import Claim
from hotline.rules.enums import CLASS_OF, AfterCall, CallOutcome, CallRecord, Channel, RequestType
from hotline.rules.errors import InvalidFields
from hotline.rules.figures.rates import MatchingCounts, Rate
from hotline.rules.figures.reconciliation import check_claims, describe_matches, reconcile
from hotline.rules.figures.report import (
    Balance,
    CallCounts,
    CallGroup,
    CallGroups,
    CurvePoint,
    Figures,
    Handling,
    Period,
    RequestCounts,
    RequestGroup,
    UnitFigures,
    parse_period,
)
from hotline.rules.figures.statistics import STATISTICS

BY_NAME = {statistic.name: statistic for statistic in STATISTICS}
PUBLIC = (
    "connect_rate",
    "answered_15s_rate",
    "direct_rate",
    "closure_rate",
    "on_time_closure_rate",
    "response_rate",
    "resolution_rate",
    "satisfaction_rate",
    "return_rate",
    "redo_rate",
    "followup_rate",
)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def rate(name: str, figures: Figures) -> Rate:
    return BY_NAME[name].compute(figures)


def group(kind: RequestType, total: int, closed: int, direct: int = 0) -> RequestGroup:
    return RequestGroup(CLASS_OF[kind], kind, Channel.PHONE, total, closed, direct, total - closed)


def qufu() -> Figures:
    """The line's published totals to 2016-06-12: 48,116 received, 47,878 closed."""
    groups = (
        group(RequestType.COMPLAINT, 40_107, 39_900),
        group(RequestType.CONSULTATION, 6_925, 6_924, 6_000),
        group(RequestType.SUGGESTION, 1_084, 1_054),
    )
    return Figures(
        requests=RequestCounts(groups=groups, rows=48_116),
        handling=Handling(closed=47_878),
        without_unit=Handling(closed=47_878),
        balance=Balance(opening=0, received=48_116, closed=47_878, open=238),
    )


def test_the_registry_holds_exactly_the_public_rates_in_their_order() -> None:
    assert tuple(statistic.name for statistic in STATISTICS) == PUBLIC


def test_the_published_totals_print_99_51_and_add_up() -> None:
    figures = qufu()
    closure = rate("closure_rate", figures)
    assert (closure.numerator, closure.denominator, closure.excluded) == (47_878, 48_116, 0)
    assert closure.value == "99.51"
    assert all(line.ok for line in reconcile(figures))


def test_the_published_claim_is_printed_beside_what_would_make_it_true() -> None:
    period = Period(date(2011, 1, 1), date(2016, 6, 12))
    claim = Claim("closure_rate", "99.58", last=date(2016, 6, 12))
    (checked,) = check_claims([claim], period, {"closure_rate": rate("closure_rate", qufu())})
    assert not checked.agrees
    line = checked.line()
    assert (line.left, line.right, line.ok) == ("99.58", "99.51", False)
    assert "numerator 47912-47916 or denominator 48078-48082" in line.line


def test_a_claim_that_holds_is_an_agreeing_line() -> None:
    period = Period(date(2016, 6, 1), date(2016, 6, 12))
    claim = Claim("closure_rate", "99.51", last=date(2016, 6, 12), first=date(2016, 6, 1))
    (checked,) = check_claims([claim], period, {"closure_rate": rate("closure_rate", qufu())})
    assert checked.agrees
    assert checked.line().ok
    assert checked.line().line == "published closure_rate = computed closure_rate"


def test_a_claim_written_with_fewer_decimals_still_agrees() -> None:
    day = date(2016, 6, 12)
    (checked,) = check_claims(
        [Claim("closure_rate", "50", last=day)], Period(day, day), {"closure_rate": Rate(1, 2)}
    )
    assert checked.agrees
    assert checked.line().ok


def test_a_claim_over_nothing_never_agrees() -> None:
    day = date(2016, 6, 12)
    (checked,) = check_claims(
        [Claim("closure_rate", "99.58", last=day)], Period(day, day), {"closure_rate": Rate(0, 0)}
    )
    assert not checked.agrees
    assert (checked.line().left, checked.line().right) == ("99.58", "-")
    assert describe_matches(MatchingCounts(None, None)) == "no count at all"


@pytest.mark.parametrize(
    "period",
    [
        Period(date(2016, 6, 1), date(2016, 6, 11)),
        Period(date(2016, 6, 2), date(2016, 6, 12)),
    ],
)
def test_a_claim_about_other_days_is_not_checked(period: Period) -> None:
    claim = Claim("closure_rate", "99.58", last=date(2016, 6, 12), first=date(2016, 6, 1))
    assert check_claims([claim], period, {"closure_rate": Rate(1, 2)}) == ()


def test_who_still_waits_is_neither_connected_nor_lost() -> None:
    calls = CallCounts(offered=10, answered=6, answered_15s=5, abandoned=1, short=1, waiting=2)
    connected = rate("connect_rate", Figures(calls=calls))
    assert (connected.numerator, connected.denominator, connected.excluded) == (6, 7, 3)
    assert rate("answered_15s_rate", Figures(calls=calls)).numerator == 5


def test_open_tickets_that_are_not_due_are_neither_failures_nor_successes() -> None:
    handling = Handling(due_on_time=8, due_late=2, due_undecided=5)
    on_time = rate("on_time_closure_rate", Figures(handling=handling))
    assert (on_time.numerator, on_time.denominator, on_time.excluded) == (8, 10, 5)
    open_ones = Figures(requests=RequestCounts(groups=(group(RequestType.HELP, 4, 1),), rows=4))
    closure = rate("closure_rate", open_ones)
    assert (closure.numerator, closure.denominator) == (1, 4)


def test_a_request_in_redo_is_not_closed() -> None:
    requests = RequestCounts(groups=(group(RequestType.HELP, 4, 4),), rows=5, redo_rounds=1, in_redo=1)
    closure = rate("closure_rate", Figures(requests=requests))
    assert (closure.numerator, closure.denominator, closure.excluded) == (3, 4, 1)


def test_only_answered_questions_count_and_only_the_callers_word() -> None:
    handling = Handling(asked=10, solved_yes=6, solved_no=2, satisfied_yes=7, satisfied_no=0)
    resolution = rate("resolution_rate", Figures(handling=handling))
    satisfaction = rate("satisfaction_rate", Figures(handling=handling))
    assert (resolution.numerator, resolution.denominator, resolution.excluded) == (6, 8, 2)
    assert (satisfaction.numerator, satisfaction.denominator, satisfaction.excluded) == (7, 7, 3)


def test_response_redo_return_and_follow_up_name_their_base() -> None:
    handling = Handling(
        contact_in_time=5,
        contact_missed=1,
        contact_undecided=2,
        closed=9,
        handled=6,
        redone=1,
        to_follow=4,
        followed=3,
        follow_exempt=1,
        follow_not_yet=1,
    )
    figures = Figures(handling=handling)
    assert rate("response_rate", figures).value == "83.33"
    assert (rate("return_rate", figures).numerator, rate("return_rate", figures).denominator) == (0, 8)
    assert (rate("redo_rate", figures).numerator, rate("redo_rate", figures).denominator) == (1, 6)
    followed = rate("followup_rate", figures)
    assert (followed.numerator, followed.denominator, followed.excluded) == (3, 4, 5)


def test_with_nothing_counted_every_rate_is_null() -> None:
    assert {statistic.compute(Figures()).value for statistic in STATISTICS} == {None}


small = st.integers(min_value=0, max_value=50)


@given(st.lists(small, min_size=19, max_size=19), st.lists(small, min_size=19, max_size=19))
def test_the_whole_is_the_sum_of_the_units(first: list[int], second: list[int]) -> None:
    names = list(Handling.__dataclass_fields__)
    one, two = (Handling(**dict(zip(names, values, strict=False))) for values in (first, second))
    for statistic in (entry for entry in STATISTICS if entry.by_unit):
        parts = [statistic.compute(Figures(handling=part)) for part in (one, two)]
        whole = statistic.compute(Figures(handling=one + two))
        assert whole.numerator == sum(part.numerator for part in parts)
        assert whole.denominator == sum(part.denominator for part in parts)
        assert whole.excluded == sum(part.excluded for part in parts)


def test_lines_that_do_not_add_up_are_named() -> None:
    figures = Figures(
        calls=CallCounts(offered=3, answered=1, abandoned=1),
        received=CallGroups(
            groups=(
                CallGroup(CallOutcome.ANSWERED, CallRecord.OPEN, None, AfterCall.NO_ANSWER, 1, answered=1),
            ),
            rows=3,
        ),
        curve=(CurvePoint("00", 2, 1),),
        requests=RequestCounts(
            groups=(RequestGroup(CLASS_OF[RequestType.PRAISE], RequestType.HELP, Channel.WEB, 2, 1, 0, 0),),
            rows=4,
        ),
        balance=Balance(opening=1, received=2, closed=1, open=3),
        units=(UnitFigures("a", "甲", "A", Handling(closed=1)),),
        without_unit=Handling(closed=1),
    )
    broken = [line for line in reconcile(figures) if not line.ok]
    assert len(broken) == 9
    assert {(line.left, line.right) for line in broken} == {
        (1, 3),
        (2, 3),
        (2, 0),
        (0, 2),
        (1, 2),
        (2, 4),
        (2, 1),
    }


def test_a_period_begins_and_ends_at_local_midnight() -> None:
    period = parse_period("2026-11-23", "2026-11-24")
    assert period.start(SHANGHAI).isoformat() == "2026-11-22T16:00:00+00:00"
    assert period.end(SHANGHAI).isoformat() == "2026-11-24T16:00:00+00:00"
    assert not period.one_day
    assert parse_period("2026-11-23", " 2026-11-23 ").one_day
    # Not equality: the zone of a machine that runs in UTC is equal to UTC.
    assert period.start(SHANGHAI).tzinfo is UTC
    assert period.end(SHANGHAI).tzinfo is UTC


def test_the_first_and_the_last_day_that_can_be_asked_for() -> None:
    period = parse_period("1970-01-01", "2999-12-31")
    assert (period.first, period.last) == (date(1970, 1, 1), date(2999, 12, 31))


@pytest.mark.parametrize(
    ("first", "last", "errors"),
    [
        ("", "2026-11-23", {"from": "missing"}),
        ("2026-13-01", "23.11.2026", {"from": "not_a_date", "to": "not_a_date"}),
        ("2026-11-24", "2026-11-23", {"to": "ends_before_it_begins"}),
        ("0001-01-01", "9999-12-31", {"from": "unknown_value", "to": "unknown_value"}),
        ("1969-12-31", "3000-01-01", {"from": "unknown_value", "to": "unknown_value"}),
        ("20261123", "2026-W47-1", {"from": "not_a_date", "to": "not_a_date"}),
    ],
)
def test_bad_days_are_named(first: str, last: str, errors: dict[str, str]) -> None:
    with pytest.raises(InvalidFields) as refused:
        parse_period(first, last)
    assert refused.value.errors == errors
