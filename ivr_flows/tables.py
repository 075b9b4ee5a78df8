"""TOML files as tables, and what is wrong with them: syntax with line and column, shape with node and field."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ivr_flows.faults import Fault, FlowError

DEEPEST = 20
"""Tables and lists within each other; the deepest flow of ours has six."""
Table = dict[str, Any]
Shape = TypeVar("Shape", bound=BaseModel)


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

    def fault(self, place: str, what: str, why: str, mend: str) -> Fault:
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
        raise FlowError(
            Fault(str(path), "", "is not TOML", str(error), "Mend this line.", line, column)
        ) from None
    except RecursionError:
        raise too_deep(path) from None
    except ValueError as error:
        why = str(error).partition(";")[0]
        raise whole_file(path, "has a number nobody can mean", why, "Write a shorter one.") from None
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


def shaped(kind: type[Shape], source: Source, table: Mapping[str, Any]) -> Shape:
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
        given = "" if each["type"] == "missing" else f", given {str(each['input'])[:60]!r}"
        why = each["msg"].removeprefix("Value error, ")
        mend = _MENDS.get(each["type"], "Write what is expected there.")
        line = line_of(source.text, place) if place else field_line(source.text, "".join(loc[:1]))
        yield Fault(str(source.path), place, f"{field}{given}", why, mend, line)


_KINDS = (
    "say, goto, menu, survey, input, hours, entry, condition, notices, ticket_status, lookup, callback, "
    "transfer, voicemail, queue, subflow or hang_up"
)
_MENDS = {
    "missing": "Add it.",
    "extra_forbidden": "Remove it, or mend its name.",
    "union_tag_invalid": f"kind is {_KINDS}.",
    "union_tag_not_found": f"Add kind = {_KINDS}.",
    "string_pattern_mismatch": "Keys are 0-9, * or #; names are small letters, digits and _.",
    "too_short": "Write at least one.",
    "int_type": "Write a whole number, without quotes.",
    "greater_than_equal": "Write a larger number.",
    "less_than_equal": "Write a smaller number.",
}


def line_of(text: str, place: str) -> int:
    """Return the line where a node begins, or 0."""
    found = re.search(rf"^\[nodes\.{re.escape(place)}[.\]]", text, re.MULTILINE) if place else None
    return text.count("\n", 0, found.start()) + 1 if found else 0


def field_line(text: str, field: str) -> int:
    """Return the line on which a field of the whole file is written, or 0."""
    found = re.search(rf"^{re.escape(field)}\s*=", text.partition("\n[")[0], re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def whole_file(path: Path, what: str, why: str, mend: str) -> FlowError:
    return FlowError(Fault(str(path), "", what, why, mend))
