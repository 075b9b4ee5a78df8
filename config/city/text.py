"""Edits the city's texts and keeps their comments, order and spelling."""

from collections.abc import Iterable
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from hotline.rules.city import DayEntry, UnitEntry, UnitKind


def with_days(text: str, days: Iterable[DayEntry]) -> str:
    """Returns the calendar's text with `days` added; a day that stands there already gets the new decision."""
    document = tomlkit.parse(text)
    listed = _tables(document, "days")
    known = {str(table["day"]): table for table in listed}
    for entry in days:
        table = known.get(str(entry.day))
        if table is None:
            table = tomlkit.table()
            table["day"] = str(entry.day)
            listed.append(table)
        table["working"] = entry.is_working
        _set(table, "note", entry.note)
    if len(listed) and "days" not in document:
        document["days"] = listed
    return tomlkit.dumps(document)


def with_units(text: str, units: Iterable[UnitEntry]) -> str:
    """Returns the text of the units with `units` added; one that stands there already gets the new names and addresses."""
    document = tomlkit.parse(text)
    lists = {kind: _tables(document, kind) for kind in UnitKind}
    known = {str(table["code"]): (kind, table) for kind, tables in lists.items() for table in tables}
    for entry in units:
        kind, table = known.get(entry.code, (entry.kind, tomlkit.table()))
        table["code"], table["zh"], table["en"] = entry.code, entry.name_zh, entry.name_en
        _set(table, "webhook_url", entry.webhook_url)
        _set(table, "closed", entry.closed or None)
        _set(table, "successor", entry.successor)
        if entry.code not in known:
            lists[entry.kind].append(table)
        elif kind is not entry.kind:
            lists[kind].remove(table)
            lists[entry.kind].append(table)
    for kind, tables in lists.items():
        if kind not in document and len(tables):
            document[kind] = tables
    return tomlkit.dumps(document)


def _tables(document: tomlkit.TOMLDocument, name: str) -> AoT:
    found = document.get(name)
    return found if isinstance(found, AoT) else tomlkit.aot()


def _set(table: Table | dict[str, Any], key: str, value: object) -> None:
    """Sets an optional key, or removes it where it has no value."""
    if value:
        table[key] = value
    elif key in table:
        del table[key]
