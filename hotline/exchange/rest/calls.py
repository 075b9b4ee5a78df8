"""The Call resource: create, read, redirect, end and delete calls.

Sources: the Call resource; "change call state" (`canceled` has an effect only while queued or ringing, `completed` ends
any call, a redirect needs a call in progress, else 21220).
"""

import asyncio

from aiohttp import web

from hotline.exchange.calls.call_task import run_call, run_document
from hotline.exchange.calls.machine_detection import before_document
from hotline.exchange.calls.origination import enforce_time_limit, place_call
from hotline.exchange.core.exchange import EXCHANGE, Exchange
from hotline.exchange.rest.call_parameters import (
    check_capacity,
    machine_detection,
    status_callback,
    time_limit,
    to_and_from,
)
from hotline.exchange.rest.errors import ApiError, invalid, not_in_progress
from hotline.exchange.rest.forms import RequestForm, read_form
from hotline.exchange.rest.pagination import check_date_filters, matches_date_filter, page_response
from hotline.exchange.rest.path_resources import requested_call
from hotline.exchange.rest.serializers import serialize_call
from hotline.exchange.state.calls import (
    Call,
    DocumentRequest,
    DocumentSource,
    HangUpCall,
    InlineDocument,
    MoveCall,
    new_sid,
)
from hotline.exchange.verbs.recordings import record_until_call_ends
from hotline.exchange.vocabulary.enums import CallStatus, Direction, Initiator, RecordingSource

LONGEST_TWIML = 4000
DEFAULT_TIMEOUT = 60
_STILL_OPEN = frozenset({CallStatus.QUEUED, CallStatus.INITIATED, CallStatus.RINGING})
_SETTLING_SECONDS = 1.0


async def create_call(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    form = await read_form(request)
    to, from_ = to_and_from(exchange, form)
    source = _source(form)
    if source is None:
        raise ApiError(400, 21205, "Url parameter is required")
    call = Call(new_sid("CA"), from_, to, Direction.OUTBOUND_API, exchange.clock.now())
    call.callback = status_callback(form)
    call.fallback = _fallback(form)
    call.time_limit = time_limit(form)
    timeout = form.integer("Timeout", DEFAULT_TIMEOUT, 1, 600)
    detection = machine_detection(form, "AsyncAmdStatusCallback")
    record = form.truth("Record") or False
    callback = form.recording_callback()
    check_capacity(exchange)

    async def answered() -> None:
        exchange.spawn(enforce_time_limit(exchange, call))
        if record:
            record_until_call_ends(exchange, call, RecordingSource.OUTBOUND_API, callback)
        await run_document(exchange, call, await before_document(exchange, call, detection, source))

    exchange.registry.calls[call.sid] = call
    exchange.spawn(run_call(exchange, call, place_call(exchange, call, timeout, answered)))
    return web.json_response(serialize_call(exchange, call), status=201)


def _source(form: RequestForm) -> DocumentSource | None:
    """Returns the requested document; `Url` takes precedence over `Twiml`. Raises ApiError 21205, 21218 or 20001."""
    if form.text("ApplicationSid") is not None:
        raise ApiError(400, 21218, "Invalid ApplicationSid: place calls with Url or Twiml here")
    url = form.url("Url")
    if url is not None:
        return DocumentRequest(url, form.method("Method"))
    twiml = form.text("Twiml")
    if twiml is not None and len(twiml) > LONGEST_TWIML:
        raise invalid("Twiml", f"longer than {LONGEST_TWIML} characters")
    return None if twiml is None else InlineDocument(twiml)


def _fallback(form: RequestForm) -> DocumentRequest | None:
    url = form.url("FallbackUrl")
    return None if url is None else DocumentRequest(url, form.method("FallbackMethod"))


async def fetch_call(request: web.Request) -> web.Response:
    return web.json_response(serialize_call(request.app[EXCHANGE], requested_call(request)))


async def delete_call(request: web.Request) -> web.Response:
    """Deletes a call that is over; a call in progress cannot be deleted (20009)."""
    call = requested_call(request)
    if not call.is_over:
        raise ApiError(409, 20009, "Cannot delete this resource while the call is in progress")
    del request.app[EXCHANGE].registry.calls[call.sid]
    return web.Response(status=204)


async def update_call(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    call = requested_call(request)
    form = await read_form(request)
    status, source = form.text("Status"), _source(form)
    if form.url("Url") is not None and form.text("Twiml") is not None:
        raise invalid("Twiml", "Url and Twiml exclude each other")
    if form.url("StatusCallback") is not None:
        call.callback = status_callback(form)
    if form.url("FallbackUrl") is not None:
        call.fallback = _fallback(form)
    if form.text("TimeLimit") is not None:
        call.time_limit = time_limit(form)
        exchange.spawn(enforce_time_limit(exchange, call))
    if status is not None:
        await _end(call, status)
    elif source is not None:
        _redirect(exchange, call, source)
    return web.json_response(serialize_call(exchange, call))


async def _end(call: Call, status: str) -> None:
    """Ends the call and waits until it is over, so that the answer has its final status."""
    if status not in {"canceled", "completed"}:
        raise invalid("Status", "must be canceled or completed")
    if call.is_over:
        raise not_in_progress()
    if status == "canceled" and call.status not in _STILL_OPEN:
        return
    call.interrupt(HangUpCall(Initiator.API))
    try:
        await asyncio.wait_for(call.over.wait(), _SETTLING_SECONDS)
    except TimeoutError as error:
        raise ApiError(500, 20500, "The call did not end in time") from error


def _redirect(exchange: Exchange, call: Call, source: DocumentSource) -> None:
    if call.status is not CallStatus.IN_PROGRESS:
        raise not_in_progress()
    for queue in exchange.registry.queues.values():
        queue.members[:] = [member for member in queue.members if member.call is not call]
    call.interrupt(MoveCall(source))


async def list_calls(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    query = request.query
    check_date_filters(query, "StartTime", "EndTime")
    wanted = {"to": query.get("To"), "from_": query.get("From"), "parent": query.get("ParentCallSid")}

    def fits(call: Call) -> bool:
        same = all(value is None or getattr(call, name) == value for name, value in wanted.items())
        status = query.get("Status")
        shown = serialize_call(exchange, call)["status"]
        return (
            same
            and (status is None or shown == status)
            and matches_date_filter(query, "StartTime", call.started or call.created)
            and (call.ended is None or matches_date_filter(query, "EndTime", call.ended))
        )

    found = [call for call in reversed(exchange.registry.calls.values()) if fits(call)]
    return page_response(
        request, "calls", found, lambda call: call.sid, lambda call: serialize_call(exchange, call)
    )
