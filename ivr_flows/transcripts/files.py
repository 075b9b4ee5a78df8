"""Reads and writes files of transcripts; each line keeps its number for messages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hotline.rules.enums import Language
from ivr_flows.transcripts.events import TranscriptEvent
from ivr_flows.transcripts.transcript_format import FLOW, TITLE, read_event

SUFFIX = ".txt"


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One line of a file, counted from 1, with its event; None: a line of the hotline, which is compared."""

    number: int
    text: str
    event: TranscriptEvent | None


@dataclass(frozen=True, slots=True)
class FlowTranscript:
    """One call of the flow called `flow`, from line `line` of its file on."""

    path: Path
    line: int
    flow: str
    language: Language
    title: str = ""
    lines: tuple[TranscriptLine, ...] = ()

    @property
    def events(self) -> tuple[TranscriptEvent, ...]:
        """Returns all events, in order."""
        return tuple(line.event for line in self.lines if line.event is not None)


class TranscriptError(Exception):
    """Raised for a file that cannot be played; the message names file and line."""


def read_folder(folder: Path) -> Iterator[FlowTranscript]:
    """Yields every transcript of every file in `folder`. Raises TranscriptError, also if the folder does not exist."""
    if not folder.is_dir():
        raise TranscriptError(f"{folder}: no such folder")
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        yield from read_transcripts(path)


def read_transcripts(path: Path) -> list[FlowTranscript]:
    """Returns every transcript of a file. Raises TranscriptError for a line that is none."""
    transcripts: list[FlowTranscript] = []
    title = ""
    for number, text in enumerate(_text(path).splitlines(), 1):
        if text.startswith(TITLE):
            title = text.removeprefix(TITLE).strip()
        if not text.strip() or text.startswith(TITLE):
            continue
        begun = next((each for each in Language if text.startswith(FLOW.in_(each))), None)
        if begun is not None:
            transcripts.append(
                FlowTranscript(path, number, text.removeprefix(FLOW.in_(begun)).strip(), begun, title)
            )
        elif transcripts:
            transcripts[-1] = _with_line(transcripts[-1], number, text.rstrip())
        else:
            raise TranscriptError(
                f"{path}:{number}: a transcript begins with {FLOW.chinese}NAME or {FLOW.english}NAME"
            )
    return transcripts


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TranscriptError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise TranscriptError(f"{path}: {error.strerror}") from None


def _with_line(transcript: FlowTranscript, number: int, text: str) -> FlowTranscript:
    try:
        event = read_event(text, transcript.language)
    except ValueError as error:
        raise TranscriptError(f"{transcript.path}:{number}: {error}") from None
    return replace(transcript, lines=(*transcript.lines, TranscriptLine(number, text, event)))


def write_transcript(title: str, flow: str, lines: Iterable[str], language: Language) -> str:
    """Returns a transcript as text that `read_transcripts` reads."""
    return "\n".join([f"{TITLE}{title}", f"{FLOW.in_(language)}{flow}", *lines, ""])
