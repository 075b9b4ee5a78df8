"""Reads TOML files as tables and reports their problems: syntax with line and column, structure with node and field."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr_flows.bilingual import BilingualText
from ivr_flows.source.problems import FlowError, FlowProblem, Text, schema_reason, schema_remedy

# Levels of tables and lists; the deepest flow of ours has six.
DEEPEST = 20
Table = dict[str, Any]
NAME = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Kind = TypeVar("Kind", bound=BaseModel)


class FileModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Source:
    """A file: its path, its text (empty: stored in the database without one), and its table."""

    path: Path
    text: str
    table: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """The place where something was written; line 0: unknown."""

    path: Path
    line: int

    def problem(self, place: str, what: Text, why: Text, remedy: Text) -> FlowProblem:
        """Returns a problem at this place."""
        return FlowProblem(str(self.path), place, what, why, remedy, self.line)


def read_source(path: Path) -> Source:
    """Returns the TOML file at `path`. Raises FlowError with line and column of a syntax error."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise file_error(
            path, "does not exist", "it is needed here", "Write it, or correct its name."
        ) from None
    except UnicodeDecodeError as error:
        raise file_error(path, "is not UTF-8 text", str(error), "Save it as UTF-8.") from None
    except OSError as error:
        raise file_error(path, "cannot be read", str(error.strerror), "Make the file readable.") from None
    return parse_source(path, text)


def parse_source(path: Path, text: str) -> Source:
    """Returns the table written in `text`, the content of the file `path`. Raises FlowError."""
    text = text.removeprefix("\ufeff")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+), column (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        column = int(at[2]) if at else 0
        what, why = BilingualText("不是 TOML", "is not TOML"), BilingualText(f"语法错误：{error}", str(error))
        remedy = BilingualText("改正这一行。", "Correct this line.")
        raise FlowError(FlowProblem(str(path), "", what, why, remedy, line, column)) from None
    except RecursionError:
        raise too_deep_error(path) from None
    except ValueError as error:
        reason = str(error).partition(";")[0]
        raise file_error(path, "has a number that is too long", reason, "Write a shorter one.") from None
    if is_too_deep(table):
        raise too_deep_error(path)
    return Source(path, text, table)


def is_too_deep(value: object) -> bool:
    """Returns whether tables and lists are nested more than DEEPEST levels."""
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


def too_deep_error(path: Path) -> FlowError:
    why = f"a flow has at most {DEEPEST} levels"
    return file_error(path, "is nested too deep", why, "Close its brackets, or shorten its keys.")


def validated(kind: type[Kind], source: Source, table: Mapping[str, Any]) -> Kind:
    """Returns `table` of the file `source` as a `kind`. Raises FlowError with every schema error."""
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        raise FlowError(*_schema_problems(error, source)) from None


def _schema_problems(error: ValidationError, source: Source) -> Iterator[FlowProblem]:
    for each in error.errors(include_url=False):
        loc = [str(part) for part in each["loc"]]
        in_node = loc[:1] == ["nodes"] and len(loc) > 1
        place = loc[1] if in_node else ""
        field = ".".join(loc[3:] if in_node else loc) or ("kind" if in_node else "the whole file")
        what = BilingualText(f"缺少 {field}", field)
        if each["type"] != "missing":
            given = f"{str(each['input'])[:60]!r}"
            what = BilingualText(f"{field} 写的是 {given}", f"{field}, given {given}")
        line = node_line(source.text, place) if place else field_line(source.text, "".join(loc[:1]))
        yield FlowProblem(str(source.path), place, what, schema_reason(each), schema_remedy(each), line)


def node_line(text: str, place: str) -> int:
    """Returns the line where a node begins, or 0."""
    found = re.search(rf"^\[nodes\.{re.escape(place)}[.\]]", text, re.MULTILINE) if place else None
    return text.count("\n", 0, found.start()) + 1 if found else 0


def field_line(text: str, field: str) -> int:
    """Returns the line on which a field of the whole file is written, or 0."""
    found = re.search(rf"^{re.escape(field)}\s*=", text.partition("\n[")[0], re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def file_error(path: Path, what: Text, why: Text, remedy: Text) -> FlowError:
    return FlowError(FlowProblem(str(path), "", what, why, remedy))
