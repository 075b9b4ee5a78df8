"""units.toml -> the city's units, ready to be written into the `units` table."""

import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources.abc import Traversable

from config.city.toml_file import open_table

_CODE = re.compile(r"[a-z][a-z0-9-]{1,31}")


class UnitKind(StrEnum):
    """What sort of office a unit is; lists are grouped by it."""

    DEPARTMENT = "department"
    TOWNSHIP = "township"
    UTILITY = "utility"
    INSTITUTION = "institution"


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """One handling unit (承办单位) as the city names it."""

    code: str
    name_zh: str
    name_en: str
    kind: UnitKind


def read_units(file: Traversable) -> tuple[UnitEntry, ...]:
    """Return the units in the file's order. Raises BadFile naming file, key and reason."""
    root = open_table(file)
    found: dict[str, UnitEntry] = {}
    for kind in UnitKind:
        for table in root.tables(kind.value):
            entry = UnitEntry(table.text("code", 32), table.text("zh", 80), table.text("en", 120), kind)
            if not _CODE.fullmatch(entry.code):
                raise table.error("code", f"must be small letters, digits and dashes, not {entry.code!r}")
            if entry.code in found:
                raise table.error("code", f"{entry.code!r} stands here twice")
            table.done()
            found[entry.code] = entry
    root.done()
    return tuple(found.values())
