"""Files of plays: scenes are read with the place of each line, and written so that they can be read again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hotline.rules.enums import Language
from ivr_flows.transcripts.events import TranscriptEvent
from ivr_flows.transcripts.transcript_format import FLOW, TITLE, read_event

SUFFIX = ".txt"


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One line of a file, counted from 1, with what happens in it; `cue` None: the hotline's, to be checked."""

    number: int
    text: str
    event: TranscriptEvent | None


@dataclass(frozen=True, slots=True)
class CallTranscript:
    """One call of the flow called `flow`, as it stands in a file from line `line` on."""

    path: Path
    line: int
    flow: str
    language: Language
    lines: tuple[TranscriptLine, ...] = ()

    @property
    def events(self) -> tuple[TranscriptEvent, ...]:
        """Everything that happens, in order."""
        return tuple(line.event for line in self.lines if line.event is not None)


class TranscriptError(Exception):
    """A file that cannot be played; the message names file and line."""


def read_folder(folder: Path) -> Iterator[CallTranscript]:
    """Yield every scene of every file in `folder`. Raises NotAPlay, also for a folder that is not there."""
    if not folder.is_dir():
        raise TranscriptError(f"{folder}: no such folder")
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        yield from read_transcripts(path)


def read_transcripts(path: Path) -> list[CallTranscript]:
    """Return every scene of a file. Raises NotAPlay for a line that nobody could speak, do or play."""
    transcripts: list[CallTranscript] = []
    for number, text in enumerate(_text(path).splitlines(), 1):
        if not text.strip() or text.startswith(TITLE):
            continue
        begun = next((each for each in Language if text.startswith(FLOW.in_(each))), None)
        if begun is not None:
            transcripts.append(
                CallTranscript(path, number, text.removeprefix(FLOW.in_(begun)).strip(), begun)
            )
        elif transcripts:
            transcripts[-1] = _with_line(transcripts[-1], number, text.rstrip())
        else:
            raise TranscriptError(
                f"{path}:{number}: a scene begins with {FLOW.chinese}NAME or {FLOW.english}NAME"
            )
    return transcripts


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TranscriptError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise TranscriptError(f"{path}: {error.strerror}") from None


def _with_line(transcript: CallTranscript, number: int, text: str) -> CallTranscript:
    try:
        event = read_event(text, transcript.language)
    except ValueError as error:
        raise TranscriptError(f"{transcript.path}:{number}: {error}") from None
    return replace(transcript, lines=(*transcript.lines, TranscriptLine(number, text, event)))


def write_transcript(title: str, flow: str, lines: Iterable[str], language: Language) -> str:
    """Return a scene as text that `read_scenes` reads."""
    return "\n".join([f"{TITLE}{title}", f"{FLOW.in_(language)}{flow}", *lines, ""])
