"""The form of a text, drawn from its schema, and the text that a filled-in form makes of it.

A value keeps its type, its comment and its origin. What a form cannot show, such as values that follow each other by
date, is left as it is.
"""

import re
import types
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import tomlkit
from pydantic.fields import FieldInfo
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Item

from agent_console.web.city_catalog import FormField, FormRow, FormSection
from config.city.comparison import shown
from config.city.toml_file import Path, TomlTable
from hotline.rules.policies import Limit, TimeUnit

# Separates the parts of a field's name, because keys of the city may hold dots.
SEPARATOR = "/"
_NEW = "+"
_ORIGIN_PARTS = ("source", "jurisdiction")
Input = Literal["text", "number", "check", "lines", "choice", "limit"]


def form_of(schema: type[TomlTable], text: str) -> tuple[FormSection, ...] | None:
    """Returns the filled-in form of `text`; None if it is no TOML or has another shape than its schema."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError:
        return None
    try:
        return tuple(_sections(schema, document, ()))
    except (TypeError, AttributeError, KeyError):
        return None


def filled_text(schema: type[TomlTable], text: str, form: Mapping[str, str]) -> str:
    """Returns `text` with the values of `form` (name of a field -> value) in it."""
    document = tomlkit.parse(text)
    for section in _sections(schema, document, ()):
        for row in section.rows:
            _fill_row(document, row, form)
        for field in section.fields:
            _fill(document, field, form)
    return tomlkit.dumps(document)


def _sections(schema: type[TomlTable], table: Mapping[str, Any], path: Path) -> Iterator[FormSection]:
    """Yields the table's own values as the first section, then each table inside it."""
    own: list[FormField] = []
    inner: list[FormSection] = []
    for name, info in schema.model_fields.items():
        key = info.alias or name
        here = (*path, key)
        wanted = _bare(info.annotation)
        if _is_table(wanted):
            inner += _sections(wanted, table.get(key, {}), here)
        elif row := _row_schema(wanted):
            inner.append(_list_section(row, table.get(key, []), here))
        elif get_origin(wanted) in {Mapping, dict} or wanted is Mapping:
            inner += _mapping_sections(get_args(wanted)[1], table.get(key, {}), here)
        else:
            own.append(_field(here, info, wanted, table))
    if own:
        yield FormSection(_key(path), tuple(own))
    yield from inner


def _list_section(row: type[TomlTable], tables: Sequence[Mapping[str, Any]], path: Path) -> FormSection:
    rows = [_row(row, table, (*path, number)) for number, table in enumerate(tables)]
    rows.append(_row(row, {}, (*path, _NEW), is_new=True))
    return FormSection(_key(path), rows=tuple(rows), is_list=True)


def _row(row: type[TomlTable], table: Mapping[str, Any], path: Path, *, is_new: bool = False) -> FormRow:
    fields = tuple(
        _field((*path, info.alias or name), info, _bare(info.annotation), table)
        for name, info in row.model_fields.items()
    )
    return FormRow(_name(path), fields, is_new)


def _mapping_sections(wanted: Any, table: Mapping[str, Any], path: Path) -> Iterator[FormSection]:
    inside = _bare(wanted)
    if _is_table(inside):
        for name, each in table.items():
            yield from _sections(inside, each, (*path, name))
    elif get_origin(inside) in {Mapping, dict}:
        for name, each in table.items():
            yield from _mapping_sections(get_args(inside)[1], each, (*path, name))
    elif table:
        yield FormSection(
            _key(path), tuple(_leaf((*path, name), inside, table[name], table) for name in table)
        )


def _field(path: Path, info: FieldInfo, wanted: Any, table: Mapping[str, Any]) -> FormField:
    key = str(path[-1])
    value = table.get(key)
    if value is None and not info.is_required() and info.default is not None:
        value = info.default
    return _leaf(path, wanted, value, table, is_required=info.is_required())


def _leaf(
    path: Path, wanted: Any, value: Any, table: Mapping[str, Any], *, is_required: bool = True
) -> FormField:
    origin: Mapping[str, Any] = {}
    is_dated = isinstance(value, list) and any(isinstance(each, Mapping) for each in value)
    if isinstance(value, Mapping):
        origin, value = value, value.get("value")
    elif is_dated:
        value = "；".join(
            f"{shown(each.get('value', ''))}（{each.get('from', '')}–{each.get('to', '')}）" for each in value
        )
    choices = tuple(str(each.value) for each in wanted) if _is_enum(wanted) else ()
    shown_value, unit = _shown(value), ""
    if wanted is Limit:
        shown_value, unit = _limit_parts(shown_value)
        choices = tuple(TimeUnit)
    return FormField(
        name=_name(path),
        key=_key(path),
        input=_input(wanted),
        value=shown_value,
        choices=choices,
        unit=unit,
        hint=_comment(table, str(path[-1])),
        is_required=is_required,
        has_origin=bool(origin),
        source=str(origin.get("source", "")),
        jurisdiction=str(origin.get("jurisdiction", "")),
        since=str(origin.get("from", "")),
        is_dated=is_dated,
    )


def _limit_parts(text: str) -> tuple[str, str]:
    """Returns number and unit of `5 business_days`."""
    number, _, unit = text.partition(" ")
    return number, unit.removesuffix("s")


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "\n".join(shown(each) for each in value)
    return shown(value.value if isinstance(value, Enum) else value)


def _comment(table: Mapping[str, Any], key: str) -> str:
    item = table.get(key)
    return re.sub(r"^#\s*", "", item.trivia.comment) if isinstance(item, Item) else ""


def _fill(document: MutableMapping[str, Any], field: FormField, form: Mapping[str, str]) -> None:
    if field.is_dated:
        return
    wanted = form.get(field.name, "false" if field.input == "check" and f"{field.name}?" in form else None)
    if wanted is not None:
        wanted = "true" if field.input == "check" and wanted == "on" else wanted.replace("\r\n", "\n").strip()
        unit = form.get(f"{field.name}@unit", field.unit)
        if field.input == "limit":
            if (wanted, unit) != (field.value, field.unit):
                _set(document, field, f"{wanted} {unit}" if wanted == "1" else f"{wanted} {unit}s")
        elif wanted != field.value:
            _set(document, field, _typed(field, wanted))
    for part in _ORIGIN_PARTS:
        stated = form.get(f"{field.name}@{part}")
        if stated is not None and stated.strip() != getattr(field, part):
            _set_origin(document, field, part, stated.strip())


def _fill_row(document: MutableMapping[str, Any], row: FormRow, form: Mapping[str, str]) -> None:
    path = row.name.split(SEPARATOR)
    if not row.is_new:
        if form.get(f"{row.name}!remove"):
            # Marked now and taken out below, because the rows after it keep their numbers until all are filled in.
            _at(document, path)["!remove"] = True
        for field in row.fields:
            _fill(document, field, form)
        return
    listed = _list_at(document, path[:-1])
    for table in [table for table in listed if "!remove" in table]:
        listed.remove(table)
    # A row of a check box alone is no entry.
    if not any(form.get(field.name, "").strip() for field in row.fields if field.input != "check"):
        return
    table = tomlkit.table()
    for field in row.fields:
        typed = form.get(field.name, "").strip()
        if typed and not (field.input == "check" and typed != "on"):
            table[field.key.rsplit(".", 1)[-1]] = _typed(field, "true" if field.input == "check" else typed)
    listed.append(table)
    if path[0] not in document:
        document[path[0]] = listed


def _typed(field: FormField, text: str) -> Any:
    """Returns the value in the type of the field; a text that is none stays a text, which the check names."""
    match field.input:
        case "number":
            return int(text) if re.fullmatch(r"-?\d{1,18}", text) else text
        case "check":
            return text == "true"
        case "lines":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case _:
            return text


def _set(document: MutableMapping[str, Any], field: FormField, value: Any) -> None:
    path = field.name.split(SEPARATOR)
    table = _at(document, path[:-1], makes=True)
    key = path[-1]
    if value in ("", False) and not field.is_required:
        table.pop(key, None)
    elif field.has_origin:
        table[key]["value"] = value
    else:
        old = table.get(key)
        item = tomlkit.item(value)
        if isinstance(old, Item):
            item.trivia.comment, item.trivia.comment_ws = old.trivia.comment, old.trivia.comment_ws
        table[key] = item


def _set_origin(document: MutableMapping[str, Any], field: FormField, part: str, text: str) -> None:
    path = field.name.split(SEPARATOR)
    table = _at(document, path[:-1], makes=True)
    if not field.has_origin:
        entry = tomlkit.inline_table()
        entry["value"] = table.get(path[-1])
        table[path[-1]] = entry
    if text:
        table[path[-1]][part] = text
    else:
        table[path[-1]].pop(part, None)


def _at(document: MutableMapping[str, Any], path: Sequence[str], *, makes: bool = False) -> Any:
    here: Any = document
    for part in path:
        if isinstance(here, (AoT, list)):
            here = here[int(part)]
        else:
            if part not in here and makes:
                here[part] = tomlkit.table()
            here = here[part]
    return here


def _list_at(document: MutableMapping[str, Any], path: Sequence[str]) -> Any:
    found = document.get(path[0])
    return tomlkit.aot() if found is None or not isinstance(found, AoT) else found


def _name(path: Path) -> str:
    return SEPARATOR.join(str(part) for part in path)


def _key(path: Path) -> str:
    """Returns the path without numbers of rows, by which the page finds the words of a field."""
    return ".".join(str(part) for part in path if not isinstance(part, int) and part != _NEW)


def _bare(annotation: Any) -> Any:
    """Returns a type without its annotations and without None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        given = [each for each in get_args(annotation) if each is not type(None)]
        return _bare(given[0])
    return annotation


def _is_table(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, TomlTable)


def _is_enum(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, Enum)


def _row_schema(wanted: Any) -> type[TomlTable] | None:
    inside = _bare(get_args(wanted)[0]) if get_origin(wanted) is tuple else None
    return inside if _is_table(inside) else None


def _input(wanted: Any) -> Input:
    if wanted is bool:
        return "check"
    if wanted is int:
        return "number"
    if wanted is Limit:
        return "limit"
    if _is_enum(wanted):
        return "choice"
    return "lines" if get_origin(wanted) in {tuple, list, frozenset, set} else "text"
