"""Calls, with their callers masked."""

from agent_console.api.dispatch import ApiRequest, ApiResponse
from agent_console.api.problems import Problem
from agent_console.api.requests import CallQuery, Nothing
from agent_console.api.schemas import CallListOut
from agent_console.api.serializers import call_out
from hotline.store.calls.lists import CallFilter, find_call_line, list_calls


def get_calls(request: ApiRequest[CallQuery, Nothing]) -> ApiResponse:
    query, zone = request.query, request.application.policies.zone
    wanted = CallFilter(
        day=query.day,
        states=query.state,
        ends=query.end,
        outcomes=query.outcome,
        purposes=query.purpose,
        operator_id=query.operator,
    )
    with request.application.read_session() as session:
        page = list_calls(session, wanted, limit=query.limit, cursor=query.cursor)
    items = tuple(call_out(line, zone) for line in page.rows)
    return ApiResponse(CallListOut(items=items, next_cursor=page.next_cursor))


def get_call(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    with request.application.read_session() as session:
        line = find_call_line(session, request.row_id())
    if line is None:
        raise Problem("not_found")
    return ApiResponse(call_out(line, request.application.policies.zone))
