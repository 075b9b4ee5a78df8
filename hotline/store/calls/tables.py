"""Tables of calls, of offers to operators, and of webhooks already answered."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, false
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
from hotline.store.base import Base, UtcDateTime, enum_column, index_where

# The conditions of the partial indexes below.
PLACED_BY_US = "purpose <> 'inbound'"
DETAILED = "ended_at IS NOT NULL AND details_deleted_at IS NULL"
PENDING, LOST = "state = 'pending'", "state = 'lost'"


class Call(Base):
    """One telephone call with every moment the statistics need.

    `number` is the citizen's number in E.164, None when withheld or unparsable; `number_raw` is the
    carrier's text. A callback inherits the first `queued_at` as `place_since`, which orders the queue.
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
    # The exits taken through the flow, `node>exit` each, one a line; the traffic of a flow is counted from
    # them.
    path: Mapped[str] = mapped_column(Text, default="")
    # The class the caller pressed, kept beside the class the operator decides.
    pressed: Mapped[RequestClass | None] = mapped_column(enum_column(RequestClass))
    # The attempt (`dials.id`) that placed this call. No foreign key: dials already point here.
    dial_id: Mapped[int | None] = mapped_column(unique=True)
    # The skill the operator should have (a dialect, English); empty: any operator.
    skill: Mapped[str] = mapped_column(String(40), default="")
    # Higher goes first; callers of one priority go by their place.
    priority: Mapped[int] = mapped_column(default=0)
    # The one operator this caller asked for by work number.
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The local day, so that a day's report is one index range.
    arrived_on: Mapped[date]
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    place_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the caller joined the queue the last time: the wait for a skill is counted from here, all else
    # from `queued_at`.
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the operator left first; the caller must not stay on the line alone for long.
    operator_left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the carrier is asked about the call, unless a webhook arrives before.
    check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the operator finished the record: a ticket, or a reason for having none.
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # From joining the queue to the answer, or to the end of a wait in vain, in whole seconds. Set when the wait
    # is over, so that reports need no date arithmetic.
    wait_seconds: Mapped[int | None]
    # From the answer to the moment at which the operator or the caller left, in whole seconds. A follow-up
    # has no operator: the length of the answered call.
    talk_seconds: Mapped[int | None]
    # What happened in the flow, for `store.calls.outcomes`: the queue refused the caller, the caller chose a
    # callback, the caller asked for the state of a ticket.
    queue_full: Mapped[bool] = mapped_column(default=False, server_default=false())
    callback_chosen: Mapped[bool] = mapped_column(default=False, server_default=false())
    status_asked: Mapped[bool] = mapped_column(default=False, server_default=false())
    end: Mapped[CallEnd | None] = mapped_column(enum_column(CallEnd))
    # The caller's rating of the conversation, pressed after the operator had left.
    satisfied: Mapped[Satisfied | None] = mapped_column(enum_column(Satisfied))
    # The transfer target, by its name in config/city/example/callers.toml.
    transferred_to: Mapped[str | None] = mapped_column(String(40))
    no_matter: Mapped[NoMatterReason | None] = mapped_column(enum_column(NoMatterReason))
    no_matter_note: Mapped[str | None] = mapped_column(String(200))
    # When retention deleted the numbers, the note, the rings and the events of this call.
    details_deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        Index("ix_calls_state_place_since", "state", "place_since"),
        Index("ix_calls_arrived_on_purpose", "arrived_on", "purpose"),
        Index("ix_calls_number_arrived_at", "number", "arrived_at"),
        Index("ix_calls_arrived_on_id", "arrived_on", "id"),
        # Partial indexes: a call enters them once, not with each of its steps.
        Index("ix_calls_end_id", "end", "id", **index_where('"end" IS NOT NULL')),
        Index("ix_calls_operator_id_id", "operator_id", "id", **index_where("operator_id IS NOT NULL")),
        Index("ix_calls_detailed", "arrived_on", "id", **index_where(DETAILED)),
        Index("ix_calls_placed_by_us", "id", **index_where(PLACED_BY_US)),
        Index(
            "ix_calls_unrecorded",
            "operator_id",
            "id",
            **index_where("operator_id IS NOT NULL AND finished_at IS NULL"),
        ),
    )


class Offer(Base):
    """One ring at one operator's desk. `leg_sid` is the operator's own leg, once the carrier has named it."""

    __tablename__ = "offers"
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[OfferState] = mapped_column(enum_column(OfferState))
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the carrier was first asked to ring; if its response was lost, the search for the leg begins
    # here.
    leg_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leg_sid: Mapped[str | None] = mapped_column(String(40), unique=True)
    # When the operator hung up on purpose; a leg that ends without it was lost.
    hung_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        Index("ix_offers_pending", "operator_id", "offered_at", **index_where(PENDING)),
        Index("ix_offers_lost", "operator_id", **index_where(LOST)),
    )


class Receipt(Base):
    """A webhook already answered, or a program's announcement, so that a repeat has no second effect."""

    __tablename__ = "receipts"
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    document: Mapped[str] = mapped_column(Text)
