"""What a person may state about a ticket, parsed once at the door.

A field not said is None and leaves the ticket's value alone; an empty text clears it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from hotline.rules.enums import NoMatterReason, RequestType, Urgency
from hotline.rules.errors import InvalidFields


@dataclass(frozen=True, slots=True)
class TicketFields:
    """Everything sayable in one action; see the columns of the same names in `store.tickets`."""

    type: RequestType | None = None
    category: str | None = None
    title: str | None = None
    text: str | None = None
    wanted: str | None = None
    place: str | None = None
    occurred: str | None = None
    people: str | None = None
    urgency: Urgency | None = None
    confidential: bool | None = None
    caller_name: str | None = None
    caller_number: str | None = None
    unit_code: str | None = None
    answer: str | None = None
    reply: str | None = None
    contact_note: str | None = None
    no_matter: NoMatterReason | None = None
    note: str | None = None

    def given(self) -> dict[str, object]:
        """Return only what was said."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in pairs if value is not None}


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Say whether every database can store `text`: no NUL, and no half of a surrogate pair (JSON can bring both)."""
    return _UNSTORABLE.search(text) is None


def storable(text: str, limit: int) -> str:
    """Return the first `limit` signs of `text` that every database can store: for remarks, which are never refused."""
    return _UNSTORABLE.sub("", text)[:limit]


_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_speakable(text: str) -> bool:
    """Whether every character may stand in a document of the carrier's (XML 1.0)."""
    return _UNSPEAKABLE.search(text) is None


def speakable(text: str, limit: int | None = None) -> str:
    """Return the first `limit` signs of `text` (None: all) that may stand in a document: for words nobody can be asked to mend."""
    return _UNSPEAKABLE.sub("", text)[:limit]


LONGEST_SPOKEN_BYTES = 1500
"""UTF-8 of one text. Carriers refuse one that is longer than 4500 signs once it is URL-encoded: three for a byte."""


def in_one_breath(text: str) -> str:
    """Return as much of `text`, made speakable, as a carrier speaks in one piece."""
    return speakable(text).encode()[:LONGEST_SPOKEN_BYTES].decode(errors="ignore")


class _Wrong(Exception):
    pass


def _text(limit: int) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str):
            raise _Wrong("not_text")
        if not is_storable(value):
            raise _Wrong("unknown_value")
        text = value.replace("\r\n", "\n").strip()
        if len(text) > limit:
            raise _Wrong("too_long")
        return text

    return parse


def _one_of(kind: type[StrEnum]) -> Callable[[object], StrEnum | None]:
    def parse(value: object) -> StrEnum | None:
        if value == "":
            return None
        try:
            return kind(str(value))
        except ValueError as wrong:
            raise _Wrong("unknown_value") from wrong

    return parse


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in {"true", "on", "1", "yes"}:
        return True
    if isinstance(value, str) and value in {"false", "off", "0", "no", ""}:
        return False
    raise _Wrong("unknown_value")


LONG, SHORT = 20_000, 200
PARSERS: dict[str, Callable[[object], object]] = {
    "type": _one_of(RequestType),
    "category": _text(120),
    "title": _text(120),
    "text": _text(LONG),
    "wanted": _text(LONG),
    "place": _text(SHORT),
    "occurred": _text(80),
    "people": _text(SHORT),
    "urgency": _one_of(Urgency),
    "confidential": _flag,
    "caller_name": _text(80),
    "caller_number": _text(80),
    "unit_code": _text(32),
    "answer": _text(LONG),
    "reply": _text(LONG),
    "contact_note": _text(LONG),
    "no_matter": _one_of(NoMatterReason),
    "note": _text(SHORT),
}
"""Field -> parser; the largest text lengths stand here and nowhere else."""


def parse_ticket_fields(raw: Mapping[str, object]) -> TicketFields:
    """Return the facts in `raw` (form or JSON). Raises BadFacts naming every field that cannot be accepted."""
    said: dict[str, object] = {}
    errors: dict[str, str] = {}
    for name, value in raw.items():
        if value is None:
            continue
        if name not in PARSERS:
            errors[name] = "unknown_field"
            continue
        try:
            said[name] = PARSERS[name](value)
        except _Wrong as wrong:
            errors[name] = str(wrong)
    if errors:
        raise InvalidFields(errors)
    return TicketFields(**said)  # type: ignore[arg-type]  # each value comes from the parser of its own field
