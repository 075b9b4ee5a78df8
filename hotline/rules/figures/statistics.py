"""The published rates: one pure function over the counts and one registry entry each.

To add a statistic, write one function, one entry in `STATISTICS`, and its labels
(`agent_console/reports/labels.py` and the catalogues); page, files and API iterate the registry. The
definitions follow the trade (GB/T 33358-2016; formulas of Hengdong 2025, Ningguo 2022, Jiangyin 2023,
Beijing's three rates). Where sources differ the function says which one is used. In all of them an open
ticket that is not yet due is neither a failure nor a success, and closed does not mean solved.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hotline.rules.figures.rates import Exclusion, Rate
from hotline.rules.figures.report import CallCounts, Figures


class Cohort(StrEnum):
    """The rows a rate is about."""

    CALLS_ARRIVED = "calls_arrived"
    RECEIVED = "received"
    DUE = "due"
    DISPATCHED = "dispatched"
    CLOSED = "closed"
    FOLLOWED_UP = "followed_up"


class RowList(StrEnum):
    """The list in which the rows behind a rate are shown."""

    CALLS = "calls"
    TICKETS = "tickets"


@dataclass(frozen=True, slots=True)
class Statistic:
    """One published rate. `numerator` and `denominator` name the counts whose rows are behind the two numbers."""

    name: str
    cohort: Cohort
    compute: Callable[[Figures], Rate]
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    # True: also computed per unit, from that unit's own rows.
    by_unit: bool = False

    @property
    def rows(self) -> RowList:
        return RowList.CALLS if self.cohort is Cohort.CALLS_ARRIVED else RowList.TICKETS


def _connected(calls: CallCounts, numerator: int) -> Rate:
    return Rate(
        numerator,
        calls.offered - calls.waiting - calls.short,
        (Exclusion("still_waiting", calls.waiting), Exclusion("short_abandon", calls.short)),
    )


def connect_rate(figures: Figures) -> Rate:
    """Returns calls answered by an operator of calls that joined the queue; a caller still waiting is undecided."""
    return _connected(figures.calls, figures.calls.answered)


def answered_15s_rate(figures: Figures) -> Rate:
    """Returns calls answered within 15 s of calls that joined the queue."""
    # Not of the answered calls: that variant makes the rate look better.
    return _connected(figures.calls, figures.calls.answered_15s)


def _not_requests(figures: Figures) -> tuple[Exclusion, ...]:
    requests = figures.requests
    return (
        Exclusion("draft", requests.drafts),
        Exclusion("discarded", requests.discarded),
        Exclusion("redo_round", requests.redo_rounds),
    )


def direct_rate(figures: Figures) -> Rate:
    """Returns requests answered during the call of all requests received."""
    return Rate(figures.requests.direct, figures.requests.total, _not_requests(figures))


def closure_rate(figures: Figures) -> Rate:
    """Returns requests closed by now of all requests received; open ones stay in the base, a request in redo is open."""
    requests = figures.requests
    return Rate(requests.closed - requests.in_redo, requests.total, _not_requests(figures))


def on_time_closure_rate(figures: Figures) -> Rate:
    """Returns tickets closed on or before the due moment of those due in the period."""
    done = figures.handling
    return Rate(
        done.due_on_time,
        done.due_on_time + done.due_late,
        (Exclusion("open_not_yet_due", done.due_undecided),),
    )


def response_rate(figures: Figures) -> Rate:
    """Returns tickets whose caller was contacted within the limit of the tickets dispatched in the period."""
    done = figures.handling
    return Rate(
        done.contact_in_time,
        done.contact_in_time + done.contact_missed,
        (
            Exclusion("contact_not_yet_due", done.contact_undecided),
            Exclusion("contact_unknown", done.contact_unknown),
        ),
    )


def resolution_rate(figures: Figures) -> Rate:
    """Returns callers who said "solved" of the follow-ups in the period that answered the question."""
    done = figures.handling
    answered = done.solved_yes + done.solved_no
    return Rate(done.solved_yes, answered, (Exclusion("question_unanswered", done.asked - answered),))


def satisfaction_rate(figures: Figures) -> Rate:
    """Returns callers who said "satisfied" of the follow-ups in the period that answered the question."""
    done = figures.handling
    answered = done.satisfied_yes + done.satisfied_no
    return Rate(done.satisfied_yes, answered, (Exclusion("question_unanswered", done.asked - answered),))


def return_rate(figures: Figures) -> Rate:
    """Returns tickets returned by units of those dispatched."""
    # No transition returns a ticket yet, so the numerator is truly 0.
    return Rate(0, figures.handling.dispatched)


def redo_rate(figures: Figures) -> Rate:
    """Returns tickets sent back for another round of those a unit handled and closed in the period."""
    done = figures.handling
    return Rate(done.redone, done.handled, (Exclusion("answered_directly", done.closed - done.handled),))


def followup_rate(figures: Figures) -> Rate:
    """Returns tickets with an attempted follow-up of those handled and closed in the period that require one."""
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


C = Cohort
_DECIDED_CALLS = ("answered", "abandoned", "left_for_callback", "otherwise_ended")
_DUE = ("due_on_time", "due_late")
_CONTACT = ("contact_in_time", "contact_missed")
_DISPATCHED = (*_CONTACT, "contact_undecided", "contact_unknown")

# Every rate of the public contract, in the order in which it is printed.
STATISTICS: tuple[Statistic, ...] = (
    Statistic("connect_rate", C.CALLS_ARRIVED, connect_rate, ("answered",), _DECIDED_CALLS),
    Statistic("answered_15s_rate", C.CALLS_ARRIVED, answered_15s_rate, ("answered_15s",), _DECIDED_CALLS),
    Statistic("direct_rate", C.RECEIVED, direct_rate, ("direct",), ("total",)),
    Statistic("closure_rate", C.RECEIVED, closure_rate, ("closed_for_good",), ("total",)),
    Statistic("on_time_closure_rate", C.DUE, on_time_closure_rate, ("due_on_time",), _DUE, by_unit=True),
    Statistic("response_rate", C.DISPATCHED, response_rate, ("contact_in_time",), _CONTACT, by_unit=True),
    Statistic(
        "resolution_rate",
        C.FOLLOWED_UP,
        resolution_rate,
        ("solved_yes",),
        ("solved_yes", "solved_no"),
        by_unit=True,
    ),
    Statistic(
        "satisfaction_rate",
        C.FOLLOWED_UP,
        satisfaction_rate,
        ("satisfied_yes",),
        ("satisfied_yes", "satisfied_no"),
        by_unit=True,
    ),
    Statistic("return_rate", C.DISPATCHED, return_rate, (), _DISPATCHED, by_unit=True),
    Statistic("redo_rate", C.CLOSED, redo_rate, ("redone",), ("handled",), by_unit=True),
    Statistic("followup_rate", C.CLOSED, followup_rate, ("followed",), ("to_follow",), by_unit=True),
)
