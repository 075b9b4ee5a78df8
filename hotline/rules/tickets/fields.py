"""The table of a ticket's fields. Forms, API, import, export and the redo round read it.

A new field is one row here, one column in `store.tickets.tables` with its migration, and one label per language in
`agent_console.web.labels`. A row of `TicketFields` is a field that people state; the other rows are set by the
application itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from hotline.rules.enums import (
    Channel,
    Closing,
    NoMatterReason,
    RequestClass,
    RequestType,
    Satisfied,
    Solved,
    TicketState,
    Urgency,
)
from hotline.rules.errors import InvalidFields
from hotline.rules.text import LONG_TEXT, SHORT_TEXT, clean, is_storable

Value_co = TypeVar("Value_co", covariant=True)
Word = TypeVar("Word", bound=StrEnum)


class BadValue(Exception):
    """A value that cannot be accepted; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ParsedField(Protocol[Value_co]):
    """A kind of field that people fill in a form or a JSON body. `parse` raises BadValue."""

    def parse(self, value: object) -> Value_co: ...


@dataclass(frozen=True, slots=True)
class TextField:
    """Text of at most `limit` characters (code points). A text of invisible signs only is empty."""

    limit: int
    value_type: ClassVar[type] = str

    def parse(self, value: object) -> str:
        if not isinstance(value, str):
            raise BadValue("not_text")
        if not is_storable(value):
            raise BadValue("unknown_value")
        text = clean(value)
        if len(text) > self.limit:
            raise BadValue("too_long")
        return text


@dataclass(frozen=True, slots=True)
class PhoneField(TextField):
    """A telephone number as it was written. It is stored as `rules.phone_numbers.parse_caller_number` returns it."""


@dataclass(frozen=True, slots=True)
class ChoiceField(Generic[Word]):
    """One value of an enumeration; an empty text states nothing."""

    value_type: type[Word]

    def parse(self, value: object) -> Word | None:
        if value == "":
            return None
        try:
            return self.value_type(str(value))
        except ValueError as unknown:
            raise BadValue("unknown_value") from unknown


@dataclass(frozen=True, slots=True)
class BooleanField:
    """True or false, also in the spellings that HTML forms send."""

    value_type: ClassVar[type] = bool

    def parse(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value in {"true", "on", "1", "yes"}:
            return True
        if isinstance(value, str) and value in {"false", "off", "0", "no", ""}:
            return False
        raise BadValue("unknown_value")


@dataclass(frozen=True, slots=True)
class DateTimeField:
    """An aware datetime, stored in UTC."""

    value_type: ClassVar[type] = datetime


@dataclass(frozen=True, slots=True)
class DateField:
    """A local calendar day."""

    value_type: ClassVar[type] = date


@dataclass(frozen=True, slots=True)
class IntegerField:
    """A whole number, or the id of a row of another table."""

    value_type: ClassVar[type] = int


FieldKind = TextField | ChoiceField[Any] | BooleanField | DateTimeField | DateField | IntegerField


class FieldEntry(StrEnum):
    """The places at which a stated field may be entered. A transition that names a field always takes it."""

    DESK = "desk"  # on a draft: the desk's form, the ticket sheet and the API
    REQUEST = "request"  # on a draft: the ticket sheet and the API
    STEP = "step"  # nowhere but in a transition that names it


DESK, REQUEST, STEP = FieldEntry.DESK, FieldEntry.REQUEST, FieldEntry.STEP


@dataclass(frozen=True, slots=True)
class TicketField:
    """One row of the table.

    `entry` None: the application sets it. `optional`: its column may be NULL. `stored` False: it has no column in
    `tickets`, because a transition keeps it elsewhere. `carried`: the next round of a redo takes it over. `csv`: its
    column in a ticket file, which `csv_required` forbids to be empty and `csv_optional` puts after the fourteen fixed ones. `api`: its name in the API if that is another.
    `in_answers`: an API answer shows it as it is stored.
    """

    name: str
    kind: FieldKind
    entry: FieldEntry | None = None
    optional: bool = False
    stored: bool = True
    carried: bool = False
    csv: str = ""
    csv_required: bool = False
    csv_optional: bool = False
    api: str = ""
    in_answers: bool = True

    @property
    def api_name(self) -> str:
        return self.api or self.name


def stated(kind: ParsedField[Value_co], entry: FieldEntry, **row: Any) -> Value_co | None:
    """Builds a row of `TicketFields`; `row` are further attributes of its TicketField."""
    declared = field(default=None, metadata={"row": TicketField("", cast("FieldKind", kind), entry, **row)})
    # The dataclass decorator reads the declaration; the type checker compares the kind with the annotation.
    return cast("Value_co | None", declared)


@dataclass(frozen=True, slots=True)
class TicketFields:
    """The values stated in one request. None leaves the ticket's value alone, an empty text clears it."""

    type: RequestType | None = stated(
        ChoiceField(RequestType), DESK, optional=True, carried=True, csv="type", csv_required=True
    )
    category: str | None = stated(TextField(120), DESK, carried=True, csv="category")
    title: str | None = stated(TextField(120), DESK, carried=True, csv="title")
    text: str | None = stated(TextField(LONG_TEXT), DESK, carried=True, csv="text")
    wanted: str | None = stated(TextField(LONG_TEXT), DESK, carried=True, csv="wanted", csv_optional=True)
    place: str | None = stated(TextField(SHORT_TEXT), DESK, carried=True, csv="place", csv_optional=True)
    occurred: str | None = stated(TextField(80), DESK, carried=True)
    people: str | None = stated(TextField(SHORT_TEXT), DESK, carried=True)
    urgency: Urgency | None = stated(
        ChoiceField(Urgency), DESK, carried=True, csv="urgency", csv_optional=True
    )
    confidential: bool | None = stated(
        BooleanField(), DESK, carried=True, csv="confidential", csv_optional=True
    )
    caller_name: str | None = stated(TextField(80), DESK, carried=True, in_answers=False)
    caller_number: str | None = stated(
        PhoneField(80), REQUEST, optional=True, carried=True, csv="caller_number", in_answers=False
    )
    unit_code: str | None = stated(
        TextField(32), DESK, optional=True, carried=True, csv="unit", api="unit", in_answers=False
    )
    answer: str | None = stated(TextField(LONG_TEXT), DESK, csv="answer", csv_optional=True)
    reply: str | None = stated(TextField(LONG_TEXT), REQUEST, csv="reply", csv_optional=True)
    contact_note: str | None = stated(TextField(LONG_TEXT), REQUEST)
    no_matter: NoMatterReason | None = stated(ChoiceField(NoMatterReason), REQUEST, stored=False)
    note: str | None = stated(TextField(SHORT_TEXT), REQUEST, stored=False)

    def given(self) -> dict[str, object]:
        """Returns the fields that were stated."""
        pairs = ((row.name, getattr(self, row.name)) for row in STATED_FIELDS)
        return {name: value for name, value in pairs if value is not None}


STATED_FIELDS: tuple[TicketField, ...] = tuple(
    replace(row.metadata["row"], name=row.name) for row in fields(TicketFields)
)

# In the order of the columns of a ticket file. What an answer of the API shows in another shape (masked, nested,
# computed) or not at all has `in_answers` False.
TICKET_FIELDS: tuple[TicketField, ...] = (
    TicketField("number", TextField(24), optional=True, in_answers=False),
    TicketField("external_number", TextField(64), optional=True, csv="external_number", csv_required=True),
    TicketField("access_code", TextField(8), optional=True, carried=True, in_answers=False),
    TicketField("state", ChoiceField(TicketState)),
    TicketField("revision", IntegerField()),
    TicketField("received_at", DateTimeField(), csv="received_at", csv_required=True),
    TicketField("received_on", DateField(), in_answers=False),
    TicketField("channel", ChoiceField(Channel), carried=True, csv="channel", csv_required=True),
    TicketField("request_class", ChoiceField(RequestClass), optional=True, carried=True, api="class"),
    *STATED_FIELDS,
    TicketField("call_id", IntegerField(), optional=True, carried=True),
    TicketField("author_id", IntegerField(), optional=True, carried=True, in_answers=False),
    TicketField("closing", ChoiceField(Closing), optional=True),
    TicketField("policy", TextField(40), in_answers=False),
    TicketField("policy_version", IntegerField(), in_answers=False),
    TicketField("round", IntegerField(), csv="round", csv_optional=True),
    TicketField("redo_of", IntegerField(), optional=True, in_answers=False, csv="redo_of", csv_optional=True),
    TicketField("dispatched_at", DateTimeField(), optional=True, csv="dispatched_at", csv_optional=True),
    TicketField("acknowledged_at", DateTimeField(), optional=True, csv="acknowledged_at", csv_optional=True),
    TicketField("replied_at", DateTimeField(), optional=True, csv="replied_at", csv_optional=True),
    TicketField("closed_at", DateTimeField(), optional=True, csv="closed_at"),
    TicketField(
        "acknowledge_due",
        DateTimeField(),
        optional=True,
        in_answers=False,
        csv="acknowledge_due",
        csv_optional=True,
    ),
    TicketField(
        "contact_due", DateTimeField(), optional=True, in_answers=False, csv="contact_due", csv_optional=True
    ),
    TicketField("due_at", DateTimeField(), optional=True, csv="due_at", in_answers=False),
    TicketField("due_provisional", BooleanField(), in_answers=False),
    TicketField("due_computed", BooleanField(), in_answers=False, csv="due_computed", csv_optional=True),
    TicketField("first_contact_at", DateTimeField(), optional=True, csv="first_contact_at"),
    TicketField("followed_up_at", DateTimeField(), optional=True, csv="followed_up_at", csv_optional=True),
    TicketField("solved", ChoiceField(Solved), optional=True, csv="solved"),
    TicketField("satisfied", ChoiceField(Satisfied), optional=True, csv="satisfied"),
)

STATED_NAMES: frozenset[str] = frozenset(row.name for row in STATED_FIELDS)
FIELDS_BY_NAME: dict[str, TicketField] = {row.name: row for row in TICKET_FIELDS}
DRAFT_FIELDS: frozenset[str] = frozenset(row.name for row in STATED_FIELDS if row.entry is not STEP)
# The columns of free text, in which people write numbers and names.
TEXT_NAMES: frozenset[str] = frozenset(
    row.name
    for row in STATED_FIELDS
    if type(row.kind) is TextField and row.stored and row.name not in {"unit_code", "caller_name"}
)
DESK_FIELDS: tuple[TicketField, ...] = tuple(row for row in STATED_FIELDS if row.entry is DESK)


def length_limit(name: str) -> int:
    """Returns the largest length of a text field, in characters. Raises KeyError for a field without one."""
    kind = FIELDS_BY_NAME[name].kind
    if not isinstance(kind, TextField):
        raise KeyError(name)
    return kind.limit


_PARSERS = {row.name: cast("ParsedField[object]", row.kind) for row in STATED_FIELDS}


def parse_ticket_fields(raw: Mapping[str, object]) -> TicketFields:
    """Returns the fields of a form or a JSON body; null states nothing.

    Raises InvalidFields, which names every field that cannot be accepted.
    """
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, value in raw.items():
        if value is None:
            continue
        if name not in _PARSERS:
            errors[name] = "unknown_field"
            continue
        try:
            values[name] = _PARSERS[name].parse(value)
        except BadValue as bad:
            errors[name] = bad.code
    if errors:
        raise InvalidFields(errors)
    return TicketFields(**values)
