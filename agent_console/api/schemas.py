"""What programs are told. Callers are masked, moments carry the city's offset; nothing here reads a row by itself."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallEnd,
    CallPurpose,
    CallState,
    DialState,
    NoMatterReason,
    PresenceState,
    RequestClass,
    Role,
    Satisfied,
    TicketAction,
)
from hotline.rules.tickets.fields import TICKET_FIELDS, TicketField


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UnitOut(Shape):
    code: str
    name: str
    name_en: str
    kind: str
    active: bool


class UnitRef(Shape):
    code: str
    name: str


class CallerOut(Shape):
    """Masked. `hidden`: a confidential matter, whose caller unit staff do not see at all."""

    name: str
    number: str
    hidden: bool


class DeadlineOut(Shape):
    """One clock of the unit. `late` is decided by `met_at`, or by now while it runs."""

    due_at: datetime
    met_at: datetime | None
    late: bool


class DeadlinesOut(Shape):
    """`provisional`: a counted day lies beyond the published holiday calendar."""

    acknowledge: DeadlineOut | None
    contact: DeadlineOut | None
    resolve: DeadlineOut | None
    provisional: bool


def _answer_type(field: TicketField) -> Any:
    kind = field.kind.value_type
    alias = Field(serialization_alias=field.api) if field.api else Field()
    return Annotated[kind | None if field.optional else kind, alias]


# The rows of the field table that an answer shows as they are stored.
ANSWER_FIELDS: tuple[TicketField, ...] = tuple(
    field for field in TICKET_FIELDS if field.stored and field.in_answers
)

if TYPE_CHECKING:
    _StoredFields = Shape
else:
    _StoredFields = create_model(
        "_StoredFields", __base__=Shape, **{field.name: _answer_type(field) for field in ANSWER_FIELDS}
    )


class TicketOut(_StoredFields):
    """`number` is the ticket's address; a draft's is `draft-{id}`, which stays valid when the ticket gets its number."""

    number: str
    overdue: bool
    caller: CallerOut
    unit: UnitRef | None
    redo_of: str | None
    deadlines: DeadlinesOut
    allowed_actions: tuple[TicketAction, ...]


class TicketMadeOut(TicketOut):
    """A ticket just written. `access_code` is for the caller alone and is returned only here; null for a draft."""

    access_code: str | None


class TicketListOut(Shape):
    items: tuple[TicketOut, ...]
    next_cursor: str | None


class EventOut(Shape):
    """`kind` names what happened; `data` holds ids and words, never a caller."""

    id: int
    at: datetime
    kind: str
    actor: str
    work_number: str | None
    data: dict[str, str | int | None]


class EventListOut(Shape):
    items: tuple[EventOut, ...]


class OperatorRef(Shape):
    id: int
    display_name: str
    work_number: str | None


class CallOut(Shape):
    """`number` is masked, empty when `withheld`. Waiting is from joining the queue to the answer, whole seconds.

    `satisfied` is the caller's word after the talk, `transferred_to` a name of the city's own file.
    """

    id: int
    purpose: CallPurpose
    state: CallState
    end: CallEnd | None
    number: str
    withheld: bool
    language: str
    pressed: RequestClass | None
    operator: OperatorRef | None
    ticket: str | None
    no_matter: NoMatterReason | None
    satisfied: Satisfied | None
    transferred_to: str | None
    arrived_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    finished_at: datetime | None
    wait_seconds: int | None


class CallListOut(Shape):
    items: tuple[CallOut, ...]
    next_cursor: str | None


class AttemptOut(Shape):
    """One attempt to phone. `outcome` is the carrier's last word, null while it runs."""

    attempt: int
    state: DialState
    planned_at: datetime
    ended_at: datetime | None
    outcome: str | None


class CallbackOut(Shape):
    id: int
    number: str
    reason: CallbackReason
    state: CallbackState
    language: str
    call_id: int | None
    promised_at: datetime
    place_since: datetime
    next_try_at: datetime | None
    settled_at: datetime | None
    attempts: tuple[AttemptOut, ...]


class CallbackListOut(Shape):
    items: tuple[CallbackOut, ...]
    next_cursor: str | None


class UnitListOut(Shape):
    items: tuple[UnitOut, ...]


class OperatorOut(Shape):
    """`since` is when the present state began; null for somebody who has never been at a desk."""

    id: int
    display_name: str
    work_number: str | None
    role: Role
    state: PresenceState
    reason: str | None
    since: datetime | None
    call_id: int | None


class OperatorListOut(Shape):
    items: tuple[OperatorOut, ...]


class FieldProblem(Shape):
    field: str
    code: str
    detail: str


class ProblemOut(BaseModel):
    """Problem details (RFC 9457). `code` is stable; `errors`, `allowed_actions` and `current_revision` come where they help."""

    type: str
    title: str
    status: int
    code: str | None = None
    detail: str | None = None
    errors: tuple[FieldProblem, ...] | None = None
    allowed_actions: tuple[TicketAction, ...] | None = None
    current_revision: int | None = None
