"""Nothing a report prints is left without words, and nothing has words that is not printed."""

from datetime import date

from agent_console.reports.labels import CALL_LABELS, EXCLUSION_LABELS, LINE_LABELS, STATISTIC_LABELS
from agent_console.reports.page import COUNT_LABELS
from hotline.rules.city import Claim
from hotline.rules.figures.reconciliation import check_claims, reconcile
from hotline.rules.figures.report import CallCounts, Figures, Period
from hotline.rules.figures.statistics import STATISTICS
from hotline.store.figures.drill_down import CALL_COUNTS, TICKET_COUNTS


def test_every_statistic_has_its_words() -> None:
    assert set(STATISTIC_LABELS) == {statistic.name for statistic in STATISTICS}


def test_every_exclusion_has_its_words() -> None:
    reasons = {part.reason for statistic in STATISTICS for part in statistic.compute(Figures()).exclusions}
    assert set(EXCLUSION_LABELS) == reasons


def test_every_line_has_its_words() -> None:
    today = date(2026, 11, 23)
    rates = {statistic.name: statistic.compute(Figures()) for statistic in STATISTICS}
    claims = check_claims([Claim("closure_rate", "1.00", last=today)], Period(today, today), rates)
    lines = {line.name for line in (*reconcile(Figures()), *(claim.line() for claim in claims))}
    assert set(LINE_LABELS) == lines


def test_every_count_of_calls_has_its_words() -> None:
    assert set(CALL_LABELS) == set(CallCounts.__dataclass_fields__)


def test_every_list_of_rows_has_a_name_and_every_number_of_a_statistic_a_list() -> None:
    listed = frozenset().union(*CALL_COUNTS, *TICKET_COUNTS)
    assert set(COUNT_LABELS) == listed
    for statistic in STATISTICS:
        for names in (statistic.numerator, statistic.denominator):
            assert any(set(names) <= known for known in (*CALL_COUNTS, *TICKET_COUNTS)), statistic.name
