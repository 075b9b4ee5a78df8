"""Cursor pagination: an opaque text holds the sort key of the last row shown, so a page costs the same at any depth."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

Row = TypeVar("Row")

# PostgreSQL's integer; no row has a larger id.
MAX_ID = 2**31 - 1
_MAX_LENGTH = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class BadCursor(ValueError):
    """Raised for a text that is no cursor of this list."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list, and the cursor of the next ones (None: these were the last)."""

    rows: tuple[Row, ...]
    next_cursor: str | None


def make_page(candidates: Sequence[Row], limit: int, cursor_of: Callable[[Row], str]) -> Page[Row]:
    """Returns a page from up to `limit` + 1 rows; the extra row only shows that there are more."""
    rows = tuple(candidates[:limit])
    return Page(rows, cursor_of(rows[-1]) if len(candidates) > limit else None)


def id_cursor(row_id: int) -> str:
    """Returns the cursor of a list sorted by id alone."""
    return _pack("i", [row_id])


def moment_cursor(moment: datetime, row_id: int) -> str:
    """Returns the cursor of a list sorted by a moment, then by id."""
    return _pack("m", [(moment - _EPOCH) // _TICK, row_id])


def parse_id_cursor(cursor: str) -> int:
    """Returns the last id shown. Raises BadCursor."""
    (row_id,) = _unpack(cursor, "i", 1)
    return row_id


def parse_moment_cursor(cursor: str) -> tuple[datetime, int]:
    """Returns the last moment (UTC) and id shown. Raises BadCursor."""
    ticks, row_id = _unpack(cursor, "m", 2)
    try:
        return _EPOCH + ticks * _TICK, row_id
    except OverflowError as wrong:
        raise BadCursor(cursor) from wrong


def is_moment_cursor(cursor: str) -> bool:
    """Returns whether `cursor` is one of a list sorted by a moment."""
    try:
        parse_moment_cursor(cursor)
    except BadCursor:
        return False
    return True


def _pack(kind: str, key: list[int]) -> str:
    return urlsafe_b64encode(json.dumps([kind, *key]).encode()).decode().rstrip("=")


def _unpack(cursor: str, kind: str, size: int) -> list[int]:
    if len(cursor) > _MAX_LENGTH:
        raise BadCursor(cursor)
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        read = json.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (NotBase64, ValueError, RecursionError) as wrong:
        raise BadCursor(cursor) from wrong
    if not isinstance(read, list) or len(read) != size + 1 or read[0] != kind:
        raise BadCursor(cursor)
    key = read[1:]
    if not all(type(value) is int for value in key) or not 0 <= key[-1] <= MAX_ID:
        raise BadCursor(cursor)
    return key
