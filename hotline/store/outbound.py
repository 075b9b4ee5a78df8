"""Promised callbacks, follow-ups, and every attempt to place them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hotline.rules.enums import CallbackReason, CallbackState, CallPurpose, DialState, FollowUpState
from hotline.store.base import Base, UtcDateTime, enum_column


class Callback(Base):
    """A promise to phone a number.

    `open_number` is set while the promise is open, and unique. It equals `number`, so that a number has one open
    promise; for a number that several people share it is a key of the call, so that each of them has their own.
    """

    __tablename__ = "callbacks"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), index=True)
    open_number: Mapped[str | None] = mapped_column(String(20), unique=True)
    reason: Mapped[CallbackReason] = mapped_column(enum_column(CallbackReason))
    state: Mapped[CallbackState] = mapped_column(enum_column(CallbackState))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    language: Mapped[str] = mapped_column(String(8), default="zh-CN")
    promised_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # When the caller first joined the queue: the place that is kept.
    place_since: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        Index("ix_callbacks_state_next_try_at", "state", "next_try_at"),
        Index("ix_callbacks_state_id", "state", "id"),
        Index("ix_callbacks_reason_id", "reason", "id"),
    )


class FollowUp(Base):
    """The follow-up of one closed ticket (one round): asked at most once, attempted a bounded number of times."""

    __tablename__ = "follow_ups"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), unique=True)
    state: Mapped[FollowUpState] = mapped_column(enum_column(FollowUpState))
    number: Mapped[str | None] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8), default="zh-CN")
    attempts: Mapped[int] = mapped_column(default=0)
    promised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (Index("ix_follow_ups_state_next_try_at", "state", "next_try_at"),)


class Dial(Base):
    """One attempt to place a call, written before the carrier is called.

    `ref` is opaque and part of every callback URL of the call, so that no webhook belongs to an unknown
    attempt.
    """

    __tablename__ = "dials"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    purpose: Mapped[CallPurpose] = mapped_column(enum_column(CallPurpose))
    callback_id: Mapped[int | None] = mapped_column(ForeignKey("callbacks.id"), index=True)
    follow_up_id: Mapped[int | None] = mapped_column(ForeignKey("follow_ups.id"), index=True)
    number: Mapped[str] = mapped_column(String(20))
    attempt: Mapped[int]
    state: Mapped[DialState] = mapped_column(enum_column(DialState))
    sid: Mapped[str | None] = mapped_column(String(40), unique=True)
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    placing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the ring must be over; the carrier is asked then, and the attempt takes up no operator any more.
    check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The carrier's terminal status (completed, busy, no-answer, failed, canceled), or ours: refused,
    # dropped, engaged, lost.
    outcome: Mapped[str | None] = mapped_column(String(24))
    detail: Mapped[str | None] = mapped_column(String(200))
    __table_args__ = (
        CheckConstraint("(callback_id is null) != (follow_up_id is null)", name="one_reason"),
        Index("ix_dials_state", "state"),
    )
