"""The query and body of every route. Pydantic parses them before a transaction is opened."""

import hashlib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallEnd,
    CallOutcome,
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
from hotline.store.tickets.lists import TicketOrder

MAX_ROWS = 200
Word = TypeVar("Word")


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _without_nul(value: Any) -> Any:
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("contains a NUL character")
    return value


# A filter that may be given more than once: `?state=draft&state=closed`.
OneOrMore = Annotated[tuple[Word, ...], BeforeValidator(_as_list)]
PlainText = Annotated[str, BeforeValidator(_without_nul)]
RowId = Annotated[int, Field(ge=1, le=MAX_ID)]


class ApiInput(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(ApiInput):
    """No parameters, no body."""


def fingerprint(body: BaseModel) -> str:
    """Returns a hash of the parsed body, which spacing and order of the JSON do not change."""
    return hashlib.sha256(body.model_dump_json(exclude_none=True).encode()).hexdigest()


class PageQuery(ApiInput):
    """One page of a list: at most `limit` rows after `cursor`, the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 50
    cursor: PlainText = ""


class TicketQuery(PageQuery):
    """`q`: all words in any order, in number, title, text, place and external number.

    For those entitled `q` is searched in the caller's name and is the caller's number too. `from` and `to` are local days of
    receipt, `mine` selects the tickets that the token's user wrote, `overdue` those open at their unit after their deadline.
    """

    state: OneOrMore[TicketState] = ()
    type: OneOrMore[RequestType] = ()
    channel: OneOrMore[Channel] = ()
    unit: Annotated[PlainText, Field(max_length=32)] = ""
    overdue: bool | None = None
    q: Annotated[PlainText, Field(max_length=100)] = ""
    first: date | None = Field(None, alias="from")
    last: date | None = Field(None, alias="to")
    mine: bool = False
    sort: TicketOrder = TicketOrder.NEWEST


class LookQuery(ApiInput):
    """`reason` is one of the reasons of the console's list; it is recorded with the look (`GET /looks`)."""

    reason: Annotated[PlainText, Field(max_length=40)] = ""


class CallQuery(PageQuery):
    """`day` is the local day of arrival. `number`: calls of this caller; for staff who write tickets, and recorded."""

    day: date | None = None
    state: OneOrMore[CallState] = ()
    end: OneOrMore[CallEnd] = ()
    outcome: OneOrMore[CallOutcome] = ()
    purpose: OneOrMore[CallPurpose] = ()
    operator: RowId | None = None
    number: Annotated[PlainText, Field(max_length=80)] = ""


class CallbackQuery(PageQuery):
    state: OneOrMore[CallbackState] = ()
    reason: OneOrMore[CallbackReason] = ()


if TYPE_CHECKING:
    _StatedFields = ApiInput
else:
    # Built from the field table, under the names of the API; the type checker sees the base class.
    _StatedFields = create_model(
        "_StatedFields",
        __base__=ApiInput,
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

    def step(self, stated: TicketFields) -> TicketAction | None:
        """Returns the step that a new ticket with these fields takes at once, or None to leave it a draft."""
        if self.action is None:
            return TicketAction.HAND_OFF if stated.unit_code else None
        return None if self.action == "save" else TicketAction(self.action)


class ActionIn(TicketFieldsIn):
    """One step of a ticket. With `revision`, of the last read, a step after another change is refused with 409."""

    revision: RowId | None = None


class CallbackIn(ApiInput):
    """A person who must be phoned."""

    number: Annotated[str, Field(max_length=80)]
    language: Language = Language.ZH_CN
