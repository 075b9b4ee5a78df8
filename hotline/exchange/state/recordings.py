from dataclasses import dataclass
from datetime import datetime

from hotline.exchange.state.audio_files import AudioFile
from hotline.exchange.vocabulary.enums import RecordingSource, RecordingStatus
from hotline.exchange.vocabulary.status_callback import StatusCallback


@dataclass(eq=False)
class Recording:
    """The Recording resource, of a call or a conference.

    `began` is in exchange seconds; `seconds` is final once the recording is over. `audio` holds the sound that browsers
    sent, in real seconds; while it is empty, a quiet tone takes the place of the sound.
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
