"""Recordings of messages and talks. The sound lies beside them in a row of its own, so that lists never load it."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hotline.rules.words import RecordingKind, RecordingState
from hotline.store.base import Base, UtcDateTime, word


class Recording(Base):
    """One recording of the carrier's, by its `sid`. `seconds` is what the carrier said."""

    __tablename__ = "recordings"
    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(String(40), unique=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    kind: Mapped[RecordingKind] = mapped_column(word(RecordingKind))
    state: Mapped[RecordingState] = mapped_column(word(RecordingState))
    seconds: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecordingSound(Base):
    """The sound of one recording, our own copy: the carrier's may be deleted any day."""

    __tablename__ = "recording_sounds"
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    sound: Mapped[bytes] = mapped_column(LargeBinary)
