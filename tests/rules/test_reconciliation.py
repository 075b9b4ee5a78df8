"""Every reconciliation line and every exclusion, with its name, its words and both sides.

Each count is a different power of two, so that a term left out, added twice or with a wrong sign shows in the sum.
"""

from datetime import date

import pytest

from hotline.rules.city import Claim
from hotline.rules.enums import (
    AfterCall,
    CallOutcome,
    CallRecord,
    Channel,
    NoMatterReason,
    RequestClass,
    RequestType,
)
from hotline.rules.figures.rates import Rate
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
)
from hotline.rules.figures.statistics import STATISTICS

K, T = RequestClass, RequestType
END, R, A = CallOutcome, CallRecord, AfterCall
DAY = date(2026, 11, 23)

FIGURES = Figures(
    calls=CallCounts(
        offered=1,
        answered=2,
        abandoned=4,
        short=8,
        left_for_callback=16,
        waiting=32,
        otherwise_ended=64,
    ),
    received=CallGroups(
        groups=(
            CallGroup(END.ANSWERED, R.NO_MATTER, NoMatterReason.SILENT, A.SATISFIED, 1, answered=1024),
            CallGroup(END.ANSWERED, R.TICKET, None, A.NO_ANSWER, 2, answered=2048),
            CallGroup(END.QUEUE_FULL, R.NO_MATTER, NoMatterReason.TEST, A.NO_ANSWER, 4, answered=8),
            CallGroup(END.MESSAGE, R.OPEN, None, A.NO_ANSWER, 16, not_queued=32),
            CallGroup(END.MESSAGE, R.NO_MATTER, NoMatterReason.SILENT, A.NO_ANSWER, 64, not_queued=128),
        ),
        rows=256,
    ),
    curve=(CurvePoint("08", 128, 0), CurvePoint("09", 256, 0)),
    requests=RequestCounts(
        groups=(
            RequestGroup(K.COMPLAINT, T.REPORT, Channel.PHONE, total=1, closed=2, direct=0, open=4),
            RequestGroup(K.CONSULTATION, T.CONSULTATION, Channel.WEB, total=8, closed=16, direct=0, open=32),
            RequestGroup(K.SUGGESTION, T.PRAISE, Channel.APP, total=64, closed=128, direct=0, open=256),
            RequestGroup(K.OTHER, T.OTHER, Channel.OTHER, total=512, closed=1024, direct=0, open=2048),
            RequestGroup(None, None, Channel.PHONE, total=4096, closed=0, direct=0, open=0),
        ),
        drafts=8192,
        discarded=16384,
        redo_rounds=32768,
        rows=65536,
    ),
    balance=Balance(opening=1, received=2, closed=4, open=8),
    units=(
        UnitFigures("a", "甲局", "Bureau A", Handling(closed=16)),
        UnitFigures("b", "乙局", "Bureau B", Handling(closed=32)),
    ),
    without_unit=Handling(closed=64),
)

LINES = [
    (
        "classes",
        "by_class.complaint + by_class.consultation + by_class.suggestion + by_type.other = requests.total",
        1 + 8 + 64 + 512,
        1 + 8 + 64 + 512 + 4096,
    ),
    ("types", "sum of by_type = requests.total", 1 + 8 + 64 + 512, 1 + 8 + 64 + 512 + 4096),
    ("channels", "sum of by_channel = requests.total", 4681, 4681),
    ("class_complaint", "by_class.complaint = its types in by_type", 1, 1),
    ("class_consultation", "by_class.consultation = its types in by_type", 8, 8),
    ("class_suggestion", "by_class.suggestion = its types in by_type", 64, 64),
    (
        "closed_open",
        "requests closed + open = requests.total",
        2 + 16 + 128 + 1024 + 4 + 32 + 256 + 2048,
        4681,
    ),
    (
        "tickets_received",
        "requests.total + drafts + discarded + redo rounds = tickets received",
        4681 + 8192 + 16384 + 32768,
        65536,
    ),
    ("outcomes", "sum of by_outcome = calls.received", 1 + 2 + 4 + 16 + 64, 256),
    (
        "received",
        "calls.offered + calls that never joined the queue = calls.received",
        1 + 32 + 128,
        256,
    ),
    (
        "answered",
        "by_outcome.answered + answered after a full queue = calls.answered",
        1 + 2 + 8,
        2,
    ),
    ("ended_as", "sum of ended_as = by_outcome.answered", 1 + 2, 1 + 2),
    (
        "no_matter",
        "ended_as.no_matter + no matter of calls not answered = sum of no_matter",
        1 + 4 + 64,
        1 + 4 + 64,
    ),
    ("after_call", "sum of after_call = by_outcome.answered", 1 + 2, 1 + 2),
    (
        "calls",
        (
            "calls answered + abandoned + short waits + left for callback + still waiting + otherwise ended"
            " = calls.offered"
        ),
        2 + 4 + 8 + 16 + 32 + 64,
        1,
    ),
    ("curve", "sum of the curve's calls offered = calls.offered", 128 + 256, 1),
    ("balance", "tickets open before + received - closed = open after", 1 + 2 - 4, 8),
    ("units", "tickets closed by unit + without unit = closed", 16 + 32 + 64, 4),
]


@pytest.mark.parametrize("number", range(len(LINES)))
def test_a_line_has_its_name_its_words_and_both_sides(number: int) -> None:
    line = reconcile(FIGURES)[number]
    assert (line.name, line.line, line.left, line.right) == LINES[number]
    assert line.ok == (line.left == line.right)


def test_a_report_has_exactly_these_lines() -> None:
    assert len(reconcile(FIGURES)) == len(LINES)


def test_a_claim_that_fails_names_both_ways_to_make_it_true() -> None:
    (checked,) = check_claims(
        [Claim("closure_rate", "99.58", last=DAY)], Period(DAY, DAY), {"closure_rate": Rate(47_878, 48_116)}
    )
    line = checked.line()
    assert line.name == "claim"
    assert line.line == (
        "published closure_rate = computed closure_rate"
        " (99.58 needs numerator 47912-47916 or denominator 48078-48082)"
    )
    assert describe_matches(checked.matches) == "numerator 47912-47916 or denominator 48078-48082"


def test_the_denominators_of_a_claim_of_nothing_have_no_end() -> None:
    """0 of any number prints 0.00 %, so only the lower end of the denominators is a number."""
    (checked,) = check_claims(
        [Claim("closure_rate", "0.00", last=DAY)], Period(DAY, DAY), {"closure_rate": Rate(0, 7)}
    )
    assert describe_matches(checked.matches).endswith(" or denominator 1-")


BY_NAME = {statistic.name: statistic for statistic in STATISTICS}
COUNTED = Figures(
    calls=CallCounts(offered=1000, answered=1, answered_15s=2, short=4, waiting=8),
    requests=RequestCounts(
        groups=(RequestGroup(K.COMPLAINT, T.HELP, Channel.PHONE, total=100, closed=50, direct=20, open=50),),
        drafts=1,
        discarded=2,
        redo_rounds=4,
        in_redo=8,
    ),
    handling=Handling(
        due_on_time=1,
        due_late=2,
        due_undecided=4,
        contact_in_time=8,
        contact_missed=16,
        contact_undecided=30,
        contact_unknown=2,
        closed=64,
        handled=40,
        redone=5,
        to_follow=30,
        followed=20,
        follow_exempt=3,
        follow_not_yet=7,
        asked=100,
        solved_yes=11,
        solved_no=22,
        satisfied_yes=33,
        satisfied_no=44,
    ),
)
CALLS_APART = {"still_waiting": 8, "short_abandon": 4}
NO_REQUESTS = {"draft": 1, "discarded": 2, "redo_round": 4}
RATES = {
    "connect_rate": (1, 1000 - 8 - 4, CALLS_APART),
    "answered_15s_rate": (2, 1000 - 8 - 4, CALLS_APART),
    "direct_rate": (20, 100, NO_REQUESTS),
    "closure_rate": (50 - 8, 100, NO_REQUESTS),
    "on_time_closure_rate": (1, 3, {"open_not_yet_due": 4}),
    "response_rate": (8, 24, {"contact_not_yet_due": 30, "contact_unknown": 2}),
    "resolution_rate": (11, 33, {"question_unanswered": 67}),
    "satisfaction_rate": (33, 77, {"question_unanswered": 23}),
    "return_rate": (0, 56, {}),
    "redo_rate": (5, 40, {"answered_directly": 24}),
    "followup_rate": (20, 30, {"follow_up_exempt": 3, "follow_up_not_yet_due": 7, "answered_directly": 24}),
}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_rate_names_every_row_it_leaves_out_and_why(name: str) -> None:
    rate = BY_NAME[name].compute(COUNTED)
    left_out = {exclusion.reason: exclusion.count for exclusion in rate.exclusions}
    assert (rate.numerator, rate.denominator, left_out) == RATES[name]
