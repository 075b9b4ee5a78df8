"""The tables of tickets, of their places in units' inboxes, and of ticket numbers."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

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
from hotline.store.base import Base, UtcDateTime, enum_column

# The condition of the partial index below. The planners use the index only for a query with this very condition.
UNFINISHED = "state NOT IN ('closed', 'discarded')"


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
        Index("ix_tickets_unit_code_state_due_at", "unit_code", "state", "due_at"),
        Index("ix_tickets_state_received_at", "state", "received_at"),
        Index("ix_tickets_received_at_id", "received_at", "id"),
        Index("ix_tickets_caller_number_received_at", "caller_number", "received_at"),
        # A round is redone once, however often its "no" is delivered. Partial index: with NULLs included, the planner
        # ignores it.
        Index(
            "uq_tickets_redo_of",
            "redo_of",
            unique=True,
            sqlite_where=sql("redo_of IS NOT NULL"),
            postgresql_where=sql("redo_of IS NOT NULL"),
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
            sqlite_where=sql(UNFINISHED),
            postgresql_where=sql(UNFINISHED),
        ),
    )


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
