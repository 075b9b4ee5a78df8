"""The event log, the deliveries of its events, and leases."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hotline.rules.enums import DeliveryState
from hotline.store.base import Base, UtcDateTime, enum_column


class EventRow(Base):
    """One event, written in the commit of the change it describes; only `relayed_at` changes later."""

    __tablename__ = "events"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int]
    # `user:17`, `carrier`, `caller`, `clock`, `worker` or `system`.
    actor: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    relayed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        Index("ix_events_subject_subject_id", "subject", "subject_id", "id"),
        Index(
            # Partial index: the unrelayed tail is a few rows of millions.
            "ix_events_unrelayed",
            "id",
            sqlite_where=text("relayed_at IS NULL"),
            postgresql_where=text("relayed_at IS NULL"),
        ),
        Index("ix_events_at_kind", "at", "kind"),
    )


class Delivery(Base):
    """One reaction to one event: due, claimed under a lease, done, or dead after the last attempt."""

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    reaction: Mapped[str] = mapped_column(String(40))
    lane: Mapped[str] = mapped_column(String(16))
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    # Due: not before. Claimed: when the lease ends and another worker may take over.
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    enqueued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(300))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        UniqueConstraint("event_id", "reaction"),
        Index("ix_deliveries_state_next_try_at", "state", "next_try_at"),
    )


class Lease(Base):
    """The process that may do a job for the whole hotline (relay and timers), and until when."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
