"""Steady tones: made for an invented microphone, and found again in what was heard or recorded."""

import io
import math
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

CALLER, OPERATOR = 1000, 400
"""Hertz of the caller's and the operator's voice."""
_RATE = 48_000
_LOUDNESS = 16_000


def write_tone(path: Path, hertz: int) -> Path:
    """Write a second of a tone, which an invented microphone repeats for ever."""
    wave_form = (round(_LOUDNESS * math.sin(2 * math.pi * hertz * n / _RATE)) for n in range(_RATE))
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(struct.pack(f"<{_RATE}h", *wave_form))
    return path


@dataclass(frozen=True)
class Recorded:
    """Samples of a mono 16-bit recording."""

    rate: int
    samples: tuple[int, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def strength(self, hertz: int, begin: float, end: float) -> float:
        """Return the amplitude of one frequency (Goertzel) between two moments in seconds."""
        part = self.samples[round(begin * self.rate) : round(end * self.rate)]
        turn = 2 * math.cos(2 * math.pi * hertz / self.rate)
        last = before = 0.0
        for sample in part:
            last, before = sample + turn * last - before, last
        return math.sqrt(max(0.0, last * last + before * before - turn * last * before)) * 2 / len(part)


def read_wav(content: bytes) -> Recorded:
    with wave.open(io.BytesIO(content)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        count = sound.getnframes()
        return Recorded(sound.getframerate(), struct.unpack(f"<{count}h", sound.readframes(count)))
