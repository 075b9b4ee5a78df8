"""The JSON documents of the API's responses. Callers are masked; times carry the city's offset."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, create_model

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallEnd,
    CallOutcome,
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

# A response in the shape and with the names of a schema, which is not validated again.
Document: TypeAlias = dict[str, Any]


class ApiSchema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UnitOut(ApiSchema):
    code: str
    name: str
    name_en: str
    kind: str
    active: bool


class UnitRef(ApiSchema):
    code: str
    name: str


class CallerOut(ApiSchema):
    """A masked caller. `hidden`: the matter is confidential, and unit staff do not see its caller at all."""

    name: str
    number: str
    hidden: bool


class DeadlineOut(ApiSchema):
    """One deadline of the unit.

    `due_at` is the last moment in time: 2026-11-28T00:00:00+08:00 is the end (24:00) of the 27th. `late`: met after that
    moment, not met and past it, or closed without the step.
    """

    due_at: datetime
    met_at: datetime | None
    late: bool


class DeadlinesOut(ApiSchema):
    """`provisional`: a counted day lies beyond the published holiday calendar, or may still change with the next notice.

    `computed`: the imported file gave no deadline; it was counted from the reception by the policy of the type.
    """

    acknowledge: DeadlineOut | None
    contact: DeadlineOut | None
    resolve: DeadlineOut | None
    provisional: bool
    computed: bool


def _answer_type(field: TicketField) -> Any:
    kind = field.kind.value_type
    alias = Field(serialization_alias=field.api) if field.api else Field()
    return Annotated[kind | None if field.optional else kind, alias]


# The rows of the field table that a response shows as they are stored.
ANSWER_FIELDS: tuple[TicketField, ...] = tuple(
    field for field in TICKET_FIELDS if field.stored and field.in_answers
)

if TYPE_CHECKING:
    _StoredFields = ApiSchema
else:
    _StoredFields = create_model(
        "_StoredFields", __base__=ApiSchema, **{field.name: _answer_type(field) for field in ANSWER_FIELDS}
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


class TicketListOut(ApiSchema):
    items: tuple[TicketOut, ...]
    next_cursor: str | None


class EventOut(ApiSchema):
    """`kind` names the event; `data` holds ids and codes, never personal data."""

    id: int
    at: datetime
    kind: str
    actor: str
    work_number: str | None
    data: dict[str, str | int | None]


class EventListOut(ApiSchema):
    items: tuple[EventOut, ...]


class OperatorRef(ApiSchema):
    id: int
    display_name: str
    work_number: str | None


class CallOut(ApiSchema):
    """`number` is masked; it is empty when `withheld`, and after the days of `call_days`. `outcome` is the one of the report, null for a call we placed.

    `wait_seconds` runs from joining the queue to the answer, or to the end of a wait in vain; `talk_seconds` from the
    answer to the end of the talk (of a follow-up: the whole answered call).
    `satisfied` is the caller's rating after the conversation, `transferred_to` a name of the city's transfer file.
    """

    id: int
    purpose: CallPurpose
    state: CallState
    end: CallEnd | None
    outcome: CallOutcome | None
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
    talk_seconds: int | None


class CallListOut(ApiSchema):
    items: tuple[CallOut, ...]
    next_cursor: str | None


class AttemptOut(ApiSchema):
    """One outbound call. `outcome` is the carrier's final status, null while the call runs."""

    attempt: int
    state: DialState
    planned_at: datetime
    ended_at: datetime | None
    outcome: str | None


class CallbackOut(ApiSchema):
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


class CallbackListOut(ApiSchema):
    items: tuple[CallbackOut, ...]
    next_cursor: str | None


class UnitListOut(ApiSchema):
    items: tuple[UnitOut, ...]


class OperatorOut(ApiSchema):
    """`since` is the beginning of the present state; null for an operator who has never opened the desk."""

    id: int
    display_name: str
    work_number: str | None
    role: Role
    state: PresenceState
    reason: str | None
    since: datetime | None
    call_id: int | None


class OperatorListOut(ApiSchema):
    items: tuple[OperatorOut, ...]


class FieldProblem(ApiSchema):
    field: str
    code: str
    detail: str


class ProblemOut(BaseModel):
    """Problem details (RFC 9457). `code` is stable; `errors`, `allowed_actions` and `current_revision` are present where they apply."""

    type: str
    title: str
    status: int
    code: str | None = None
    detail: str | None = None
    errors: tuple[FieldProblem, ...] | None = None
    allowed_actions: tuple[TicketAction, ...] | None = None
    current_revision: int | None = None
