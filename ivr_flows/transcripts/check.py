"""Recorded plays against today's flows: where they differ, and which ways none of them walks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from ivr_flows.flow import Flow, edges
from ivr_flows.loader import Script
from ivr_flows.transcripts.files import Scene
from ivr_flows.transcripts.player import Stage, perform
from ivr_flows.transcripts.transcript_format import OF_HOTLINE, directed
from ivr_flows.turn import AwaitAnswer

Scripts = Mapping[str, Script]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first line in which a play is not what callers hear today; an empty text: nothing more is said."""

    path: Path
    line: int
    expected: str
    heard: str

    def __str__(self) -> str:
        nothing = "nothing"
        expected, heard = (text.strip() or nothing for text in (self.expected, self.heard))
        return f"{self.path}:{self.line}: expected {expected}\n{' ' * 4}heard {heard}"


def rehearse(scene: Scene, scripts: Scripts) -> tuple[Difference | None, tuple[str, ...]]:
    """Play a scene again; return the first difference, if there is one, and the ways it has walked."""
    script = scripts.get(scene.flow)
    if script is None:
        known = ", ".join(sorted(scripts))
        return Difference(scene.path, scene.line, scene.flow, f"no such flow: there are {known}"), ()
    stage = perform(script, scene.cues, scene.language)
    return _difference(scene, stage), tuple(stage.path)


def _difference(scene: Scene, stage: Stage) -> Difference | None:
    heard = list(stage.lines)
    if isinstance(stage.turn.then, AwaitAnswer):
        heard.append(directed(OF_HOTLINE["asked"].in_(scene.language), scene.language))
    last = scene.lines[-1].number if scene.lines else scene.line
    for written, now in zip_longest(scene.lines, heard):
        if written is None or written.text.strip() != (now or "").strip():
            line = written.number if written else last + 1
            return Difference(scene.path, line, written.text if written else "", now or "")
    return None


def not_walked(flow: Flow, paths: frozenset[str]) -> Iterator[str]:
    """Yield every way of `flow`, as `node>exit`, that is not in `paths`, in the order of the file."""
    for name, way in edges(flow):
        if f"{name}>{way.exit}" not in paths:
            yield f"{name}>{way.exit}"
