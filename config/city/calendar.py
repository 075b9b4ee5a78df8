"""The file calendar.toml: days that the city itself has decided about, over the national calendar."""

from datetime import date
from typing import Annotated

from pydantic import PlainValidator

from config.city.toml_file import BadFile, TomlDay, TomlSource, TomlTable, Truth
from config.validation import expected
from hotline.rules.city import DayEntry
from hotline.rules.text import is_storable


def _note(value: object) -> str:
    if not isinstance(value, str) or len(value) > 80 or not is_storable(value):
        raise ValueError
    return value.strip()


class DayTable(TomlTable):
    day: TomlDay
    working: Truth
    note: Annotated[str, PlainValidator(_note), expected("a text of up to 80 characters")] = ""


class CalendarFile(TomlTable):
    days: tuple[DayTable, ...] = ()


def read_days(source: TomlSource) -> tuple[DayEntry, ...]:
    """Returns the days in order. Raises BadFile naming file, key and reason."""
    found: dict[date, DayEntry] = {}
    problems = []
    for number, table in enumerate(source.read(CalendarFile).days):
        if table.day in found:
            problems.append(source.problem(("days", number, "day"), f"{table.day} stands here twice"))
        found[table.day] = DayEntry(table.day, table.working, table.note)
    if problems:
        raise BadFile(*problems)
    return tuple(found[day] for day in sorted(found))
