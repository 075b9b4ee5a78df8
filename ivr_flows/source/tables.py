"""TOML files as tables, and what is wrong with them: syntax with line and column, shape with node and field."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr_flows.bilingual import Pair
from ivr_flows.source.problems import Fault, FlowError, Said, how_to_mend, why_misshapen

DEEPEST = 20
"""Tables and lists within each other; the deepest flow of ours has six."""
Table = dict[str, Any]
NAME = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Kind = TypeVar("Kind", bound=BaseModel)


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: where it lies, its text (empty: kept in the database, without one), and its table."""

    path: Path
    text: str
    table: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was written; line 0: not known."""

    path: Path
    line: int

    def fault(self, place: str, what: Said, why: Said, mend: Said) -> Fault:
        """Return what is wrong there."""
        return Fault(str(self.path), place, what, why, mend, self.line)


def read_source(path: Path) -> Source:
    """Return the TOML file at `path`. Raises FlowError with line and column of what is not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise whole_file(path, "does not exist", "it is needed here", "Write it, or mend its name.") from None
    except UnicodeDecodeError as error:
        raise whole_file(path, "is not UTF-8 text", str(error), "Save it as UTF-8.") from None
    except OSError as error:
        raise whole_file(path, "cannot be read", str(error.strerror), "Make it a file we may read.") from None
    return parse_source(path, text)


def parse_source(path: Path, text: str) -> Source:
    """Return the table written in `text`, which was or would be the file `path`. Raises FlowError.

    The byte order mark with which some editors begin a file is no part of it.
    """
    text = text.removeprefix("\ufeff")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+), column (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        column = int(at[2]) if at else 0
        what, why = Pair("不是 TOML", "is not TOML"), Pair(f"语法错误：{error}", str(error))
        mend = Pair("改正这一行。", "Mend this line.")
        raise FlowError(Fault(str(path), "", what, why, mend, line, column)) from None
    except RecursionError:
        raise too_deep(path) from None
    except ValueError as error:
        reason = str(error).partition(";")[0]
        raise whole_file(path, "has a number nobody can mean", reason, "Write a shorter one.") from None
    if lies_too_deep(table):
        raise too_deep(path)
    return Source(path, text, table)


def lies_too_deep(value: object) -> bool:
    """Say whether tables and lists lie in each other deeper than anybody could mean; what follows goes down by recursion."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def too_deep(path: Path) -> FlowError:
    why = f"nothing in a flow lies more than {DEEPEST} deep"
    return whole_file(path, "lies too deep in itself", why, "Close its brackets, or shorten its keys.")


def shaped(kind: type[Kind], source: Source, table: Mapping[str, Any]) -> Kind:
    """Return `table` of the file `source` as a `kind`. Raises FlowError with everything that does not fit."""
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        raise FlowError(*_misshapen(error, source)) from None


def _misshapen(error: ValidationError, source: Source) -> Iterator[Fault]:
    for each in error.errors(include_url=False):
        loc = [str(part) for part in each["loc"]]
        in_node = loc[:1] == ["nodes"] and len(loc) > 1
        place = loc[1] if in_node else ""
        field = ".".join(loc[3:] if in_node else loc) or ("kind" if in_node else "the whole file")
        what = Pair(f"缺少 {field}", field)
        if each["type"] != "missing":
            given = f"{str(each['input'])[:60]!r}"
            what = Pair(f"{field} 写的是 {given}", f"{field}, given {given}")
        line = line_of(source.text, place) if place else field_line(source.text, "".join(loc[:1]))
        yield Fault(str(source.path), place, what, why_misshapen(each), how_to_mend(each), line)


def line_of(text: str, place: str) -> int:
    """Return the line where a node begins, or 0."""
    found = re.search(rf"^\[nodes\.{re.escape(place)}[.\]]", text, re.MULTILINE) if place else None
    return text.count("\n", 0, found.start()) + 1 if found else 0


def field_line(text: str, field: str) -> int:
    """Return the line on which a field of the whole file is written, or 0."""
    found = re.search(rf"^{re.escape(field)}\s*=", text.partition("\n[")[0], re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def whole_file(path: Path, what: Said, why: Said, mend: Said) -> FlowError:
    return FlowError(Fault(str(path), "", what, why, mend))
