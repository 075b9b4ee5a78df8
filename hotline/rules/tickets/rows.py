"""One line of a ticket file: a complete row, or every field that cannot be accepted with its reason.

The columns are public, because other systems write these files; they are the rows of the field table that have a
`csv` name. Times are RFC 3339; without an offset they are local.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

from hotline.rules.enums import RequestType
from hotline.rules.phone_numbers import parse_caller_number
from hotline.rules.text import clean, close_directions
from hotline.rules.tickets.fields import (
    TICKET_FIELDS,
    BadValue,
    BooleanField,
    ChoiceField,
    DateField,
    DateTimeField,
    IntegerField,
    PhoneField,
    TextField,
    TicketField,
)

FILE_FIELDS: tuple[TicketField, ...] = tuple(row for row in TICKET_FIELDS if row.csv)
COLUMNS: tuple[str, ...] = tuple(row.csv for row in FILE_FIELDS)

_MOMENT = re.compile(r"(\d{4})-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
# PostgreSQL stores no NUL; the surrogates stand for bytes that were not UTF-8.
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
# A spreadsheet takes a cell that begins so for a formula, also with a full-width character.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_YES_OR_NO = {"yes", "no"}


class Code(StrEnum):
    """The reason for which a line or one of its fields is refused."""

    MISSING = "missing"
    UNKNOWN_VALUE = "unknown_value"
    TOO_LONG = "too_long"
    NOT_TEXT = "not_text"
    NOT_UTF8 = "not_utf8"
    NOT_A_TIME = "not_a_time"
    NOT_A_NUMBER = "not_a_number"
    NOT_YES_OR_NO = "not_yes_or_no"
    BEFORE_RECEIVED = "before_received"
    UNKNOWN_UNIT = "unknown_unit"
    TWICE_IN_FILE = "twice_in_file"
    WRONG_CELL_COUNT = "wrong_cell_count"
    BROKEN_CSV = "broken_csv"
    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    COLUMN_TWICE = "column_twice"
    EMPTY_FILE = "empty_file"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """`line` counts from 1, the header included; `field` is a column, or empty for the line as a whole."""

    line: int
    field: str
    code: Code


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A parsed line: ticket field -> value. Moments are UTC; a caller's number is as `parse_caller_number` returns it."""

    values: Mapping[str, Any]

    @property
    def external_number(self) -> str:
        return cast("str", self.values["external_number"])

    @property
    def type(self) -> RequestType:
        return cast("RequestType", self.values["type"])

    @property
    def unit_code(self) -> str | None:
        return cast("str | None", self.values["unit_code"])

    @property
    def received_at(self) -> datetime:
        return cast("datetime", self.values["received_at"])

    @property
    def closed_at(self) -> datetime | None:
        return cast("datetime | None", self.values["closed_at"])

    @property
    def followed_up_at(self) -> datetime | None:
        """The latest moment that the row gives, because a file does not say when the caller answered. None without an answer."""
        if self.values["solved"] is None and self.values["satisfied"] is None:
            return None
        return self.closed_at or self.values["first_contact_at"] or self.received_at


def check_header(names: list[str]) -> tuple[RowProblem, ...]:
    """Returns the problems of a header row; none when it holds each column exactly once, in any order."""
    problems = [RowProblem(1, name, Code.MISSING_COLUMN) for name in COLUMNS if name not in names]
    problems += [RowProblem(1, name, Code.UNKNOWN_COLUMN) for name in names if name not in COLUMNS]
    problems += [RowProblem(1, name, Code.COLUMN_TWICE) for name in COLUMNS if names.count(name) > 1]
    return tuple(problems)


def parse_row(cells: Mapping[str, str], zone: ZoneInfo, line: str) -> TicketRow | dict[str, Code]:
    """Returns the row in `cells` (column -> text), or column -> code for everything that is wrong with it.

    `line` is the hotline's own number.
    """
    values: dict[str, object] = {}
    errors: dict[str, Code] = {}
    for field, read in _READERS:
        try:
            values[field.name] = read(_plain(cells[field.csv], field), zone, line)
        except BadValue as bad:
            errors[field.csv] = Code(bad.code)
    received = values.get("received_at")
    for name in ("closed_at", "due_at", "first_contact_at"):
        moment = values.get(name)
        if isinstance(received, datetime) and isinstance(moment, datetime) and moment < received:
            errors[name] = Code.BEFORE_RECEIVED
    return errors or TicketRow(values)


def safe_cell(text: str) -> str:
    """Returns `text` for a cell of a file: open directions closed, and no formula.

    A leading apostrophe is added if a spreadsheet would take the text for a formula; `parse_row` removes it.
    """
    closed = close_directions(text)
    return f"'{closed}" if closed.lstrip("'").startswith(_FORMULA) else closed


def _plain(raw: str, field: TicketField) -> str:
    unusable = _UNUSABLE.search(raw)
    if unusable is not None:
        raise BadValue(Code.NOT_TEXT if unusable[0] == "\x00" else Code.NOT_UTF8)
    if raw.startswith("'") and raw.lstrip("'").startswith(_FORMULA):
        raw = raw[1:]
    text = clean(raw)
    if isinstance(field.kind, TextField) and len(text) > field.kind.limit:
        raise BadValue(Code.TOO_LONG)
    if field.csv_required and not text:
        raise BadValue(Code.MISSING)
    return text


_Reader = Callable[[str, ZoneInfo, str], object]


def _reader(field: TicketField) -> _Reader:
    """Returns the function that reads a cell of `field`. Raises TypeError for a kind that no file holds."""
    match field.kind:
        case PhoneField():
            return lambda text, _zone, line: _caller_number(text, line)
        case TextField():
            return lambda text, _zone, _line: text or (None if field.optional else "")
        case ChoiceField(kind):
            code = Code.NOT_YES_OR_NO if {word.value for word in kind} == _YES_OR_NO else Code.UNKNOWN_VALUE
            return lambda text, _zone, _line: _word(kind, text, code) if text else None
        case DateTimeField():
            return lambda text, zone, _line: _moment(text, zone) if text else None
        case BooleanField() | DateField() | IntegerField():
            raise TypeError(f"no ticket file holds a {field.kind}")


def _caller_number(text: str, line: str) -> str | None:
    try:
        return parse_caller_number(text, line)
    except ValueError as unknown:
        raise BadValue(Code.NOT_A_NUMBER) from unknown


def _word(kind: type[StrEnum], text: str, code: Code) -> StrEnum:
    try:
        return kind(text)
    except ValueError as unknown:
        raise BadValue(code) from unknown


def _moment(text: str, zone: ZoneInfo) -> datetime:
    form = _MOMENT.fullmatch(text)
    if form is None or not 1900 <= int(form[1]) <= 2999:
        raise BadValue(Code.NOT_A_TIME)
    try:
        read = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise BadValue(Code.NOT_A_TIME) from wrong
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)


_READERS: tuple[tuple[TicketField, _Reader], ...] = tuple((field, _reader(field)) for field in FILE_FIELDS)
