"""Calls, the rings they caused at desks, and the webhooks already answered."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hotline.rules.enums import (
    CallEnd,
    CallPurpose,
    CallState,
    NoMatterReason,
    OfferState,
    RequestClass,
    Satisfied,
)
from hotline.store.base import Base, UtcDateTime, enum_column


class Call(Base):
    """One telephone call with every clock the figures need.

    `number` is the citizen's number in E.164, None when withheld or unparsable; `number_raw` is what the
    carrier said. Waiting time = `answered_at` - `queued_at`; a callback inherits the first `queued_at`
    as `place_since`, which orders the queue.
    """

    __tablename__ = "calls"
    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(String(40), unique=True)
    purpose: Mapped[CallPurpose] = mapped_column(enum_column(CallPurpose))
    number: Mapped[str | None] = mapped_column(String(20))
    number_raw: Mapped[str] = mapped_column(String(80))
    dialed: Mapped[str] = mapped_column(String(80))
    state: Mapped[CallState] = mapped_column(enum_column(CallState))
    language: Mapped[str] = mapped_column(String(8), default="zh-CN")
    flow: Mapped[str] = mapped_column(String(40))
    flow_version: Mapped[str] = mapped_column(String(16))
    position: Mapped[str] = mapped_column(String(400))
    path: Mapped[str] = mapped_column(Text, default="")
    """The ways taken through the flow, `node>exit` each, one a line: where callers go is counted from here."""
    pressed: Mapped[RequestClass | None] = mapped_column(enum_column(RequestClass))
    """The class the caller pressed: a suggestion, kept beside what the operator decides."""
    dial_id: Mapped[int | None] = mapped_column(unique=True)
    """The attempt (`dials.id`) that made this call, if we phoned them. No foreign key: dials already point here."""
    skill: Mapped[str] = mapped_column(String(40), default="")
    """What the operator should be able to do (a dialect, English); empty: anybody may answer."""
    priority: Mapped[int] = mapped_column(default=0)
    """Higher goes first; callers of one priority go by their place."""
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """The one operator this caller asked for by work number."""
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    arrived_on: Mapped[date]
    """The local day, so that a day's report is one index range."""
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    place_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the caller joined the queue the last time: the longest wait is counted from here, all else from `queued_at`."""
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    operator_left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the operator left first; the caller must not stay on the line alone for long."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the operator finished the record: ticket or reasoned no-matter."""
    wait_seconds: Mapped[int | None]
    """Queue to answer, whole seconds; set once at answer, so that reports need no date arithmetic."""
    end: Mapped[CallEnd | None] = mapped_column(enum_column(CallEnd))
    satisfied: Mapped[Satisfied | None] = mapped_column(enum_column(Satisfied))
    """The caller's own word on this talk, pressed after the operator had left."""
    transferred_to: Mapped[str | None] = mapped_column(String(40))
    """Whom outside the caller was connected to, by the name in config/city/example/callers.toml."""
    no_matter: Mapped[NoMatterReason | None] = mapped_column(enum_column(NoMatterReason))
    no_matter_note: Mapped[str | None] = mapped_column(String(200))
    __table_args__ = (
        Index("ix_calls_state_place_since", "state", "place_since"),
        Index("ix_calls_arrived_on_purpose", "arrived_on", "purpose"),
        Index("ix_calls_number_arrived_at", "number", "arrived_at"),
    )


class Offer(Base):
    """One ring at one operator's desk. `leg_sid` is the operator's own leg, once the carrier named it."""

    __tablename__ = "offers"
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[OfferState] = mapped_column(enum_column(OfferState))
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leg_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the carrier was first asked to ring: if its answer was lost, look for the leg from here."""
    leg_sid: Mapped[str | None] = mapped_column(String(40), unique=True)


class Receipt(Base):
    """A webhook already answered, or a program's announcement (see `services.repeats`): a repeat has no second effect."""

    __tablename__ = "receipts"
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    document: Mapped[str] = mapped_column(Text)
