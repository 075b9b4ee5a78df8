"""Reads the city's TOML files into pydantic schemas. An error is one line: file, key, and what to write instead."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Annotated, Self, TypeVar

from annotated_types import Ge, GroupedMetadata, Le, MaxLen, MinLen
from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from config.validation import expected
from hotline.rules.text import one_line


class BadFile(Exception):
    """A file of the city cannot be used. The message is one line: file, key, reason."""


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


def read_toml(file: Traversable, schema: type[Schema]) -> Schema:
    """Returns the content of `file`. Raises BadFile if it cannot be read, is not TOML or does not fit the schema."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadFile(f"{file.name}: {error}") from error
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        # A key or a value in quotation marks may contain line breaks.
        raise BadFile(one_line(f"{file.name}: {_line(error.errors(include_url=False)[0])}")) from error


def _line(error: ErrorDetails) -> str:
    """Returns `key: reason`. Tables of an array are counted from 1."""
    context = error.get("ctx", {})
    # pydantic marks an error about the key of a mapping, as opposed to its value, with a last part "[key]".
    parts = [part for part in (*error["loc"], context.get("key")) if part not in {None, "[key]"}]
    where = ""
    for part in parts:
        where += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if where else str(part)
    return f"{where}: {_reason(error, str(parts[-1]) if parts else '')}"


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
