"""The line's published totals to 2016-06-12, imported row by row: what they print, and what the printed rate would need."""

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from hotline.rules.city import Claim
from hotline.rules.enums import RequestClass
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine
from hotline.rules.tickets.rows import COLUMNS
from hotline.services.figures.reports import build_report
from hotline.services.tickets.import_file import import_tickets
from hotline.unit_of_work import Application

RECEIVED = {"complaint": 40_107, "consultation": 6_925, "suggestion": 1_084}
CLOSED = 47_878
FIRST, LAST = datetime(2011, 1, 1), datetime(2016, 6, 12)  # noqa: DTZ001 - local times, as the file writes them


def rows() -> Iterator[bytes]:
    """48,116 rows spread over those years; the last 238 are open and have no unit."""
    yield (",".join(COLUMNS) + "\n").encode()
    number = 0
    total = sum(RECEIVED.values())
    for kind, count in RECEIVED.items():
        for _ in range(count):
            received = FIRST + (LAST - FIRST) * (number / total)
            closed = f"{received + timedelta(hours=2):%Y-%m-%d %H:%M:%S}" if number < CLOSED else ""
            number += 1
            cells = {
                "external_number": f"{number}",
                "received_at": f"{received:%Y-%m-%dT%H:%M:%S}",
                "channel": "phone",
            }
            cells |= {"type": kind, "closed_at": closed}
            yield (",".join(cells.get(name, "") for name in COLUMNS) + "\n").encode()


@pytest.mark.timeout(300)
def test_the_published_totals_print_99_51_and_the_report_says_what_99_58_would_need(
    application: Application,
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert import_tickets(work, io.BytesIO(b"".join(rows()))).written == 48_116
    period = Period(FIRST.date(), LAST.date())
    claims = (Claim("closure_rate", "99.58", last=date(2016, 6, 12)),)
    with application.read_session() as session:
        report = build_report(
            session, period, at=application.clock(), policies=application.policies, claims=claims
        )
    requests, closure = report.figures.requests, report.rates["closure_rate"]
    assert requests.total == 48_116
    assert {word.value: requests.by_class()[word] for word in RequestClass} == RECEIVED | {"other": 0}
    assert (closure.numerator, closure.denominator, closure.value) == (47_878, 48_116, "99.51")
    (broken,) = [line for line in report.reconciliation if not line.ok]
    assert (broken.left, broken.right) == ("99.58", "99.51")
    assert "numerator 47912-47916 or denominator 48078-48082" in broken.line
