"""Lists of calls and of promised callbacks, newest first, paged by cursor. Web adapters check the right to read them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallEnd,
    CallOutcome,
    CallPurpose,
    CallState,
)
from hotline.store.base import meets
from hotline.store.calls.outcomes import OUTCOME
from hotline.store.calls.tables import PLACED_BY_US, Call
from hotline.store.cursors import Page, id_cursor, make_page, parse_id_cursor
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.people.tables import User
from hotline.store.tickets.tables import Ticket

# States of a callback that is still open.
OPEN_CALLBACKS = (CallbackState.WAITING, CallbackState.DIALLING)


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Filters of the list of calls; empty means "all". `day` is the local day of arrival, `number` E.164."""

    day: date | None = None
    states: tuple[CallState, ...] = ()
    ends: tuple[CallEnd, ...] = ()
    # Only inbound calls have an outcome.
    outcomes: tuple[CallOutcome, ...] = ()
    purposes: tuple[CallPurpose, ...] = ()
    operator_id: int | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class CallLine:
    call: Call
    operator: User | None
    ticket: Ticket | None


@dataclass(frozen=True, slots=True)
class CallbackFilter:
    """Filters of the list of callbacks; empty means "all"."""

    states: tuple[CallbackState, ...] = ()
    reasons: tuple[CallbackReason, ...] = ()


@dataclass(frozen=True, slots=True)
class CallbackLine:
    """A callback with all its attempts, the first one first."""

    callback: Callback
    dials: tuple[Dial, ...]


def list_calls(session: Session, wanted: CallFilter, *, limit: int, cursor: str = "") -> Page[CallLine]:
    """Returns calls, the newest first. Raises BadCursor."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.day is not None:
        conditions.append(Call.arrived_on == wanted.day)
    if wanted.states:
        conditions.append(Call.state.in_(wanted.states))
    if wanted.ends:
        conditions.append(Call.end.in_(wanted.ends))
    if wanted.outcomes:
        conditions += [Call.purpose == CallPurpose.INBOUND, OUTCOME.in_(wanted.outcomes)]
    if wanted.purposes:
        conditions.append(Call.purpose.in_(wanted.purposes))
        # The same in narrower words, for the partial index.
        if CallPurpose.INBOUND not in wanted.purposes:
            conditions.append(meets("calls", PLACED_BY_US))
    if wanted.operator_id is not None:
        conditions.append(Call.operator_id == wanted.operator_id)
    if wanted.number:
        conditions.append(Call.number == wanted.number)
    if cursor:
        conditions.append(Call.id < parse_id_cursor(cursor))
    query = _call_lines().where(*conditions).order_by(Call.id.desc()).limit(limit + 1)
    lines = [CallLine(*row) for row in session.execute(query)]
    return make_page(lines, limit, lambda line: id_cursor(line.call.id))


def find_call_line(session: Session, call_id: int) -> CallLine | None:
    """Returns one call as the list shows it, or None."""
    row = session.execute(_call_lines().where(Call.id == call_id)).one_or_none()
    return None if row is None else CallLine(*row)


def _call_lines() -> Select[Call, User | None, Ticket | None]:
    first = aliased(Ticket)
    written = select(func.min(first.id)).where(first.call_id == Call.id).correlate(Call).scalar_subquery()
    # A follow-up call writes no ticket; it is about one.
    return (
        select(Call, User, Ticket)
        .outerjoin(User, User.id == Call.operator_id)
        .outerjoin(Dial, Dial.id == Call.dial_id)
        .outerjoin(FollowUp, FollowUp.id == Dial.follow_up_id)
        .outerjoin(Ticket, Ticket.id == func.coalesce(FollowUp.ticket_id, written))
    )


def list_callbacks(
    session: Session, wanted: CallbackFilter, *, limit: int, cursor: str = ""
) -> Page[CallbackLine]:
    """Returns callbacks, the newest first, each with its attempts. Raises BadCursor."""
    query = select(Callback).order_by(Callback.id.desc()).limit(limit + 1)
    if wanted.states:
        query = query.where(Callback.state.in_(wanted.states))
    if wanted.reasons:
        query = query.where(Callback.reason.in_(wanted.reasons))
    if cursor:
        query = query.where(Callback.id < parse_id_cursor(cursor))
    page = make_page(session.scalars(query).all(), limit, lambda row: id_cursor(row.id))
    dials = _dials_of(session, (row.id for row in page.rows))
    return Page(tuple(CallbackLine(row, dials.get(row.id, ())) for row in page.rows), page.next_cursor)


def find_callback_line(session: Session, callback_id: int) -> CallbackLine | None:
    """Returns one callback with its attempts, or None."""
    row = session.get(Callback, callback_id)
    return None if row is None else CallbackLine(row, _dials_of(session, (row.id,)).get(row.id, ()))


def _dials_of(session: Session, callback_ids: Iterable[int]) -> dict[int, tuple[Dial, ...]]:
    dials_by_callback: dict[int, list[Dial]] = defaultdict(list)
    query = select(Dial).where(Dial.callback_id.in_(tuple(callback_ids))).order_by(Dial.id)
    for dial in session.scalars(query):
        if dial.callback_id is not None:
            dials_by_callback[dial.callback_id].append(dial)
    return {callback_id: tuple(dials) for callback_id, dials in dials_by_callback.items()}
