"""Files of plays: scenes are read with the place of each line, and written so that they can be read again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hotline.rules.enums import Language
from ivr_flows.transcripts.events import Cue
from ivr_flows.transcripts.transcript_format import FLOW, TITLE, read_cue

SUFFIX = ".txt"


@dataclass(frozen=True, slots=True)
class Written:
    """One line of a file, counted from 1, with what happens in it; `cue` None: the hotline's, to be checked."""

    number: int
    text: str
    cue: Cue | None


@dataclass(frozen=True, slots=True)
class Scene:
    """One call of the flow called `flow`, as it stands in a file from line `line` on."""

    path: Path
    line: int
    flow: str
    language: Language
    lines: tuple[Written, ...] = ()

    @property
    def cues(self) -> tuple[Cue, ...]:
        """Everything that happens, in order."""
        return tuple(line.cue for line in self.lines if line.cue is not None)


class NotAPlay(Exception):
    """A file that cannot be played; the message names file and line."""


def read_folder(folder: Path) -> Iterator[Scene]:
    """Yield every scene of every file in `folder`. Raises NotAPlay, also for a folder that is not there."""
    if not folder.is_dir():
        raise NotAPlay(f"{folder}: no such folder")
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        yield from read_scenes(path)


def read_scenes(path: Path) -> list[Scene]:
    """Return every scene of a file. Raises NotAPlay for a line that nobody could speak, do or play."""
    scenes: list[Scene] = []
    for number, text in enumerate(_text(path).splitlines(), 1):
        if not text.strip() or text.startswith(TITLE):
            continue
        begun = next((each for each in Language if text.startswith(FLOW.in_(each))), None)
        if begun is not None:
            scenes.append(Scene(path, number, text.removeprefix(FLOW.in_(begun)).strip(), begun))
        elif scenes:
            scenes[-1] = _with_line(scenes[-1], number, text.rstrip())
        else:
            raise NotAPlay(f"{path}:{number}: a scene begins with {FLOW.chinese}NAME or {FLOW.english}NAME")
    return scenes


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NotAPlay(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise NotAPlay(f"{path}: {error.strerror}") from None


def _with_line(scene: Scene, number: int, text: str) -> Scene:
    try:
        cue = read_cue(text, scene.language)
    except ValueError as error:
        raise NotAPlay(f"{scene.path}:{number}: {error}") from None
    return replace(scene, lines=(*scene.lines, Written(number, text, cue)))


def write_scene(title: str, flow: str, lines: Iterable[str], language: Language) -> str:
    """Return a scene as text that `read_scenes` reads."""
    return "\n".join([f"{TITLE}{title}", f"{FLOW.in_(language)}{flow}", *lines, ""])
