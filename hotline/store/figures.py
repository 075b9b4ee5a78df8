"""Counting for reports: a handful of indexed aggregates, each one cohort, each returning frozen counts.

Sums are formed by the database in one pass per cohort; nothing here loads a ticket or a call. The definitions
of the cohorts stand in `rules.figures`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from hotline.rules.figures import Handling, RequestCounts, RequestGroup, UnitFigures
from hotline.rules.tickets import OPEN_AT_UNIT
from hotline.rules.words import Closing, FollowUpState, Satisfied, Solved, TicketState
from hotline.store.callbacks import FollowUp
from hotline.store.people import Unit
from hotline.store.tickets import UNFINISHED, Ticket
from hotline.store.windows import Window

IS_NUMBERED = Ticket.state.not_in((TicketState.DRAFT, TicketState.DISCARDED))
"""A finished or open ticket. Said as what it is not: SQLite then walks the index of the cohort's moment, not of the state."""

WAITS_FOR_A_DESK = and_(Ticket.state == TicketState.DRAFT, Ticket.external_number.is_not(None))
"""An imported request without a unit: a draft to us, but accepted by the system it came from."""


@dataclass(frozen=True, slots=True)
class OpenTickets:
    """Tickets open at this moment, by unit (None: none yet), with what a balance needs of them."""

    by_unit: dict[str | None, tuple[int, int]]
    """Unit -> (open, of these overdue)."""
    received_before: int
    received_by_end: int


def one_snapshot(session: Session) -> None:
    """Let every count of a report see the same moment of the database (SQLite always does)."""
    if session.get_bind().dialect.name == "postgresql" and not session.in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def count_requests(session: Session, window: Window) -> RequestCounts:
    """Count everything received in the period, by class, type and channel."""
    ghost = or_(
        Ticket.state == TicketState.DISCARDED, and_(Ticket.state == TicketState.DRAFT, ~WAITS_FOR_A_DESK)
    )
    request = and_(~ghost, Ticket.redo_of.is_(None))
    closed = Ticket.state == TicketState.CLOSED
    counts = {
        "total": request,
        "closed": and_(request, closed),
        "direct": and_(request, Ticket.closing == Closing.ANSWERED_DIRECT),
        "open": and_(request, ~closed),
        "drafts": and_(ghost, Ticket.state == TicketState.DRAFT),
        "discarded": Ticket.state == TicketState.DISCARDED,
        "redo_rounds": and_(~ghost, Ticket.redo_of.is_not(None)),
    }
    keys = (Ticket.klass, Ticket.type, Ticket.channel)
    found = (
        select(*keys, func.count().label("rows"), *_counted(counts))
        .where(window.includes(Ticket.received_on))
        .group_by(*keys)
    )
    rows = session.execute(found).all()
    return RequestCounts(
        groups=tuple(
            RequestGroup(r.klass, r.type, r.channel, r.total, r.closed, r.direct, r.open)
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
    """Count the requests received in the period of which a later round is open."""
    later, again = aliased(Ticket), aliased(Ticket)
    rounds = (
        select(later.id, later.state)
        .join(Ticket, later.redo_of == Ticket.id)
        .where(window.includes(Ticket.received_on), Ticket.round == 1)
        .cte("rounds", recursive=True)
    )
    rounds = rounds.union_all(select(again.id, again.state).join(rounds, again.redo_of == rounds.c.id))
    return session.scalar(select(func.count()).where(rounds.c.state.in_(OPEN_AT_UNIT))) or 0


def count_handling(session: Session, window: Window) -> dict[str | None, Handling]:
    """Count what units did in the period; key None gathers tickets without a unit."""
    total: defaultdict[str | None, Handling] = defaultdict(Handling)
    for query in (_due(window), _contact(window), _closed(window), _asked(window)):
        for row in session.execute(query):
            total[row.unit_code] += Handling(**_without_unit(row))
    return dict(total)


def _due(window: Window) -> Select[Any]:
    on_time = Ticket.closed_at <= Ticket.due_at
    open_yet = and_(Ticket.closed_at.is_(None), Ticket.due_at > window.at)
    counts = {
        "due_on_time": on_time,
        "due_late": or_(Ticket.closed_at > Ticket.due_at, and_(Ticket.closed_at.is_(None), ~open_yet)),
        "due_undecided": open_yet,
    }
    # A due moment is the first that is late (midnight after the last day), hence (start, end].
    cohort = and_(Ticket.due_at > window.start, Ticket.due_at <= window.end)
    return _by_unit(counts, cohort, IS_NUMBERED)


def _contact(window: Window) -> Select[Any]:
    limit = func.coalesce(Ticket.contact_due, Ticket.due_at, type_=Ticket.due_at.type)
    # A reply to the caller is a contact, recorded as one or not.
    contact = func.coalesce(Ticket.first_contact_at, Ticket.replied_at, type_=Ticket.replied_at.type)
    in_time = and_(contact.is_not(None), or_(limit.is_(None), contact <= limit))
    undecided = and_(contact.is_(None), Ticket.closed_at.is_(None), or_(limit.is_(None), limit > window.at))
    counts = {
        "contact_in_time": in_time,
        "contact_undecided": undecided,
        "contact_missed": or_(
            and_(contact.is_not(None), contact > limit),
            and_(contact.is_(None), or_(Ticket.closed_at.is_not(None), limit <= window.at)),
        ),
    }
    return _by_unit(counts, window.covers(Ticket.dispatched_at), IS_NUMBERED)


def _closed(window: Window) -> Select[Any]:
    handled = Ticket.closing == Closing.HANDLED
    attempted = or_(FollowUp.attempts > 0, Ticket.followed_up_at.is_not(None))
    never = func.coalesce(FollowUp.attempts, 0) == 0
    exempt = and_(FollowUp.state == FollowUpState.EXEMPT, never, Ticket.followed_up_at.is_(None))
    not_yet = and_(
        FollowUp.state.in_((FollowUpState.WAITING, FollowUpState.DIALLING)),
        FollowUp.next_try_at > window.at,
        never,
        Ticket.followed_up_at.is_(None),
    )
    out = or_(func.coalesce(exempt, False), func.coalesce(not_yet, False))
    later = aliased(Ticket)
    counts = {
        "closed": Ticket.id.is_not(None),
        "handled": handled,
        "redone": and_(handled, select(later.id).where(later.redo_of == Ticket.id).exists()),
        "to_follow": and_(handled, ~out),
        "followed": and_(handled, ~out, attempted),
        "follow_exempt": and_(handled, exempt),
        "follow_not_yet": and_(handled, not_yet),
    }
    query = _by_unit(counts, window.covers(Ticket.closed_at), IS_NUMBERED)
    return query.outerjoin(FollowUp, FollowUp.ticket_id == Ticket.id)


def _asked(window: Window) -> Select[Any]:
    counts = {
        "asked": Ticket.id.is_not(None),
        "solved_yes": Ticket.solved == Solved.YES,
        "solved_no": Ticket.solved == Solved.NO,
        "satisfied_yes": Ticket.satisfied == Satisfied.YES,
        "satisfied_no": Ticket.satisfied == Satisfied.NO,
    }
    return _by_unit(counts, window.covers(Ticket.followed_up_at), IS_NUMBERED)


def count_open(session: Session, window: Window) -> OpenTickets:
    """Count what is open now, and how much of it was received before the period and by its end."""
    counts = {
        "open": Ticket.id.is_not(None),
        "overdue": and_(Ticket.state != TicketState.DRAFT, Ticket.due_at <= window.at),
        "before": Ticket.received_on < window.period.first,
        "by_end": Ticket.received_on <= window.period.last,
    }
    unfinished = text(UNFINISHED)
    mine = or_(Ticket.state != TicketState.DRAFT, Ticket.external_number.is_not(None))
    rows = session.execute(_by_unit(counts, mine).where(unfinished)).all()
    return OpenTickets(
        {row.unit_code: (row.open, row.overdue) for row in rows},
        sum(row.before for row in rows),
        sum(row.by_end for row in rows),
    )


def count_open_then(session: Session, window: Window) -> tuple[int, int]:
    """Count tickets closed since that were still open before the period, and after it.

    Both in one walk along the index: closed at or after the start.
    """
    before = Ticket.received_on < window.period.first
    after = and_(Ticket.closed_at >= window.end, Ticket.received_on <= window.period.last)
    found = select(func.count().filter(before), func.count().filter(after)).where(
        Ticket.closed_at >= window.start
    )
    opening, closing = session.execute(found).one()
    return opening, closing


def name_units(
    session: Session, handling: dict[str | None, Handling], open_now: OpenTickets
) -> tuple[UnitFigures, ...]:
    """Return the figures of every unit that has any, by code, with its names."""
    codes = {code for code in (*handling, *open_now.by_unit) if code is not None}
    found = select(Unit.code, Unit.name_zh, Unit.name_en).where(Unit.code.in_(codes)).order_by(Unit.code)
    return tuple(
        UnitFigures(code, zh, en, handling.get(code, Handling()), *open_now.by_unit.get(code, (0, 0)))
        for code, zh, en in session.execute(found)
    )


def _counted(counts: dict[str, ColumnElement[bool]]) -> Iterable[ColumnElement[int]]:
    return [func.count().filter(condition).label(name) for name, condition in counts.items()]


def _by_unit(counts: dict[str, ColumnElement[bool]], *where: ColumnElement[bool]) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [Ticket.unit_code.expression, *_counted(counts)]
    return select(*columns).where(*where).group_by(Ticket.unit_code)


def _without_unit(row: Row[Any]) -> dict[str, int]:
    return {name: value for name, value in row._mapping.items() if name != "unit_code"}  # noqa: SLF001 - a Row's public view
