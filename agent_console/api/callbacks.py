"""Promised callbacks for programs: who is owed a call, promise one, drop one."""

from flask import url_for

from agent_console.api.dispatch import Asked, Reply
from agent_console.api.problems import Problem
from agent_console.api.requests import CallbackIn, CallbackQuery, Nothing
from agent_console.api.schemas import CallbackListOut
from agent_console.api.serializers import callback_out
from hotline.events import CallbackPromised
from hotline.rules.enums import CallbackReason
from hotline.services.outbound import callbacks
from hotline.store.calls.lists import CallbackFilter, CallbackLine, find_callback_line, list_callbacks


def get_callbacks(asked: Asked[CallbackQuery, Nothing]) -> Reply:
    query, zone = asked.query, asked.application.policies.zone
    wanted = CallbackFilter(states=query.state, reasons=query.reason)
    with asked.application.read_session() as session:
        page = list_callbacks(session, wanted, limit=query.limit, cursor=query.cursor)
    items = tuple(callback_out(line, zone) for line in page.rows)
    return Reply(CallbackListOut(items=items, next_cursor=page.next_cursor))


def get_callback(asked: Asked[Nothing, Nothing]) -> Reply:
    with asked.application.read_session() as session:
        line = find_callback_line(session, asked.row_id())
    if line is None:
        raise Problem("not_found")
    return Reply(callback_out(line, asked.application.policies.zone))


def post_callback(asked: Asked[Nothing, CallbackIn]) -> Reply:
    """Promise a call: 201 for a new promise, 200 with the open one if this number is owed a call already."""
    with asked.application.unit_of_work(asked.person) as work:
        row = callbacks.promise_callback(
            work,
            number=asked.body.number,
            reason=CallbackReason.MANUAL,
            language=asked.body.language.value,
        )
        is_new = CallbackPromised(row.id, CallbackReason.MANUAL) in work.recorded_events
        line = find_callback_line(work.session, row.id) or CallbackLine(row, ())
    location = {"Location": url_for("api.get_callback", id=row.id)}
    return Reply(callback_out(line, asked.application.policies.zone), 201 if is_new else 200, location)


def delete_callback(asked: Asked[Nothing, Nothing]) -> Reply:
    """Drop a promise; one that is settled already cannot be dropped (409)."""
    with asked.application.unit_of_work(asked.person) as work:
        callbacks.cancel_callback(work, asked.row_id())
    return Reply(None, 204)
