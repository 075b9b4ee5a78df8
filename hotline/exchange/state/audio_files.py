"""The sound of one recording, as the browser that heard both sides sends it; kept in a file without a name.

Samples are 8 kHz, 16 bit, mono, little endian. A reel is as long as the time that passed: where no sound came (before the
line was connected, while the recording was paused) it holds silence. Times are real seconds of one stopwatch, because
sound is never faster than people. Nothing stays in memory, and the file is gone when the recording or the process is.
"""

import array
import math
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

RATE = 8000
WIDTH = 2
MAX_SECONDS = 4 * 3600
"""The carrier's own longest call; what is said later is not kept."""

_GAP_SECONDS = 0.5
_SLACK_SECONDS = 1.0
_PIECE = 64 * 1024
_LOUD = 500
"""Root mean square of a chunk in which somebody speaks; a quiet room is below 100, speech above 1000."""


class AudioFile:
    """Collects what is said from `began` on. `is_empty` until the first sound came.

    `loud_at` is when somebody was last heard to speak; the first sound counts as speech, None is before it.
    """

    def __init__(self, began: float) -> None:
        self._began = began
        self._skipped = 0.0
        self._paused_at: float | None = None
        self._skips = False
        self._file: IO[bytes] | None = None
        self._bytes = 0
        self.loud_at: float | None = None

    @property
    def is_empty(self) -> bool:
        return self._file is None

    @property
    def size(self) -> int:
        """Bytes of sound."""
        return self._bytes

    @property
    def seconds(self) -> float:
        return self._bytes / (RATE * WIDTH)

    def append(self, samples: bytes, at: float) -> None:
        """Add what was heard until `at`; more than there was time for is left out."""
        if self._paused_at is not None:
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the recording exists
        self._fill(at, len(samples))
        room = self._due(at + _SLACK_SECONDS) - self._bytes
        self._write(samples[: max(0, room - room % WIDTH)])
        if self.loud_at is None or _loudness(samples) >= _LOUD:
            self.loud_at = at

    def pause(self, at: float, *, skip: bool) -> None:
        """Leave the time from `at` on out of the sound (`skip`) or keep it as silence, until `resume`."""
        self.resume(at)
        self._paused_at, self._skips = at, skip

    def resume(self, at: float) -> None:
        if self._paused_at is not None and self._skips:
            self._skipped += at - self._paused_at
        self._paused_at = None

    def close(self, at: float) -> None:
        """The recording is over; silence since the last sound belongs to it. A reel without sound stays empty."""
        self.resume(at)
        if self._file is not None:
            self._fill(at, 0)

    def delete(self) -> None:
        """Forget the sound."""
        if self._file is not None:
            self._file.close()
        self._file, self._bytes = None, 0

    def chunks(self) -> Iterator[bytes]:
        """Yield the sound from its beginning."""
        place = 0
        while self._file is not None and place < self._bytes:
            self._file.seek(place)
            piece = self._file.read(min(_PIECE, self._bytes - place))
            place += len(piece)
            yield piece

    def _due(self, at: float) -> int:
        """Bytes there can be at `at`."""
        seconds = min(at - self._began - self._skipped, MAX_SECONDS)
        return round(seconds * RATE) * WIDTH

    def _fill(self, at: float, coming: int) -> None:
        """Put silence where no sound came for long; shorter gaps are the browser's and the network's unevenness."""
        missing = self._due(at) - coming - self._bytes
        if missing < _GAP_SECONDS * RATE * WIDTH:
            return
        silence = bytes(_PIECE)
        while missing > 0:
            self._write(silence[: min(missing, _PIECE)])
            missing -= _PIECE

    def _write(self, samples: bytes) -> None:
        if self._file is not None:
            self._file.seek(self._bytes)
            self._bytes += self._file.write(samples)


def _loudness(samples: bytes) -> float:
    """Root mean square of 16-bit samples."""
    values = array.array("h", samples)
    if sys.byteorder == "big":
        values.byteswap()
    return math.sqrt(sum(value * value for value in values) / len(values)) if values else 0.0
