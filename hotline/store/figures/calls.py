"""Counts calls and fulfilled callbacks for reports."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from hotline.rules.enums import CallbackState
from hotline.rules.figures.report import CallCounts, CurvePoint
from hotline.store.calls.tables import Call
from hotline.store.figures import cohorts
from hotline.store.figures.cohorts import Window, counted
from hotline.store.outbound import Callback


def count_calls(
    session: Session, window: Window, zone: ZoneInfo, threshold: int
) -> tuple[CallCounts, tuple[CurvePoint, ...]]:
    """Counts inbound calls that joined the queue, and their curve: by local hour for one day, else by day.

    `threshold` in seconds: shorter waits given up are `short`, not `abandoned`.
    """
    slot, labels = _slots(window, zone)
    cohort = cohorts.calls_offered(window)
    counts = cohort.counts
    query = select(slot.label("slot"), *counted(counts)).where(cohort.where).group_by("slot")
    by_slot = {row.slot: {name: row._mapping[name] for name in counts} for row in session.execute(query)}  # noqa: SLF001 - a Row's public view
    total = CallCounts(**{name: sum(part[name] for part in by_slot.values()) for name in counts})
    short = _short(session, window, threshold)
    none = dict.fromkeys(counts, 0)
    curve = tuple(
        CurvePoint(label, (part := by_slot.get(key, none))["offered"], part["answered"])
        for key, label in labels
    )
    return replace(
        total,
        abandoned=total.abandoned - short,
        short=short,
        called_back=_called_back(session, window),
    ), curve


def _slots(window: Window, zone: ZoneInfo) -> tuple[ColumnElement[Any], list[tuple[Any, str]]]:
    """Returns the expression by which a call's slot is grouped, and (slot, label) of every slot in order."""
    period = window.period
    if not period.one_day:
        days = [period.first + timedelta(days=step) for step in range((period.last - period.first).days + 1)]
        return Call.arrived_on.expression, [(day, day.isoformat()) for day in days]
    # Hours as absolute moments: right on days of 23 or 25 hours too, and the same on both databases.
    starts: list[datetime] = []
    moment = window.start
    while moment < window.end:
        starts.append(moment)
        moment += timedelta(hours=1)
    bounds = [(Call.arrived_at < end, index) for index, end in enumerate(starts[1:])]
    slot = case(*bounds, else_=len(starts) - 1)
    return slot, [(index, f"{start.astimezone(zone):%H}") for index, start in enumerate(starts)]


def _short(session: Session, window: Window, threshold: int) -> int:
    if threshold <= 0:
        return 0
    cohort = cohorts.calls_offered(window)
    given_up = select(Call.queued_at, Call.ended_at).where(cohort.where, cohort.counts["abandoned"])
    return sum(
        1
        for queued, ended in session.execute(given_up)
        if queued is not None and ended is not None and (ended - queued).total_seconds() < threshold
    )


def _called_back(session: Session, window: Window) -> int:
    query = select(func.count()).where(
        window.covers(Callback.promised_at), Callback.state == CallbackState.REACHED
    )
    return session.scalar(query) or 0
