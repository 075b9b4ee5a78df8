"""Escalations (`/escalations`): what a shift leader has to see to, taken and finished by programs as on the page."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from agent_console.api.dispatch import ApiRequest, ApiResponse, Route
from agent_console.api.requests import ApiInput, Nothing, PageQuery, PlainText
from agent_console.api.schemas import ApiSchema
from agent_console.api.serializers import moment, moment_or_none
from hotline.rules.enums import EscalationKind, EscalationState
from hotline.rules.errors import NoSuchEscalation
from hotline.rules.people.actors import Right
from hotline.services.queueing import escalations
from hotline.store.calls.escalation_lists import EscalationLine, find_escalation_line, list_escalations
from hotline.unit_of_work import Application


class EscalationQuery(PageQuery):
    """Without `state`, the escalations that are open or taken."""

    state: EscalationState | None = None


class NoteIn(ApiInput):
    """`note`: what was done."""

    note: Annotated[PlainText, Field(max_length=2000)] = ""


class EscalationOut(ApiSchema):
    """`subject_id` is the id of the callback, or of the call whose wrap-up is over its limit; `operator`: of the wrap-up."""

    id: int
    kind: EscalationKind
    state: EscalationState
    subject_id: int
    operator: str | None
    opened_at: datetime
    owner: str | None
    taken_at: datetime | None
    ended_at: datetime | None
    note: str


class EscalationListOut(ApiSchema):
    items: tuple[EscalationOut, ...]
    next_cursor: str | None


def get_escalations(request: ApiRequest[EscalationQuery, Nothing]) -> ApiResponse:
    query, zone = request.query, request.application.policies.zone
    with request.application.read_session() as session:
        page = list_escalations(
            session, query.state, unfinished=query.state is None, limit=query.limit, cursor=query.cursor
        )
    items = tuple(_escalation_out(line, zone) for line in page.rows)
    return ApiResponse(EscalationListOut(items=items, next_cursor=page.next_cursor))


def post_escalation_take(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    """Makes the token's user the owner: 200, 409 if somebody has taken it or it is over."""
    escalation_id = request.row_id()
    with request.application.unit_of_work(request.person) as work:
        escalations.take(work, escalation_id)
    return _answer(request.application, escalation_id)


def post_escalation_finish(request: ApiRequest[Nothing, NoteIn]) -> ApiResponse:
    """Ends it with a note: 200, 409 in the hands of another person or over, 422 without a note."""
    escalation_id = request.row_id()
    with request.application.unit_of_work(request.person) as work:
        escalations.finish(work, escalation_id, request.body.note)
    return _answer(request.application, escalation_id)


def _answer(application: Application, escalation_id: int) -> ApiResponse:
    with application.read_session() as session:
        line = find_escalation_line(session, escalation_id)
    if line is None:
        raise NoSuchEscalation(str(escalation_id))
    return ApiResponse(_escalation_out(line, application.policies.zone))


def _escalation_out(line: EscalationLine, zone: ZoneInfo) -> EscalationOut:
    row = line.escalation
    return EscalationOut(
        id=row.id,
        kind=row.kind,
        state=row.state,
        subject_id=row.subject_id,
        operator=line.operator.name if line.operator else None,
        opened_at=moment(row.opened_at, zone),
        owner=line.owner.name if line.owner else None,
        taken_at=moment_or_none(row.taken_at, zone),
        ended_at=moment_or_none(row.ended_at, zone),
        note=row.note,
    )


_RIGHTS = (Right.HANDLE_ESCALATIONS,)
ESCALATION_ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/escalations",
        get_escalations,
        "待跟进事项 List what a shift leader has to see to, the newest first",
        EscalationQuery,
        Nothing,
        EscalationListOut,
        rights=_RIGHTS,
        problems=(400, 422),
    ),
    Route(
        "POST",
        "/escalations/{id}/take",
        post_escalation_take,
        "认领 Take an escalation",
        Nothing,
        Nothing,
        EscalationOut,
        rights=_RIGHTS,
        problems=(404, 409),
    ),
    Route(
        "POST",
        "/escalations/{id}/finish",
        post_escalation_finish,
        "跟进完毕 Finish an escalation with a note of what was done",
        Nothing,
        NoteIn,
        EscalationOut,
        rights=_RIGHTS,
        problems=(400, 404, 409, 415, 422),
    ),
)
