"""Deliveries (`/deliveries`): what follows from an event, what could not be delivered, its repetition or its end."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from agent_console.api.dispatch import ApiRequest, ApiResponse, Route
from agent_console.api.problems import Problem
from agent_console.api.requests import ApiInput, Nothing, OneOrMore, PageQuery, PlainText
from agent_console.api.schemas import ApiSchema
from agent_console.api.serializers import moment, moment_or_none
from hotline.rules.enums import DeliveryState
from hotline.rules.errors import NoSuchDelivery, NotAllowed
from hotline.rules.people.actors import Right
from hotline.services import deliveries
from hotline.store.deliveries import DeliveryLine, discard_reasons, find_delivery_line, list_deliveries
from hotline.unit_of_work import Application, ReadSession


class DeliverySelection(StrEnum):
    """The states of a delivery, and `failing`: due, and failed at least once."""

    DUE = "due"
    FAILING = "failing"
    CLAIMED = "claimed"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


class DeliveryQuery(PageQuery):
    """Without `state`, deliveries in every state; `dead`: given up after the last attempt."""

    state: OneOrMore[DeliverySelection] = ()


class DiscardIn(ApiInput):
    """`reason` stays with the event of the delivery."""

    reason: Annotated[PlainText, Field(max_length=1000)] = ""


class DeliveryOut(ApiSchema):
    """`subject` and `subject_id` are the event's; `ticket` is the number of a ticket, null for a call or a draft.

    `next_try_at` is null unless the delivery is `due`. `last_error` names no person and no number. `discard_reason` is null
    unless a person has discarded the delivery.
    """

    id: int
    reaction: str
    lane: str
    state: DeliveryState
    subject: str
    subject_id: int
    ticket: str | None
    attempts: int
    event_at: datetime
    next_try_at: datetime | None
    done_at: datetime | None
    last_error: str | None
    discard_reason: str | None


class DeliveryListOut(ApiSchema):
    items: tuple[DeliveryOut, ...]
    next_cursor: str | None


def get_deliveries(request: ApiRequest[DeliveryQuery, Nothing]) -> ApiResponse:
    query, zone = request.query, request.application.policies.zone
    with request.application.read_session() as session:
        page = list_deliveries(
            session,
            [DeliveryState(state) for state in query.state if state is not DeliverySelection.FAILING],
            failing=DeliverySelection.FAILING in query.state,
            limit=query.limit,
            cursor=query.cursor,
        )
        reasons = _reasons(session, page.rows)
    items = tuple(_delivery_out(line, zone, reasons) for line in page.rows)
    return ApiResponse(DeliveryListOut(items=items, next_cursor=page.next_cursor))


def post_delivery_retry(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    """Makes a dead delivery due again: 200, 403 for a step of a call, 409 if it is not dead."""
    delivery_id = request.row_id()
    try:
        with request.application.unit_of_work(request.person) as work:
            deliveries.retry(work, delivery_id)
    except NotAllowed as refused:
        raise Problem("not_allowed", str(refused)) from refused
    return _answer(request.application, delivery_id)


def post_delivery_discard(request: ApiRequest[Nothing, DiscardIn]) -> ApiResponse:
    """Ends a dead delivery without its effect: 200, 409 if it is not dead, 422 without a reason."""
    delivery_id = request.row_id()
    with request.application.unit_of_work(request.person) as work:
        deliveries.discard(work, delivery_id, request.body.reason)
    return _answer(request.application, delivery_id)


def _answer(application: Application, delivery_id: int) -> ApiResponse:
    with application.read_session() as session:
        line = find_delivery_line(session, delivery_id)
        if line is None:
            raise NoSuchDelivery(str(delivery_id))
        reasons = _reasons(session, (line,))
    return ApiResponse(_delivery_out(line, application.policies.zone, reasons))


def _reasons(session: ReadSession, lines: Sequence[DeliveryLine]) -> dict[int, str]:
    discarded = [line.delivery.id for line in lines if line.delivery.state is DeliveryState.DISCARDED]
    return discard_reasons(session, discarded) if discarded else {}


def _delivery_out(line: DeliveryLine, zone: ZoneInfo, reasons: Mapping[int, str]) -> DeliveryOut:
    row = line.delivery
    return DeliveryOut(
        id=row.id,
        reaction=row.reaction,
        lane=row.lane,
        state=row.state,
        subject=line.subject,
        subject_id=line.subject_id,
        ticket=line.ticket_number,
        attempts=row.attempts,
        event_at=moment(line.at, zone),
        next_try_at=moment(row.next_try_at, zone) if row.state is DeliveryState.DUE else None,
        done_at=moment_or_none(row.done_at, zone),
        last_error=row.last_error,
        discard_reason=reasons.get(row.id),
    )


_RIGHTS = (Right.MANAGE_DELIVERIES,)
DELIVERY_ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/deliveries",
        get_deliveries,
        "投递列表 List deliveries, the newest first",
        DeliveryQuery,
        Nothing,
        DeliveryListOut,
        rights=_RIGHTS,
        problems=(400, 422),
    ),
    Route(
        "POST",
        "/deliveries/{id}/retry",
        post_delivery_retry,
        "重试投递 Make a delivery that was given up due again",
        Nothing,
        Nothing,
        DeliveryOut,
        rights=_RIGHTS,
        problems=(404, 409, 422),
    ),
    Route(
        "POST",
        "/deliveries/{id}/discard",
        post_delivery_discard,
        "放弃投递 Discard a delivery that was given up, with the reason",
        Nothing,
        DiscardIn,
        DeliveryOut,
        rights=_RIGHTS,
        problems=(400, 404, 409, 415, 422),
    ),
)
