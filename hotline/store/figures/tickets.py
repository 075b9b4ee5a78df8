"""Counts tickets for reports: one indexed aggregate per cohort, each returning frozen counts.

The database forms the sums in one pass per cohort; no ticket is loaded.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, Select, case, func, or_, select, text
from sqlalchemy.orm import Session

from hotline.rules.enums import TicketState
from hotline.rules.figures.report import Handling, RequestCounts, RequestGroup, UnitFigures
from hotline.store.figures import cohorts
from hotline.store.figures.cohorts import Window, counted, with_follow_up
from hotline.store.people.units import list_units
from hotline.store.tickets.deadlines import is_overdue
from hotline.store.tickets.tables import UNFINISHED, Ticket


@dataclass(frozen=True, slots=True)
class OpenTickets:
    """Tickets open at this moment, by unit (None: none yet), with the counts a balance needs."""

    # Unit -> (open, of these overdue).
    by_unit: dict[str | None, tuple[int, int]]
    received_before: int
    received_by_end: int


def one_snapshot(session: Session) -> None:
    """Makes every count of a report read the same snapshot of the database (SQLite always does)."""
    if session.get_bind().dialect.name == "postgresql" and not session.in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def count_requests(session: Session, window: Window) -> RequestCounts:
    """Counts everything received in the period, by class, type and channel."""
    cohort = cohorts.received(window)
    keys = (Ticket.request_class, Ticket.type, Ticket.channel)
    query = select(*keys, func.count().label("rows"), *counted(cohort.counts)).where(cohort.where)
    rows = session.execute(query.group_by(*keys).order_by(*keys)).all()
    return RequestCounts(
        groups=tuple(
            RequestGroup(r.request_class, r.type, r.channel, r.total, r.closed_once, r.direct, r.open)
            for r in rows
            if r.total
        ),
        drafts=sum(row.drafts for row in rows),
        discarded=sum(row.discarded for row in rows),
        redo_rounds=sum(row.redo_rounds for row in rows),
        in_redo=_in_redo(session, window),
        rows=sum(row.rows for row in rows),
    )


def _in_redo(session: Session, window: Window) -> int:
    redone = cohorts.redone_tickets()
    requests = select(func.count()).select_from(redone).join(Ticket, Ticket.id == redone.c.id)
    return session.scalar(requests.where(cohorts.is_request(window))) or 0


def count_handling(session: Session, window: Window) -> dict[str | None, Handling]:
    """Counts the units' handling in the period; key None collects tickets without a unit."""
    total: defaultdict[str | None, Handling] = defaultdict(Handling)
    for cohort_of in cohorts.HANDLING:
        cohort = cohort_of(window)
        for row in session.execute(with_follow_up(_by_unit(cohort.counts, cohort.where), cohort)):
            total[row.unit_code] += Handling(**_without_unit(row))
    return dict(total)


def count_open(session: Session, window: Window) -> OpenTickets:
    """Counts the tickets open now, and those of them received before the period and by its end."""
    counts = {
        "open": Ticket.id.is_not(None),
        "overdue": is_overdue(window.at),
        "before": Ticket.received_on < window.period.first,
        "by_end": Ticket.received_on <= window.period.last,
    }
    mine = or_(Ticket.state != TicketState.DRAFT, Ticket.external_number.is_not(None))
    rows = session.execute(_by_unit(counts, mine).where(text(UNFINISHED))).all()
    return OpenTickets(
        {row.unit_code: (row.open, row.overdue) for row in rows},
        sum(row.before for row in rows),
        sum(row.by_end for row in rows),
    )


def count_open_then(session: Session, window: Window) -> tuple[int, int]:
    """Counts tickets closed since that were still open before the period, and after it."""
    # Each day of receipt is one seek to the tickets closed late enough, so an old day costs as little as
    # yesterday.
    days = _days_of_receipt(window)
    of_day = select(func.count()).select_from(Ticket).where(Ticket.received_on == days.c.day)
    opening = of_day.where(Ticket.closed_at >= window.start).scalar_subquery()
    closing = of_day.where(Ticket.closed_at >= window.end).scalar_subquery()
    before = case((days.c.day < window.period.first, opening), else_=0)
    query = select(func.coalesce(func.sum(before), 0), func.coalesce(func.sum(closing), 0)).where(
        days.c.day <= window.period.last
    )
    was_open, is_open = session.execute(query).one()
    return int(was_open), int(is_open)


def _days_of_receipt(window: Window) -> CTE:
    """Returns every day on which a ticket was received, the last perhaps past the period; one seek a day."""
    days = select(func.min(Ticket.received_on).label("day")).cte("days", recursive=True)
    after = select(func.min(Ticket.received_on)).where(Ticket.received_on > days.c.day).scalar_subquery()
    return days.union_all(select(after).where(days.c.day < window.period.last))


def name_units(
    session: Session, handling: dict[str | None, Handling], open_now: OpenTickets
) -> tuple[UnitFigures, ...]:
    """Returns the counts of every unit that has any, by pinyin, with its names."""
    codes = {code for code in (*handling, *open_now.by_unit) if code is not None}
    return tuple(
        UnitFigures(
            unit.code,
            unit.name_zh,
            unit.name_en,
            handling.get(unit.code, Handling()),
            *open_now.by_unit.get(unit.code, (0, 0)),
        )
        for unit in list_units(session)
        if unit.code in codes
    )


def _by_unit(counts: Mapping[str, ColumnElement[bool]], where: ColumnElement[bool]) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [Ticket.unit_code.expression, *counted(counts)]
    return select(*columns).where(where).group_by(Ticket.unit_code)


def _without_unit(row: Row[Any]) -> dict[str, int]:
    return {name: value for name, value in row._mapping.items() if name != "unit_code"}  # noqa: SLF001 - a Row's public view
