"""Recordings: what was kept of a call or a conference."""

from dataclasses import dataclass
from datetime import datetime

from hotline.exchange.state.audio_files import AudioFile
from hotline.exchange.vocabulary.enums import RecordingSource, RecordingStatus
from hotline.exchange.vocabulary.status_callback import StatusCallback


@dataclass(eq=False)
class Recording:
    """Sound kept of a call or a conference. `began` in exchange seconds; `seconds` is final once it is over.

    `reel` is what browsers sent of it: the real sound, in real seconds. Empty, a quiet tone stands for the sound.
    """

    sid: str
    source: RecordingSource
    call_sid: str | None
    conference_sid: str | None
    created: datetime
    began: float
    callback: StatusCallback | None
    audio: AudioFile
    channels: int = 1
    track: str = "both"
    status: RecordingStatus = RecordingStatus.IN_PROGRESS
    seconds: int = 0
    updated: datetime | None = None
