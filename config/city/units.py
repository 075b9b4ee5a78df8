"""The file units.toml: the units of the city that handle tickets (承办单位)."""

from dataclasses import dataclass
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import Annotated

from pydantic import Field

from config.city.toml_file import BadFile, TomlTable, TomlText, read_toml
from config.validation import expected


class UnitKind(StrEnum):
    """Lists of units are grouped by kind."""

    DEPARTMENT = "department"
    TOWNSHIP = "township"
    UTILITY = "utility"
    INSTITUTION = "institution"


@dataclass(frozen=True, slots=True)
class UnitEntry:
    code: str
    name_zh: str
    name_en: str
    kind: UnitKind


class UnitTable(TomlTable):
    code: Annotated[
        str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}$"), expected("small letters, digits and dashes")
    ]
    zh: Annotated[str, TomlText(80)]
    en: Annotated[str, TomlText(120)]


class UnitsFile(TomlTable):
    department: tuple[UnitTable, ...]
    township: tuple[UnitTable, ...]
    utility: tuple[UnitTable, ...]
    institution: tuple[UnitTable, ...]


def read_units(file: Traversable) -> tuple[UnitEntry, ...]:
    """Returns the units in the file's order. Raises BadFile naming file, key and reason."""
    content = read_toml(file, UnitsFile)
    found: dict[str, UnitEntry] = {}
    for kind in UnitKind:
        tables: tuple[UnitTable, ...] = getattr(content, kind.value)
        for number, table in enumerate(tables, 1):
            if table.code in found:
                raise BadFile(f"{file.name}: {kind.value}[{number}].code: {table.code!r} stands here twice")
            found[table.code] = UnitEntry(table.code, table.zh, table.en, kind)
    return tuple(found.values())
