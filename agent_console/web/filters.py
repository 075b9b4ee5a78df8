"""Parses the filters in the address of a list page. People edit and share these addresses.

The name of a value that is not valid is kept in `rejected`, and the page names it beside an empty list: ignoring the
value would show a wrong list.
"""

from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import request

from agent_console.web.typed_days import canonical_day
from hotline.rules.text import clean, is_storable
from hotline.store.cursors import MAX_ID

PAGE_ROWS = 50
MAX_LENGTH = 100
Word = TypeVar("Word", bound=StrEnum)


class Filters:
    """Reads the query of the current request. `is_used`: at least one filter is set."""

    def __init__(self) -> None:
        self.rejected: list[str] = []
        self.is_used = False

    @property
    def cursor(self) -> str:
        return request.args.get("cursor", "")

    def choice(self, kind: type[Word], name: str) -> Word | None:
        """Returns the chosen member; None for all."""
        raw = self._raw(name)
        try:
            return kind(raw) if raw else None
        except ValueError:
            self.rejected.append(name)
            return None

    def text(self, name: str) -> str:
        raw = self._raw(name)
        text = clean(raw)
        if not is_storable(raw) or len(text) > MAX_LENGTH:
            self.rejected.append(name)
            return ""
        return text

    def flag(self, name: str) -> bool:
        """Returns True if a box is ticked."""
        return self._raw(name) in {"1", "true", "on"}

    def day(self, name: str) -> date | None:
        raw = self._raw(name)
        try:
            return date.fromisoformat(canonical_day(raw)) if raw else None
        except ValueError:
            self.rejected.append(name)
            return None

    def row_id(self, name: str) -> int | None:
        raw = self._raw(name)
        if not raw:
            return None
        if raw.isascii() and raw.isdigit() and len(raw) <= 10 and 0 < int(raw) <= MAX_ID:
            return int(raw)
        self.rejected.append(name)
        return None

    def address(self, **changed: str | None) -> dict[str, str]:
        """Returns the query of this list with some values changed (None: dropped), for `url_for`."""
        kept = {name: value for name, value in request.args.items() if value and name != "cursor"}
        return {name: value for name, value in {**kept, **changed}.items() if value}

    def _raw(self, name: str) -> str:
        raw = request.args.get(name, "")
        self.is_used = self.is_used or bool(raw)
        return raw
