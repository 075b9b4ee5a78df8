"""The tables of tickets, of their places in units' inboxes, and of ticket numbers."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    case,
    false,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from hotline.rules.enums import (
    Channel,
    Closing,
    RequestClass,
    RequestType,
    Satisfied,
    Solved,
    TicketState,
    Urgency,
)
from hotline.rules.tickets.search import search_columns
from hotline.store.base import Base, UtcDateTime, enum_column, index_where, meets

# The conditions of the partial indexes below.
UNFINISHED = "state NOT IN ('closed', 'discarded')"
# By exclusion, because SQLite would use the values of an inclusion with another index.
AT_UNIT = "state NOT IN ('closed', 'discarded', 'draft')"
CLOSED = "state = 'closed'"
# Stands for the missing due moment in comparisons and sorts a ticket without an open clock behind all others.
LAST_DAY = datetime(9999, 12, 1, tzinfo=UTC)


class _LastDay(ColumnElement[datetime]):
    """LAST_DAY, written out: an index over an expression serves a query with the very same expression."""

    inherit_cache = True
    type = UtcDateTime()


@compiles(_LastDay)
def _write_last_day(_element: _LastDay, _compiler: SQLCompiler, **_options: Any) -> str:
    return "TIMESTAMPTZ '9999-12-01 00:00:00+00'"


@compiles(_LastDay, "sqlite")
def _write_last_day_for_sqlite(_element: _LastDay, _compiler: SQLCompiler, **_options: Any) -> str:
    return "'9999-12-01 00:00:00.000000'"


def _search_column(name: str) -> Callable[[Any], str]:
    """Returns the function that computes a column of the search for each inserted row."""
    return lambda context: search_columns(context.get_current_parameters())[name]


class Ticket(Base):
    """One matter (工单), from its draft to the follow-up call. `revision` grows with every change.

    A draft has no `number`; `request_class` is the published class of `type`. `solved` and `satisfied` are the caller's
    answers in the follow-up call of this round; a "no" opens a linked ticket with `redo_of` and `round` + 1 instead of
    reopening this one. The caller receives `access_code` with the number; both together give the ticket's state by
    telephone. `answer` is the operator's direct answer to the caller, `reply` the unit's reply to the caller.
    `due_provisional`: a counted day lies beyond the known holiday calendar. `due_computed`: the file that the ticket was
    imported from gave no deadline; it was counted from the reception.
    `search_text` and `search_private` are computed
    by an insert; an update of what they are made of must write them too (`rules.tickets.search`).
    """

    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(String(24), unique=True)
    external_number: Mapped[str | None] = mapped_column(String(64), unique=True)
    access_code: Mapped[str | None] = mapped_column(String(8))
    state: Mapped[TicketState] = mapped_column(enum_column(TicketState))
    revision: Mapped[int] = mapped_column(default=1)
    channel: Mapped[Channel] = mapped_column(enum_column(Channel))
    type: Mapped[RequestType | None] = mapped_column(enum_column(RequestType))
    request_class: Mapped[RequestClass | None] = mapped_column(enum_column(RequestClass))
    category: Mapped[str] = mapped_column(String(120), default="")
    title: Mapped[str] = mapped_column(String(120), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    wanted: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[str] = mapped_column(String(200), default="")
    occurred: Mapped[str] = mapped_column(String(80), default="")
    people: Mapped[str] = mapped_column(String(200), default="")
    urgency: Mapped[Urgency] = mapped_column(enum_column(Urgency), default=Urgency.NORMAL)
    confidential: Mapped[bool] = mapped_column(default=False)
    caller_name: Mapped[str] = mapped_column(String(80), default="")
    caller_number: Mapped[str | None] = mapped_column(String(80))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    unit_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    answer: Mapped[str] = mapped_column(Text, default="")
    reply: Mapped[str] = mapped_column(Text, default="")
    contact_note: Mapped[str] = mapped_column(Text, default="")
    closing: Mapped[Closing | None] = mapped_column(enum_column(Closing))
    policy: Mapped[str] = mapped_column(String(40), default="")
    # The published version of the city's data under which the deadlines were counted; 0: before there were versions.
    policy_version: Mapped[int] = mapped_column(default=0, server_default=sql("0"))
    round: Mapped[int] = mapped_column(default=1)
    redo_of: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_on: Mapped[date]
    dispatched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledge_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_provisional: Mapped[bool] = mapped_column(default=False)
    due_computed: Mapped[bool] = mapped_column(default=False, server_default=false())
    followed_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    solved: Mapped[Solved | None] = mapped_column(enum_column(Solved))
    satisfied: Mapped[Satisfied | None] = mapped_column(enum_column(Satisfied))
    search_text: Mapped[str] = mapped_column(
        Text, default=_search_column("search_text"), server_default=sql("''")
    )
    search_private: Mapped[str] = mapped_column(
        Text, default=_search_column("search_private"), server_default=sql("''")
    )
    __table_args__ = (
        Index("ix_tickets_received_on", "received_on", "request_class", "type", "channel"),
        Index("ix_tickets_state_received_at", "state", "received_at"),
        Index("ix_tickets_received_at_id", "received_at", "id"),
        Index("ix_tickets_caller_number_received_at", "caller_number", "received_at"),
        Index("ix_tickets_unit_code_received_at", "unit_code", "received_at", "id"),
        Index("ix_tickets_channel_received_at", "channel", "received_at", "id"),
        Index("ix_tickets_type_received_at", "type", "received_at", "id"),
        Index("ix_tickets_author_id_received_at", "author_id", "received_at", "id"),
        Index("ix_tickets_unfinished_received_at", "received_at", "id", **index_where(UNFINISHED)),
        Index("ix_tickets_closed_unit_closed_at", "unit_code", "closed_at", "id", **index_where(CLOSED)),
        # A round is redone once, however often its "no" is delivered. Partial index: with NULLs included, the planner
        # ignores it.
        Index(
            "uq_tickets_redo_of",
            "redo_of",
            unique=True,
            **index_where("redo_of IS NOT NULL"),
        ),
        Index("ix_tickets_closed_at", "closed_at"),
        Index("ix_tickets_received_on_closed_at", "received_on", "closed_at"),
        Index("ix_tickets_due_at", "due_at"),
        Index("ix_tickets_dispatched_at", "dispatched_at"),
        Index("ix_tickets_followed_up_at", "followed_up_at"),
        Index(
            "ix_tickets_unfinished",
            "unit_code",
            "state",
            "due_at",
            "received_on",
            "external_number",
            "redo_of",
            **index_where(UNFINISHED),
        ),
    )


class _Earliest(FunctionElement[datetime]):
    """The earliest of some moments."""

    inherit_cache = True
    type = UtcDateTime()


@compiles(_Earliest)
def _write_earliest(element: _Earliest, compiler: SQLCompiler, **options: Any) -> str:
    return f"least({compiler.process(element.clauses, **options)})"


@compiles(_Earliest, "sqlite")
def _write_earliest_for_sqlite(element: _Earliest, compiler: SQLCompiler, **options: Any) -> str:
    return f"min({compiler.process(element.clauses, **options)})"


def _running(due_at: ColumnElement[Any], met_at: ColumnElement[Any]) -> ColumnElement[datetime]:
    return func.coalesce(case((met_at.is_(None), due_at)), _LastDay(), type_=UtcDateTime)


# When the nearest open clock of a ticket at its unit falls due; LAST_DAY without one. Indexed by the two indexes below.
NEAREST_DUE = _Earliest(
    _running(Ticket.acknowledge_due.expression, Ticket.acknowledged_at.expression),
    _running(Ticket.contact_due.expression, Ticket.first_contact_at.expression),
    _running(Ticket.due_at.expression, Ticket.closed_at.expression),
)
Index("ix_tickets_at_unit_nearest_due", NEAREST_DUE, Ticket.id, **index_where(AT_UNIT))
Index("ix_tickets_at_unit_unit_nearest_due", Ticket.unit_code, NEAREST_DUE, Ticket.id, **index_where(AT_UNIT))


def is_within(condition: str) -> ColumnElement[bool]:
    """Returns one of the conditions above, for a query that a partial index shall serve."""
    return meets("tickets", condition)


# What an insert of a new ticket states: every column but the id, which the database gives.
TICKET_COLUMNS: tuple[str, ...] = tuple(column.key for column in Ticket.__table__.c if column.key != "id")
# The values of a ticket of which nothing is stated.
TICKET_DEFAULTS: dict[str, Any] = {
    column.key: column.default.arg
    for column in Ticket.__table__.c
    if isinstance(column.default, ScalarElementColumnDefault)
}


class Assignment(Base):
    """A ticket's place in a unit's inbox. `notified_at`: the unit's own system confirmed the signed webhook."""

    __tablename__ = "assignments"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    delivered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    notified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # A second delivery of the same ticket to the same unit inserts nothing.
    __table_args__ = (UniqueConstraint("ticket_id", "unit_code"),)


class Counter(Base):
    """A number that only grows. Ticket numbers take their daily sequence from here."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


class IdempotencyKey(Base):
    """An API request that was carried out; the same token and key return the same ticket."""

    __tablename__ = "idempotency_keys"
    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
