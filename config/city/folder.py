"""The folder `HOTLINE_CITY`: the city's texts as files, outside the program, so that an upgrade never overwrites them.

It is made from the shipped example once. What is in force is what was published last; the folder is where a city keeps its
texts under version control, and from where `hotline city import` publishes them.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from config.city.kinds import EXAMPLE, KINDS
from config.city.toml_file import BadFile, Problem, read_text
from hotline.rules.city import CityKind


def make_folder(folder: Path, *, is_demo: bool) -> bool:
    """Makes the folder from the example if it does not exist; returns whether it did.

    The demonstration has short waits. The folder appears whole or not at all. Raises BadFile if it cannot be written.
    """
    if folder.exists():
        return False
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        for kind, text in example_texts(is_demo=is_demo).items():
            (draft / KINDS[kind].file).write_text(text, encoding="utf-8")
        draft.chmod(0o755)
        try:
            draft.rename(folder)
        except OSError:
            shutil.rmtree(draft)
            # Another process of the same start has made it.
            if not folder.is_dir():
                raise
            return False
    except OSError as error:
        raise BadFile(Problem(str(folder), "", f"cannot be made: {error.strerror}")) from error
    return True


def example_texts(*, is_demo: bool) -> dict[CityKind, str]:
    """Returns the texts of the example city; those of the demonstration have short waits."""
    names = {kind: entry.file for kind, entry in KINDS.items()}
    if is_demo:
        names[CityKind.POLICIES] = "policies.demo.toml"
    return {kind: (EXAMPLE / name).read_text(encoding="utf-8") for kind, name in names.items()}


def read_folder(folder: Path) -> dict[CityKind, str]:
    """Returns the texts of the folder. Raises BadFile naming every file that is missing or cannot be read."""
    texts: dict[CityKind, str] = {}
    problems: list[Problem] = []
    for kind, entry in KINDS.items():
        path = folder / entry.file
        if not path.exists():
            remedy = (
                "is missing: `hotline city export` writes what is in force, the shipped example has one too"
            )
            problems.append(Problem(entry.file, "", remedy))
            continue
        try:
            texts[kind] = read_text(path)
        except BadFile as bad:
            problems += bad.problems
    if problems:
        raise BadFile(*problems)
    return texts


def write_folder(folder: Path, texts: Mapping[CityKind, str]) -> None:
    """Writes the texts; each file is replaced as a whole. Raises BadFile if one cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, text in texts.items():
            draft = folder / f".{KINDS[kind].file}.new"
            draft.write_text(text, encoding="utf-8")
            draft.replace(folder / KINDS[kind].file)
    except OSError as error:
        raise BadFile(Problem(str(folder), "", f"cannot be written: {error.strerror}")) from error
