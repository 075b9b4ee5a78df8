"""One line of a ticket file, parsed strictly: either a complete row, or every field that cannot be accepted and why.

The columns are public (other systems write these files). Times are RFC 3339; without an offset they are local.
A cell that would be a formula in a spreadsheet is written with a leading apostrophe, and read without it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from hotline.rules.enums import Channel, RequestType, Satisfied, Solved
from hotline.rules.phone_numbers import parse_number
from hotline.rules.text import LONG_TEXT

COLUMNS = (
    "external_number",
    "received_at",
    "channel",
    "type",
    "category",
    "title",
    "text",
    "caller_number",
    "unit",
    "closed_at",
    "due_at",
    "first_contact_at",
    "solved",
    "satisfied",
)
_LONGEST = {
    "external_number": 64,
    "category": 120,
    "title": 120,
    "text": LONG_TEXT,
    "caller_number": 80,
    "unit": 32,
}
_MOMENT = re.compile(r"(\d{4})-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL cannot store, and the stand-ins for bytes that were not UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""Signs with which spreadsheets begin a formula, full-width ones included."""
Word = TypeVar("Word", bound=StrEnum)


class Code(StrEnum):
    """Why a line or one of its fields is refused."""

    MISSING = "missing"
    UNKNOWN_VALUE = "unknown_value"
    TOO_LONG = "too_long"
    NOT_TEXT = "not_text"
    NOT_UTF8 = "not_utf8"
    NOT_A_TIME = "not_a_time"
    NOT_YES_OR_NO = "not_yes_or_no"
    BEFORE_RECEIVED = "before_received"
    UNKNOWN_UNIT = "unknown_unit"
    TWICE_IN_FILE = "twice_in_file"
    WRONG_CELL_COUNT = "wrong_cell_count"
    BROKEN_CSV = "broken_csv"
    DAY_IS_FULL = "day_is_full"
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
    """A parsed line. Moments are UTC; `caller_number` is E.164 where it can be, else as written."""

    external_number: str
    received_at: datetime
    channel: Channel
    type: RequestType
    category: str
    title: str
    text: str
    caller_number: str | None
    unit: str | None
    closed_at: datetime | None
    due_at: datetime | None
    first_contact_at: datetime | None
    solved: Solved | None
    satisfied: Satisfied | None

    @property
    def followed_up_at(self) -> datetime | None:
        """When the caller was heard: the file does not say, so the latest moment it does give; None if never heard."""
        if self.solved is None and self.satisfied is None:
            return None
        return self.closed_at or self.first_contact_at or self.received_at


class _Wrong(Exception):
    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def check_header(names: list[str]) -> tuple[RowProblem, ...]:
    """Return what is wrong with a header row; nothing when it holds each column exactly once, in any order."""
    problems = [RowProblem(1, name, Code.MISSING_COLUMN) for name in COLUMNS if name not in names]
    problems += [RowProblem(1, name, Code.UNKNOWN_COLUMN) for name in names if name not in COLUMNS]
    problems += [RowProblem(1, name, Code.COLUMN_TWICE) for name in COLUMNS if names.count(name) > 1]
    return tuple(problems)


def parse_row(cells: Mapping[str, str], zone: ZoneInfo) -> TicketRow | dict[str, Code]:
    """Return the row in `cells` (column -> text), or field -> code for everything wrong with it."""
    found: dict[str, object] = {}
    errors: dict[str, Code] = {}
    for name in COLUMNS:
        try:
            found[name] = _PARSERS[name](_plain(cells[name], name), zone)
        except _Wrong as wrong:
            errors[name] = wrong.code
    received = found.get("received_at")
    for name in ("closed_at", "due_at", "first_contact_at"):
        moment = found.get(name)
        if isinstance(received, datetime) and isinstance(moment, datetime) and moment < received:
            errors[name] = Code.BEFORE_RECEIVED
    return errors or TicketRow(**found)  # type: ignore[arg-type]  # each value comes from the parser of its own column


def safe_cell(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula; `parse_row` reads it back unchanged."""
    stripped = text.lstrip("'")
    return f"'{text}" if stripped.startswith(_FORMULA) else text


def _plain(raw: str, name: str) -> str:
    unusable = _UNUSABLE.search(raw)
    if unusable is not None:
        raise _Wrong(Code.NOT_TEXT if unusable[0] == "\x00" else Code.NOT_UTF8)
    if raw.startswith("'") and raw.lstrip("'").startswith(_FORMULA):
        raw = raw[1:]
    text = raw.replace("\r\n", "\n").strip()
    if len(text) > _LONGEST.get(name, len(text)):
        raise _Wrong(Code.TOO_LONG)
    return text


def _text(text: str, _zone: ZoneInfo) -> str:
    return text


def _needed(text: str, _zone: ZoneInfo) -> str:
    if not text:
        raise _Wrong(Code.MISSING)
    return text


def _or_none(text: str, _zone: ZoneInfo) -> str | None:
    return text or None


def _number(text: str, _zone: ZoneInfo) -> str | None:
    return parse_number(text) or text or None


def _moment(text: str, zone: ZoneInfo) -> datetime:
    if not text:
        raise _Wrong(Code.MISSING)
    shape = _MOMENT.fullmatch(text)
    if shape is None or not 1900 <= int(shape[1]) <= 2999:
        raise _Wrong(Code.NOT_A_TIME)
    try:
        read = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise _Wrong(Code.NOT_A_TIME) from wrong
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)


def _moment_or_none(text: str, zone: ZoneInfo) -> datetime | None:
    return _moment(text, zone) if text else None


def _one_of(kind: type[Word]) -> Callable[[str, ZoneInfo], Word]:
    def parse(text: str, _zone: ZoneInfo) -> Word:
        if not text:
            raise _Wrong(Code.MISSING)
        try:
            return kind(text)
        except ValueError as wrong:
            raise _Wrong(Code.UNKNOWN_VALUE) from wrong

    return parse


def _answer(kind: type[Word]) -> Callable[[str, ZoneInfo], Word | None]:
    def parse(text: str, _zone: ZoneInfo) -> Word | None:
        if not text:
            return None
        try:
            return kind(text)
        except ValueError as wrong:
            raise _Wrong(Code.NOT_YES_OR_NO) from wrong

    return parse


_PARSERS: dict[str, Callable[[str, ZoneInfo], object]] = {
    "external_number": _needed,
    "received_at": _moment,
    "channel": _one_of(Channel),
    "type": _one_of(RequestType),
    "category": _text,
    "title": _text,
    "text": _text,
    "caller_number": _number,
    "unit": _or_none,
    "closed_at": _moment_or_none,
    "due_at": _moment_or_none,
    "first_contact_at": _moment_or_none,
    "solved": _answer(Solved),
    "satisfied": _answer(Satisfied),
}
