"""Recordings of messages and conversations. Their sound lies in the storage, under keys that follow from the rows."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, select
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
    # The carrier's media type of a sound in the storage; None while there is none, or while it is in the database.
    media_type: Mapped[str | None] = mapped_column(String(40))
    __table_args__ = (Index("ix_recordings_state_recorded_at", "state", "recorded_at"),)


class RecordingSound(Base):
    """A sound that an earlier version stored in the database; the job `move_sounds` moves it to the storage."""

    __tablename__ = "recording_sounds"
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    sound: Mapped[bytes] = mapped_column(LargeBinary)


def object_key(recording: Recording) -> str:
    """Returns the key of the recording's sound in the storage. It never changes once the carrier's sid is known."""
    # The sid keeps two databases that number alike apart. It is the carrier's text, so only its digest is used.
    digest = hashlib.sha256(recording.sid.encode()).hexdigest()[:16]
    return f"{recording.recorded_at:%Y/%m/%d}/{recording.id}-{digest}"


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
