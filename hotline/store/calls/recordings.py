"""Recordings of messages and conversations. The sound has a table of its own, so that lists never load it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.rules.enums import RecordingKind, RecordingState
from hotline.store.base import Base, UtcDateTime, enum_column


class Recording(Base):
    """One recording, by the carrier's `sid`. `seconds` is the duration the carrier reported."""

    __tablename__ = "recordings"
    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(String(40), unique=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    kind: Mapped[RecordingKind] = mapped_column(enum_column(RecordingKind))
    state: Mapped[RecordingState] = mapped_column(enum_column(RecordingState))
    seconds: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecordingSound(Base):
    """Our own copy of a recording's sound; the carrier may delete its copy any day."""

    __tablename__ = "recording_sounds"
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    sound: Mapped[bytes] = mapped_column(LargeBinary)


def recordings_of_calls(session: Session, call_ids: Sequence[int]) -> dict[int, tuple[Recording, ...]]:
    """Returns the recordings of calls, by call, the first one first; calls without any are left out."""
    by_call: dict[int, list[Recording]] = defaultdict(list)
    if call_ids:
        query = select(Recording).where(Recording.call_id.in_(call_ids)).order_by(Recording.id)
        for recording in session.scalars(query):
            by_call[recording.call_id].append(recording)
    return {call_id: tuple(rows) for call_id, rows in by_call.items()}


def has_message(session: Session, call_id: int) -> bool:
    """Says whether the caller has left a voice message."""
    query = select(Recording.id).where(Recording.call_id == call_id, Recording.kind == RecordingKind.MESSAGE)
    return session.scalar(query.limit(1)) is not None
