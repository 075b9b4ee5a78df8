"""The sound of one recording, as the browser that hears both sides sends it, in an unnamed temporary file.

Samples are 8 kHz, 16 bit, mono, little endian. The sound is as long as the time that passed: where none arrived (before
the line was connected, while the recording was paused) it is silence. Times are real seconds of one stopwatch, because
people do not speak faster at a higher pace. The file is deleted with the recording or the process.
"""

import array
import math
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

RATE = 8000
WIDTH = 2
# The carrier's own longest call; later sound is not kept.
MAX_SECONDS = 4 * 3600

_GAP_SECONDS = 0.5
_SLACK_SECONDS = 1.0
_CHUNK = 64 * 1024
# Root mean square of a chunk with speech; a quiet room is below 100, speech above 1000.
_LOUD = 500


class AudioFile:
    """Collects sound from `began` on; `is_empty` until the first sound arrived."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._skipped = 0.0
        self._paused_at: float | None = None
        self._skips = False
        self._file: IO[bytes] | None = None
        self._bytes = 0
        # Time of the last speech. The first sound counts as speech; None before it.
        self.loud_at: float | None = None

    @property
    def is_empty(self) -> bool:
        return self._file is None

    @property
    def size(self) -> int:
        """The sound's size in bytes."""
        return self._bytes

    @property
    def seconds(self) -> float:
        return self._bytes / (RATE * WIDTH)

    def append(self, samples: bytes, at: float) -> None:
        """Adds the samples heard until `at`; samples for which there was no time yet are dropped."""
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
        """Leaves the time from `at` to `resume` out of the sound (`skip`), or keeps it as silence."""
        self.resume(at)
        self._paused_at, self._skips = at, skip

    def resume(self, at: float) -> None:
        if self._paused_at is not None and self._skips:
            self._skipped += at - self._paused_at
        self._paused_at = None

    def close(self, at: float) -> None:
        """Adds the silence since the last sound at the end of the recording; a file without sound stays empty."""
        self.resume(at)
        if self._file is not None:
            self._fill(at, 0)

    def delete(self) -> None:
        """Deletes the sound."""
        if self._file is not None:
            self._file.close()
        self._file, self._bytes = None, 0

    def chunks(self) -> Iterator[bytes]:
        """Yields the sound from its beginning, in chunks of at most 64 KiB."""
        place = 0
        while self._file is not None and place < self._bytes:
            self._file.seek(place)
            chunk = self._file.read(min(_CHUNK, self._bytes - place))
            place += len(chunk)
            yield chunk

    def _due(self, at: float) -> int:
        """Returns the bytes of sound that fit into the time until `at`."""
        seconds = min(at - self._began - self._skipped, MAX_SECONDS)
        return round(seconds * RATE) * WIDTH

    def _fill(self, at: float, coming: int) -> None:
        """Fills a long gap before `coming` bytes with silence."""
        # Shorter gaps are the jitter of browser and network.
        missing = self._due(at) - coming - self._bytes
        if missing < _GAP_SECONDS * RATE * WIDTH:
            return
        silence = bytes(_CHUNK)
        while missing > 0:
            self._write(silence[: min(missing, _CHUNK)])
            missing -= _CHUNK

    def _write(self, samples: bytes) -> None:
        if self._file is not None:
            self._file.seek(self._bytes)
            self._bytes += self._file.write(samples)


def _loudness(samples: bytes) -> float:
    """Returns the root mean square of 16-bit samples."""
    values = array.array("h", samples)
    if sys.byteorder == "big":
        values.byteswap()
    return math.sqrt(sum(value * value for value in values) / len(values)) if values else 0.0
