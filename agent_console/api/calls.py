"""Calls for programs: what happened on the line, callers masked."""

from agent_console.api.dispatch import Asked, Reply
from agent_console.api.problems import Problem
from agent_console.api.requests import CallQuery, Nothing
from agent_console.api.schemas import CallListOut
from agent_console.api.serializers import call_out
from hotline.store.calls.lists import CallFilter, find_call_line, list_calls


def get_calls(asked: Asked[CallQuery, Nothing]) -> Reply:
    query, zone = asked.query, asked.application.policies.zone
    wanted = CallFilter(
        day=query.day,
        states=query.state,
        ends=query.end,
        purposes=query.purpose,
        operator_id=query.operator,
    )
    with asked.application.read_session() as session:
        page = list_calls(session, wanted, limit=query.limit, cursor=query.cursor)
    items = tuple(call_out(line, zone) for line in page.rows)
    return Reply(CallListOut(items=items, next_cursor=page.next_cursor))


def get_call(asked: Asked[Nothing, Nothing]) -> Reply:
    with asked.application.read_session() as session:
        line = find_call_line(session, asked.row_id())
    if line is None:
        raise Problem("not_found")
    return Reply(call_out(line, asked.application.policies.zone))
