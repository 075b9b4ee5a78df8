"""Counts calls and fulfilled callbacks for reports."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from hotline.rules.enums import CallbackState, CallOutcome, CallPurpose
from hotline.rules.figures.report import CallCounts, CallGroup, CallGroups, CurvePoint
from hotline.store.calls.outcomes import OUTCOME, RATING, RECORD, first_of
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
    cohort = cohorts.calls_offered(window, threshold)
    counts = cohort.counts
    query = select(slot.label("slot"), *counted(counts)).where(cohort.where).group_by("slot")
    by_slot = {row.slot: {name: row._mapping[name] for name in counts} for row in session.execute(query)}  # noqa: SLF001 - a Row's public view
    total = CallCounts(**{name: sum(part[name] for part in by_slot.values()) for name in counts})
    none = dict.fromkeys(counts, 0)
    curve = tuple(
        CurvePoint(label, (part := by_slot.get(key, none))["offered"], part["answered"])
        for key, label in labels
    )
    return replace(total, called_back=_called_back(session, window)), curve


def count_groups(session: Session, window: Window, purpose: CallPurpose) -> CallGroups:
    """Counts every call of one purpose that arrived in the period, by outcome, record, no-matter reason and rating."""
    where = cohorts.calls_of_purpose(window, purpose)
    # A call that we placed counts as answered when it reached an operator.
    placed = first_of(CallOutcome, (cohorts.IS_ANSWERED, CallOutcome.ANSWERED), otherwise=CallOutcome.OTHER)
    outcome = OUTCOME if purpose is CallPurpose.INBOUND else placed
    answered, talk = cohorts.IS_ANSWERED, and_(cohorts.IS_ANSWERED, Call.talk_seconds.is_not(None))
    query = select(
        outcome.label("outcome"),
        RECORD.label("record"),
        Call.no_matter,
        RATING.label("rating"),
        func.count().label("total"),
        func.count().filter(Call.queued_at.is_(None)).label("not_queued"),
        func.count().filter(answered).label("answered"),
        func.coalesce(func.sum(Call.wait_seconds).filter(answered), 0).label("waited"),
        func.max(Call.wait_seconds).label("longest_wait"),
        func.count().filter(talk).label("talks"),
        func.coalesce(func.sum(Call.talk_seconds).filter(talk), 0).label("talked"),
    )
    keys = "outcome", "record", Call.no_matter, "rating"
    rows = session.execute(query.where(where).group_by(*keys).order_by(*keys))
    return CallGroups(
        groups=tuple(CallGroup(**row._mapping) for row in rows),  # noqa: SLF001 - a Row's public view
        rows=session.scalar(select(func.count()).select_from(Call).where(where)) or 0,
    )


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


def _called_back(session: Session, window: Window) -> int:
    # The state is counted, not asked for: SQLite would read all callbacks that reached somebody.
    reached = func.count().filter(Callback.state == CallbackState.REACHED)
    return session.scalar(select(reached).where(window.covers(Callback.promised_at))) or 0
