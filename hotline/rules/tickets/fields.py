"""What a person may state about a ticket, parsed once at the door.

A field not said is None and leaves the ticket's value alone; an empty text clears it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from hotline.rules.enums import NoMatterReason, RequestType, Urgency
from hotline.rules.errors import InvalidFields
from hotline.rules.text import LONG_TEXT, SHORT_TEXT, is_storable


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


PARSERS: dict[str, Callable[[object], object]] = {
    "type": _one_of(RequestType),
    "category": _text(120),
    "title": _text(120),
    "text": _text(LONG_TEXT),
    "wanted": _text(LONG_TEXT),
    "place": _text(SHORT_TEXT),
    "occurred": _text(80),
    "people": _text(SHORT_TEXT),
    "urgency": _one_of(Urgency),
    "confidential": _flag,
    "caller_name": _text(80),
    "caller_number": _text(80),
    "unit_code": _text(32),
    "answer": _text(LONG_TEXT),
    "reply": _text(LONG_TEXT),
    "contact_note": _text(LONG_TEXT),
    "no_matter": _one_of(NoMatterReason),
    "note": _text(SHORT_TEXT),
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
