"""Builds the day's report, or the report of any range of days, from one snapshot of the database.

Reports read only; they take a session and the moment instead of a unit of work.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hotline.rules.city import Claim
from hotline.rules.enums import CallPurpose
from hotline.rules.figures.rates import Rate
from hotline.rules.figures.reconciliation import (
    CheckedClaim,
    ReconciliationLine,
    check_claims,
    reconcile,
)
from hotline.rules.figures.report import Balance, Figures, Handling, Period
from hotline.rules.figures.statistics import STATISTICS
from hotline.rules.policies import Policies
from hotline.store.figures import calls as call_figures
from hotline.store.figures import tickets as rows
from hotline.store.figures.cohorts import Window, window_of


@dataclass(frozen=True, slots=True)
class UnitReport:
    """The part of one unit: counts of the period, `open` and `overdue` as of now, and the rates computed per unit."""

    code: str
    name_zh: str
    name_en: str
    dispatched: int
    closed: int
    open: int
    overdue: int
    rates: dict[str, Rate]


@dataclass(frozen=True, slots=True)
class Report:
    """All contents of a report. `as_of` is the moment of counting, in the city's time zone."""

    period: Period
    timezone: str
    as_of: datetime
    figures: Figures
    rates: dict[str, Rate]
    units: tuple[UnitReport, ...]
    claims: tuple[CheckedClaim, ...]
    reconciliation: tuple[ReconciliationLine, ...]


def build_report(
    session: Session, period: Period, *, at: datetime, policies: Policies, claims: Iterable[Claim] = ()
) -> Report:
    """Returns the report of `period` as the rows are at `at`.

    `claims` are published rates; those about exactly this period are checked against the computed ones.
    """
    rows.one_snapshot(session)
    counted = _count(session, window_of(period, policies.zone, at), policies)
    rates = {statistic.name: statistic.compute(counted) for statistic in STATISTICS}
    checked = check_claims(claims, period, rates)
    return Report(
        period=period,
        timezone=policies.zone.key,
        as_of=at.astimezone(policies.zone),
        figures=counted,
        rates=rates,
        units=tuple(_unit_reports(counted)),
        claims=checked,
        reconciliation=(*reconcile(counted), *(claim.line() for claim in checked)),
    )


def _count(session: Session, window: Window, policies: Policies) -> Figures:
    calls, curve = call_figures.count_calls(session, window, policies.zone, policies.queue.abandon_threshold)
    requests = rows.count_requests(session, window)
    handling = rows.count_handling(session, window)
    open_now = rows.count_open(session, window)
    everyone = sum(handling.values(), Handling())
    opening, closing = rows.count_open_then(session, window)
    return Figures(
        calls=calls,
        received=call_figures.count_groups(session, window, CallPurpose.INBOUND),
        callbacks=call_figures.count_groups(session, window, CallPurpose.CALLBACK),
        requests=requests,
        handling=everyone,
        balance=Balance(
            opening=open_now.received_before + opening,
            received=requests.total + requests.redo_rounds,
            closed=everyone.closed,
            open=open_now.received_by_end + closing,
        ),
        units=rows.name_units(session, handling, open_now),
        without_unit=handling.get(None, Handling()),
        curve=curve,
    )


def _unit_reports(counted: Figures) -> Iterable[UnitReport]:
    for unit in counted.units:
        own = Figures(handling=unit.handling)
        yield UnitReport(
            code=unit.code,
            name_zh=unit.name_zh,
            name_en=unit.name_en,
            dispatched=unit.handling.dispatched,
            closed=unit.handling.closed,
            open=unit.open,
            overdue=unit.overdue,
            rates={statistic.name: statistic.compute(own) for statistic in STATISTICS if statistic.by_unit},
        )
