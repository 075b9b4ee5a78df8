"""Promised callbacks: list, read, promise and cancel them."""

from flask import url_for

from agent_console.api.dispatch import ApiRequest, ApiResponse
from agent_console.api.problems import Problem
from agent_console.api.requests import CallbackIn, CallbackQuery, Nothing
from agent_console.api.schemas import CallbackListOut
from agent_console.api.serializers import callback_out
from hotline.events import CallbackPromised
from hotline.rules.enums import CallbackReason
from hotline.services.outbound import callbacks
from hotline.store.calls.lists import CallbackFilter, CallbackLine, find_callback_line, list_callbacks


def get_callbacks(request: ApiRequest[CallbackQuery, Nothing]) -> ApiResponse:
    query, zone = request.query, request.application.policies.zone
    wanted = CallbackFilter(states=query.state, reasons=query.reason)
    with request.application.read_session() as session:
        page = list_callbacks(session, wanted, limit=query.limit, cursor=query.cursor)
    items = tuple(callback_out(line, zone) for line in page.rows)
    return ApiResponse(CallbackListOut(items=items, next_cursor=page.next_cursor))


def get_callback(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    with request.application.read_session() as session:
        line = find_callback_line(session, request.row_id())
    if line is None:
        raise Problem("not_found")
    return ApiResponse(callback_out(line, request.application.policies.zone))


def post_callback(request: ApiRequest[Nothing, CallbackIn]) -> ApiResponse:
    """Promises a call: 201 with a new promise, 200 with the open one of the same number."""
    with request.application.unit_of_work(request.person) as work:
        row = callbacks.promise_callback(
            work,
            number=request.body.number,
            reason=CallbackReason.MANUAL,
            language=request.body.language.value,
        )
        is_new = CallbackPromised(row.id, CallbackReason.MANUAL) in work.recorded_events
        line = find_callback_line(work.session, row.id) or CallbackLine(row, ())
    location = {"Location": url_for("api.get_callback", id=row.id)}
    return ApiResponse(
        callback_out(line, request.application.policies.zone), 201 if is_new else 200, location
    )


def delete_callback(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    """Cancels a promise: 204, or 409 if it is settled already."""
    with request.application.unit_of_work(request.person) as work:
        callbacks.cancel_callback(work, request.row_id())
    return ApiResponse(None, 204)
