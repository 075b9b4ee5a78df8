"""Recorded plays against today's flows: where they differ, and which ways none of them walks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from ivr_flows.flow import Flow, edges
from ivr_flows.loader import Script
from ivr_flows.transcripts.files import CallTranscript
from ivr_flows.transcripts.player import TranscriptPlayer, play_events
from ivr_flows.transcripts.transcript_format import HOTLINE_PATTERNS, directed
from ivr_flows.turn import AwaitResult

Scripts = Mapping[str, Script]


@dataclass(frozen=True, slots=True)
class TranscriptMismatch:
    """The first line in which a play is not what callers hear today; an empty text: nothing more is said."""

    path: Path
    line: int
    expected: str
    heard: str

    def __str__(self) -> str:
        nothing = "nothing"
        expected, heard = (text.strip() or nothing for text in (self.expected, self.heard))
        return f"{self.path}:{self.line}: expected {expected}\n{' ' * 4}heard {heard}"


def check_transcript(
    transcript: CallTranscript, scripts: Scripts
) -> tuple[TranscriptMismatch | None, tuple[str, ...]]:
    """Play a scene again; return the first difference, if there is one, and the ways it has walked."""
    script = scripts.get(transcript.flow)
    if script is None:
        known = ", ".join(sorted(scripts))
        return TranscriptMismatch(
            transcript.path, transcript.line, transcript.flow, f"no such flow: there are {known}"
        ), ()
    player = play_events(script, transcript.events, transcript.language)
    return _difference(transcript, player), tuple(player.path)


def _difference(transcript: CallTranscript, player: TranscriptPlayer) -> TranscriptMismatch | None:
    heard = list(player.lines)
    if isinstance(player.turn.then, AwaitResult):
        heard.append(directed(HOTLINE_PATTERNS["asked"].in_(transcript.language), transcript.language))
    last = transcript.lines[-1].number if transcript.lines else transcript.line
    for written, now in zip_longest(transcript.lines, heard):
        if written is None or written.text.strip() != (now or "").strip():
            line = written.number if written else last + 1
            return TranscriptMismatch(transcript.path, line, written.text if written else "", now or "")
    return None


def uncovered_edges(flow: Flow, paths: frozenset[str]) -> Iterator[str]:
    """Yield every way of `flow`, as `node>exit`, that is not in `paths`, in the order of the file."""
    for name, edge in edges(flow):
        if f"{name}>{edge.exit}" not in paths:
            yield f"{name}>{edge.exit}"
