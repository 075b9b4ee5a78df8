"""Compares recorded transcripts with today's flows, and finds the edges that none of them takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from ivr_flows.flow import Flow, Script, edges
from ivr_flows.transcripts.files import FlowTranscript
from ivr_flows.transcripts.player import PlayedLine, TranscriptPlayer, play_events
from ivr_flows.transcripts.transcript_format import HOTLINE_PATTERNS, directed, is_reference
from ivr_flows.turn import AwaitResult

Scripts = Mapping[str, Script]


@dataclass(frozen=True, slots=True)
class TranscriptMismatch:
    """The first line in which a transcript differs from what callers hear today; an empty text: nothing follows."""

    path: Path
    line: int
    expected: str
    heard: str

    def __str__(self) -> str:
        nothing = "nothing"
        expected, heard = (text.strip() or nothing for text in (self.expected, self.heard))
        return f"{self.path}:{self.line}: expected {expected}\n{' ' * 4}heard {heard}"


def check_transcript(
    transcript: FlowTranscript, scripts: Scripts
) -> tuple[TranscriptMismatch | None, tuple[str, ...]]:
    """Plays a transcript again; returns the first mismatch, if there is one, and the edges it has taken."""
    script = scripts.get(transcript.flow)
    if script is None:
        known = ", ".join(sorted(scripts))
        return TranscriptMismatch(
            transcript.path, transcript.line, transcript.flow, f"no such flow: there are {known}"
        ), ()
    player = play_events(script, transcript.events, transcript.language)
    return _difference(transcript, player), tuple(player.path)


def _difference(transcript: FlowTranscript, player: TranscriptPlayer) -> TranscriptMismatch | None:
    heard = list(player.lines)
    if isinstance(player.turn.then, AwaitResult):
        missing = directed(HOTLINE_PATTERNS["asked"].in_(transcript.language), transcript.language)
        heard.append(PlayedLine(missing, missing))
    last = transcript.lines[-1].number if transcript.lines else transcript.line
    for written, now in zip_longest(transcript.lines, heard):
        if written is None:
            return TranscriptMismatch(transcript.path, last + 1, "", now.text if now else "")
        if now is None:
            return TranscriptMismatch(transcript.path, written.number, written.text, "")
        if written.text.strip() not in {now.text.strip(), now.words.strip()}:
            named = is_reference(written.text, transcript.language)
            heard_now = now.text if named else now.words
            return TranscriptMismatch(transcript.path, written.number, written.text, heard_now)
    return None


def uncovered_edges(flow: Flow, paths: frozenset[str]) -> Iterator[str]:
    """Yields every edge of `flow`, as `node>exit`, that is not in `paths`, in the order of the file."""
    for name, edge in edges(flow):
        if f"{name}>{edge.exit}" not in paths:
            yield f"{name}>{edge.exit}"
