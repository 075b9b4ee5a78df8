"""Every published rate, once: a pure function over counts, and the words and filters that make it checkable.

To add a statistic, write one function and one entry; page, files and API iterate `STATISTICS`. Labels are Chinese
msgids (the catalogues hold the other languages). Definitions follow the trade's own (GB/T 33358-2016; formulas of
Hengdong 2025, Ningguo 2022, Jiangyin 2023, Beijing's three rates); where sources differ the entry says which was
taken. Ground rule: an open ticket that is not yet due is neither a failure nor a success; closed is not solved.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hotline.rules.figures import CallCounts, Figures
from hotline.rules.rates import Exclusion, Rate


class Cohort(StrEnum):
    """Which rows a rate is about."""

    CALLS_ARRIVED = "calls_arrived"
    RECEIVED = "received"
    DUE = "due"
    DISPATCHED = "dispatched"
    CLOSED = "closed"
    FOLLOWED_UP = "followed_up"


class RowList(StrEnum):
    """Where the rows behind a rate are listed."""

    CALLS = "calls"
    TICKETS = "tickets"


@dataclass(frozen=True, slots=True)
class Statistic:
    """`name` is the public one; `label` and `formula` are Chinese msgids; `rows` is the list filter beside the period's."""

    name: str
    label: str
    formula: str
    cohort: Cohort
    compute: Callable[[Figures], Rate]
    list: RowList
    rows: Mapping[str, str] = field(default_factory=dict)
    by_unit: bool = False
    """True: also formed per unit, from that unit's own rows."""


def _connected(calls: CallCounts, numerator: int) -> Rate:
    return Rate(
        numerator,
        calls.offered - calls.waiting - calls.short,
        (Exclusion("still_waiting", calls.waiting), Exclusion("short_abandon", calls.short)),
    )


def connect_rate(figures: Figures) -> Rate:
    """Answered by a person of those who asked for one; who waits at this moment is undecided."""
    return _connected(figures.calls, figures.calls.answered)


def answered_15s_rate(figures: Figures) -> Rate:
    """Answered within 15 s of those who asked for a person (not of those answered: that variant flatters)."""
    return _connected(figures.calls, figures.calls.answered_15s)


def _not_requests(figures: Figures) -> tuple[Exclusion, ...]:
    requests = figures.requests
    return (
        Exclusion("draft", requests.drafts),
        Exclusion("discarded", requests.discarded),
        Exclusion("redo_round", requests.redo_rounds),
    )


def direct_rate(figures: Figures) -> Rate:
    """Answered on the spot of all requests received."""
    return Rate(figures.requests.direct, figures.requests.total, _not_requests(figures))


def closure_rate(figures: Figures) -> Rate:
    """Closed by now of all requests received: open ones stay in the base, a request in redo is open again."""
    requests = figures.requests
    return Rate(requests.closed - requests.in_redo, requests.total, _not_requests(figures))


def on_time_closure_rate(figures: Figures) -> Rate:
    """Closed on or before the due moment of those due in the period."""
    done = figures.handling
    return Rate(
        done.due_on_time,
        done.due_on_time + done.due_late,
        (Exclusion("open_not_yet_due", done.due_undecided),),
    )


def response_rate(figures: Figures) -> Rate:
    """Caller contacted within the limit of the tickets dispatched in the period."""
    done = figures.handling
    return Rate(
        done.contact_in_time,
        done.contact_in_time + done.contact_missed,
        (Exclusion("contact_not_yet_due", done.contact_undecided),),
    )


def resolution_rate(figures: Figures) -> Rate:
    """The caller's own "solved" of the follow-ups in the period that answered the question; never the unit's word."""
    done = figures.handling
    answered = done.solved_yes + done.solved_no
    return Rate(done.solved_yes, answered, (Exclusion("question_unanswered", done.asked - answered),))


def satisfaction_rate(figures: Figures) -> Rate:
    """The caller's own "satisfied" of the follow-ups in the period that answered the question."""
    done = figures.handling
    answered = done.satisfied_yes + done.satisfied_no
    return Rate(done.satisfied_yes, answered, (Exclusion("question_unanswered", done.asked - answered),))


def return_rate(figures: Figures) -> Rate:
    """Returned by units of those dispatched. The transition table has no return yet, so the numerator is truly 0."""
    return Rate(0, figures.handling.dispatched)


def redo_rate(figures: Figures) -> Rate:
    """Sent back for another round of those a unit handled and closed in the period."""
    done = figures.handling
    return Rate(done.redone, done.handled, (Exclusion("answered_directly", done.closed - done.handled),))


def followup_rate(figures: Figures) -> Rate:
    """Follow-up attempted of those handled and closed in the period whose caller is to be asked."""
    done = figures.handling
    return Rate(
        done.followed,
        done.to_follow,
        (
            Exclusion("follow_up_exempt", done.follow_exempt),
            Exclusion("follow_up_not_yet_due", done.follow_not_yet),
            Exclusion("answered_directly", done.closed - done.handled),
        ),
    )


STATISTICS: tuple[Statistic, ...] = (
    Statistic(
        "connect_rate",
        "接通率",
        "人工接听的来电 ÷ 要求人工的来电",
        Cohort.CALLS_ARRIVED,
        connect_rate,
        RowList.CALLS,
    ),
    Statistic(
        "answered_15s_rate",
        "15秒接通率",
        "15秒内人工接听的来电 ÷ 要求人工的来电",
        Cohort.CALLS_ARRIVED,
        answered_15s_rate,
        RowList.CALLS,
    ),
    Statistic(
        "direct_rate",
        "直办率",
        "当场答复办结的诉求 ÷ 受理的诉求",
        Cohort.RECEIVED,
        direct_rate,
        RowList.TICKETS,
        {"closing": "answered_direct"},
    ),
    Statistic(
        "closure_rate",
        "办结率",
        "截至统计时刻已办结的诉求 ÷ 受理的诉求",
        Cohort.RECEIVED,
        closure_rate,
        RowList.TICKETS,
        {"state": "closed"},
    ),
    Statistic(
        "on_time_closure_rate",
        "按时办结率",
        "到期日在本期且按时办结的工单 ÷ 到期日在本期的工单",
        Cohort.DUE,
        on_time_closure_rate,
        RowList.TICKETS,
        by_unit=True,
    ),
    Statistic(
        "response_rate",
        "响应率",
        "按时先行联系的工单 ÷ 本期转办的工单",
        Cohort.DISPATCHED,
        response_rate,
        RowList.TICKETS,
        by_unit=True,
    ),
    Statistic(
        "resolution_rate",
        "解决率",
        "来电人回答已解决 ÷ 本期回访中回答了此问的工单",
        Cohort.FOLLOWED_UP,
        resolution_rate,
        RowList.TICKETS,
        by_unit=True,
    ),
    Statistic(
        "satisfaction_rate",
        "满意率",
        "来电人回答满意 ÷ 本期回访中回答了此问的工单",
        Cohort.FOLLOWED_UP,
        satisfaction_rate,
        RowList.TICKETS,
        by_unit=True,
    ),
    Statistic(
        "return_rate",
        "退单率",
        "承办单位退回的工单 ÷ 本期转办的工单",
        Cohort.DISPATCHED,
        return_rate,
        RowList.TICKETS,
        by_unit=True,
    ),
    Statistic(
        "redo_rate",
        "重办率",
        "回访后重办的工单 ÷ 本期经单位办结的工单",
        Cohort.CLOSED,
        redo_rate,
        RowList.TICKETS,
        {"closing": "handled"},
        by_unit=True,
    ),
    Statistic(
        "followup_rate",
        "回访率",
        "已回访的工单 ÷ 本期经单位办结且应回访的工单",
        Cohort.CLOSED,
        followup_rate,
        RowList.TICKETS,
        {"closing": "handled"},
        by_unit=True,
    ),
)
"""Every rate of the public contract, in the order it is printed."""
