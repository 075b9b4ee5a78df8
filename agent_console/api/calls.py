"""Calls, with their callers masked."""

from agent_console.api.dispatch import ApiRequest, ApiResponse
from agent_console.api.problems import Problem, bad_fields
from agent_console.api.requests import CallQuery, Nothing
from agent_console.api.schemas import CallListOut
from agent_console.api.serializers import call_out
from hotline.rules.phone_numbers import parse_number
from hotline.services.people import disclosures
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
        number=_number(request) if query.number else "",
    )
    with request.application.read_session() as session:
        page = list_calls(session, wanted, limit=query.limit, cursor=query.cursor)
    items = tuple(call_out(line, zone) for line in page.rows)
    return ApiResponse(CallListOut(items=items, next_cursor=page.next_cursor))


def _number(request: ApiRequest[CallQuery, Nothing]) -> str:
    """Returns the number of the query in E.164 and records the look-up. Raises NotAllowed, and Problem for no number."""
    number = parse_number(request.query.number, request.application.policies.number)
    if number is None:
        raise bad_fields({"number": "unknown_value"})
    with request.application.unit_of_work(request.person) as work:
        disclosures.record_number_search(work)
    return number


def get_call(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    with request.application.read_session() as session:
        line = find_call_line(session, request.row_id())
    if line is None:
        raise Problem("not_found")
    return ApiResponse(call_out(line, request.application.policies.zone))
