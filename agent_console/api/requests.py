"""What programs may ask: the query and body of every route, parsed by pydantic before anything is opened."""

import hashlib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallEnd,
    CallPurpose,
    CallState,
    Channel,
    Language,
    RequestType,
    TicketAction,
    TicketState,
)
from hotline.rules.tickets.fields import STATED_FIELDS, TicketFields, parse_ticket_fields
from hotline.store.cursors import MAX_ID

MOST_ROWS = 200
"""The longest page a program may ask for."""
Word = TypeVar("Word")


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _without_nul(value: Any) -> Any:
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("contains a NUL character")
    return value


Several = Annotated[tuple[Word, ...], BeforeValidator(_as_list)]
"""A filter that may be given more than once: `?state=draft&state=closed`."""
Text = Annotated[str, BeforeValidator(_without_nul)]
RowId = Annotated[int, Field(ge=1, le=MAX_ID)]


class Nothing(BaseModel):
    """No parameters, no body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def fingerprint(body: BaseModel) -> str:
    """Return what makes two bodies the same: what was said, not how it was spaced or ordered."""
    return hashlib.sha256(body.model_dump_json(exclude_none=True).encode()).hexdigest()


class PageQuery(Nothing):
    """Which part of a list: at most `limit` rows, after `cursor` (the `next_cursor` of the page before)."""

    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 50
    cursor: Text = ""


class TicketQuery(PageQuery):
    """`q` is looked for in number, title and text; `overdue` tickets are open at their unit after their time."""

    state: Several[TicketState] = ()
    type: Several[RequestType] = ()
    channel: Several[Channel] = ()
    unit: Annotated[Text, Field(max_length=32)] = ""
    overdue: bool | None = None
    q: Annotated[Text, Field(max_length=100)] = ""


class CallQuery(PageQuery):
    """`day` is the local day of arrival."""

    day: date | None = None
    state: Several[CallState] = ()
    end: Several[CallEnd] = ()
    purpose: Several[CallPurpose] = ()
    operator: RowId | None = None


class CallbackQuery(PageQuery):
    state: Several[CallbackState] = ()
    reason: Several[CallbackReason] = ()


if TYPE_CHECKING:
    _StatedFields = Nothing
else:
    # Built from the field table, under the names of the API; the type checker sees the base class.
    _StatedFields = create_model(
        "_StatedFields",
        __base__=Nothing,
        **{field.api_name: (field.kind.value_type | None, None) for field in STATED_FIELDS},
    )


class TicketFieldsIn(_StatedFields):
    """The fields of a ticket. A field that is absent or null is left as it is; an empty text clears it."""

    def ticket_fields(self) -> TicketFields:
        """Returns the stated fields. Raises InvalidFields for a text that is too long or cannot be stored."""
        values = {field.name: getattr(self, field.api_name) for field in STATED_FIELDS}
        return parse_ticket_fields(values)


class TicketIn(TicketFieldsIn):
    """A new ticket. With `unit` it is handed off at once unless `action` says otherwise; with `answer` and `action` "answer" it is closed at once."""

    channel: Channel = Channel.OTHER
    action: Literal["save", "answer", "hand_off"] | None = None

    def step(self) -> TicketAction | None:
        """Returns the step to take after the draft is written, or None to leave it a draft."""
        if self.action is None:
            return TicketAction.HAND_OFF if self.ticket_fields().unit_code else None
        return None if self.action == "save" else TicketAction(self.action)


class ActionIn(TicketFieldsIn):
    """One step of a ticket. With `revision`, of the last read, a step after another change is refused with 409."""

    revision: RowId | None = None


class CallbackIn(Nothing):
    """Somebody who must be phoned."""

    number: Annotated[str, Field(max_length=80)]
    language: Language = Language.ZH_CN
