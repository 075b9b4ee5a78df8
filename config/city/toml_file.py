"""Reads the city's TOML texts into pydantic schemas. A problem is one line: file, key, what to write instead, and the line.

A value may be written with its origin, `{ value = 5, source = "…", jurisdiction = "…", from = "2026-01-01", to = "…" }`, and
as a list of such tables for values that follow each other. A schema sees the value of one day.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import Annotated, Any, Self, TypeVar

from annotated_types import Ge, GroupedMetadata, Le, MaxLen, MinLen
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainValidator,
    Strict,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from config.validation import expected
from hotline.rules.city import Origin
from hotline.rules.text import one_line

Path = tuple[str | int, ...]
_ORIGIN_KEYS = {"value", "source", "jurisdiction", "from", "to"}
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-\"']+)\s*\]\]?")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-\"']+)\s*=")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in a text of the city: file, key (empty: the whole file), reason with the remedy, and line (0: unknown)."""

    file: str
    key: str
    reason: str
    line: int = 0

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}: " if self.key else f"{self.file}: "
        line = f" (line {self.line})" if self.line else ""
        # A key or a value in quotation marks may contain line breaks.
        return one_line(f"{where}{self.reason}{line}")


class BadFile(Exception):
    """A text of the city cannot be used; `problems` lists all that was found, and the message is the first of them."""

    def __init__(self, *problems: Problem) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
        self.problems = problems


class TomlTable(BaseModel):
    """Base of the schemas: one table of a TOML file. A key that the schema does not know is an error."""

    # Unknown keys are allowed for the validator below only: its message names the known ones.
    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="after")
    def _refuse_unknown_keys(self) -> Self:
        for key in self.model_extra or {}:
            known = sorted(field.alias or name for name, field in type(self).model_fields.items())
            raise PydanticCustomError(
                "unknown_key", "is not known here; known: {known}", {"known": ", ".join(known), "key": key}
            )
        return self


Schema = TypeVar("Schema", bound=TomlTable)


@dataclass(frozen=True, slots=True)
class TomlInteger(GroupedMetadata):
    """Annotation of a whole number between `low` and `high`, both included."""

    low: int
    high: int

    def __iter__(self) -> Iterator[object]:
        yield from (Strict(), Ge(self.low), Le(self.high))
        yield expected(f"a whole number from {self.low} to {self.high}")


@dataclass(frozen=True, slots=True)
class TomlText(GroupedMetadata):
    """Annotation of a text of 1 to `longest` characters without blanks around it."""

    longest: int

    def __iter__(self) -> Iterator[object]:
        yield from (Strict(), MinLen(1), MaxLen(self.longest), AfterValidator(_without_blanks_around))
        yield expected(f"a text of 1 to {self.longest} characters")


def _without_blanks_around(value: str) -> str:
    if value != value.strip():
        raise ValueError
    return value


Truth = Annotated[bool, Strict(), expected("true or false")]


def _day(value: object) -> date | None:
    """Returns the day that a text or a TOML date states; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _toml_day(value: object) -> date:
    day = _day(value)
    if day is None:
        raise PydanticCustomError("day", _NO_DAY, {"value": str(value)})
    return day


_NO_DAY = 'must be a day like "2026-06-12" in quotation marks, not "{value}"'
TomlDay = Annotated[date, PlainValidator(_toml_day)]


@dataclass(slots=True)
class TomlSource:
    """A TOML text with the values that are valid on one day.

    `origins` tells where values come from, by path; `changes` are the days on which another value becomes valid.
    """

    name: str
    text: str
    day: date
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, Origin] = field(default_factory=dict)
    changes: set[date] = field(default_factory=set)

    @classmethod
    def parse(cls, name: str, text: str, day: date) -> "TomlSource":
        """Parses `text`. Raises BadFile if it is not TOML or the validity of a value is wrong."""
        source = cls(name, text, day)
        try:
            parsed = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", str(error))
            line = len(text.splitlines()) if found is None or found[1] is None else int(found[1])
            raise BadFile(
                Problem(name, "", str(error).replace(found[0] if found else "", ""), line)
            ) from None
        source.values = source._resolved(parsed, ())
        return source

    def problem(self, path: Path, reason: str) -> Problem:
        shown = ""
        for part in path:
            shown += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if shown else str(part)
        return Problem(self.name, shown, reason, self.line_of(path))

    def line_of(self, path: Path) -> int:
        """Returns the line of a key, or of the table in which it is missing; 0 if neither is in the text."""
        # tomlkit and tomllib tell no positions; the texts are tables of plain keys, which a scan finds.
        best, line = 0, 0
        longest = -1
        tables: dict[tuple[str, ...], int] = {}
        here: Path = ()
        for number, raw in enumerate(self.text.splitlines(), 1):
            if header := _HEADER.match(raw):
                names = tuple(part.strip("\"'") for part in header[2].split("."))
                here = self._table_path(names, tables, is_list=header[1] == "[[")
                line, at = number, here
            elif key := _KEY.match(raw):
                at = (*here, *(part.strip("\"'") for part in key[1].split(".")))
                line = number
            else:
                continue
            if at == path[: len(at)] and len(at) > longest:
                best, longest = line, len(at)
        return best

    @staticmethod
    def _table_path(names: tuple[str, ...], counts: dict[tuple[str, ...], int], *, is_list: bool) -> Path:
        if is_list:
            counts[names] = counts.get(names, -1) + 1
        path: list[str | int] = []
        for end in range(1, len(names) + 1):
            path.append(names[end - 1])
            if names[:end] in counts:
                path.append(counts[names[:end]])
        return tuple(path)

    def _resolved(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            if "value" in value and set(value) <= _ORIGIN_KEYS:
                return self._valid_one([value], path)
            return {key: self._resolved(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            if (
                value
                and all(isinstance(each, dict) and "value" in each for each in value)
                and all(set(each) <= _ORIGIN_KEYS for each in value)
            ):
                return self._valid_one(value, path)
            return [self._resolved(each, (*path, number)) for number, each in enumerate(value)]
        return value

    def _valid_one(self, entries: list[dict[str, Any]], path: Path) -> Any:
        """Returns the value of the entry that is valid on the day of this source. Raises BadFile for gaps and overlaps."""
        read = sorted(
            (self._entry(entry, path) for entry in entries), key=lambda each: each[0].first or date.min
        )
        for (earlier, _), (later, _) in pairwise(read):
            if later.first is None or (earlier.last is not None and later.first != _next(earlier.last)):
                raise BadFile(
                    self.problem(path, "its values must follow each other without a gap or an overlap")
                )
        if (end := read[-1][0].last) is not None:
            raise BadFile(
                self.problem(path, f"has no value after {end}: leave `to` out, or add the next one")
            )
        if (begin := read[0][0].first) is not None and begin > self.day:
            raise BadFile(
                self.problem(path, f"has no value before {begin}: add the one that holds until then")
            )
        self.changes.update(origin.first for origin, _ in read if origin.first)
        origin, value = next(each for each in reversed(read) if (each[0].first or date.min) <= self.day)
        self.origins[path] = origin
        return value

    def _entry(self, entry: Mapping[str, Any], path: Path) -> tuple[Origin, Any]:
        days: dict[str, date | None] = {"from": None, "to": None}
        for key in sorted(days.keys() & entry.keys()):
            found = days[key] = _day(entry[key])
            if found is None:
                raise BadFile(self.problem((*path, key), _NO_DAY.format(value=entry[key])))
        texts = {key: entry.get(key, "") for key in ("source", "jurisdiction")}
        for key, text in texts.items():
            if not isinstance(text, str) or len(text) > 200:
                raise BadFile(self.problem((*path, key), "must be a text of up to 200 characters"))
        first, last = days["from"], days["to"]
        if first is not None and last is not None and last < first:
            raise BadFile(self.problem(path, f"ends on {last}, before it begins on {first}"))
        return Origin(texts["source"], texts["jurisdiction"], first, last), entry["value"]

    def read(self, schema: type[Schema]) -> Schema:
        """Returns the content. Raises BadFile with every problem if it does not fit the schema."""
        try:
            return schema.model_validate(self.values)
        except ValidationError as error:
            raise BadFile(
                *(self._schema_problem(each) for each in error.errors(include_url=False))
            ) from error

    def _schema_problem(self, error: ErrorDetails) -> Problem:
        context = error.get("ctx", {})
        # pydantic marks an error about the key of a mapping, as opposed to its value, with a last part "[key]".
        path = tuple(part for part in (*error["loc"], context.get("key")) if part not in {None, "[key]"})
        return self.problem(path, _reason(error, str(path[-1]) if path else ""))


def _next(day: date) -> date:
    return day + timedelta(days=1)


def read_toml(file: Traversable, schema: type[Schema], day: date = date.max) -> Schema:
    """Returns the content of `file` on `day`. Raises BadFile if it cannot be read, is not TOML or does not fit the schema."""
    return TomlSource.parse(file.name, read_text(file), day).read(schema)


def read_text(file: Traversable) -> str:
    """Returns the text of a file. Raises BadFile if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(Problem(file.name, "", str(error))) from error


def _reason(error: ErrorDetails, key: str) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "model_type" | "dict_type":
            return f"must be a table [{key}], not {error['input']!r}"
        case "tuple_type":
            return f"must be a list of tables [[{key}]]"
        case "value_error":
            return str(error.get("ctx", {})["error"])
        case _:
            return error["msg"]
