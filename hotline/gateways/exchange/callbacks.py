"""Status callbacks of calls: separate, unordered, best-effort requests, as the carrier's are.

Sources: "Call resource" (StatusCallbackEvent, SequenceNumber from 0 per call, Duration in started minutes) and
"voice webhooks" (the number's callback: one request, when the call ends).
"""

import math

from hotline.gateways.exchange.courier import Letter
from hotline.gateways.exchange.exchange import Exchange
from hotline.gateways.exchange.grammar import DocumentError
from hotline.gateways.exchange.parameters import rfc2822, standard
from hotline.gateways.exchange.state.calls import Call, Fetch
from hotline.gateways.exchange.words import CallEvent, CallStatus

_EVENTS = {
    CallStatus.INITIATED: CallEvent.INITIATED,
    CallStatus.RINGING: CallEvent.RINGING,
    CallStatus.IN_PROGRESS: CallEvent.ANSWERED,
}


def event_of(status: CallStatus) -> CallEvent | None:
    """The callback event a status belongs to; None for `queued`, which is never told."""
    return CallEvent.COMPLETED if status.is_terminal else _EVENTS.get(status)


def advance(exchange: Exchange, call: Call, status: CallStatus) -> None:
    """Put `call` into `status` and fire the callback asked for; a terminal status is never left again."""
    if call.is_over or call.status is status:
        return
    never_left_the_queue = call.status is CallStatus.QUEUED and status is CallStatus.CANCELED
    call.status = status
    call.updated = exchange.clock.now()
    if not status.is_terminal:
        call.started = call.started or call.updated
    if status is CallStatus.IN_PROGRESS:
        call.answered_at = exchange.clock.seconds()
        if call.endpoint is not None:
            call.endpoint.answered(call.sid)
    if status.is_terminal:
        call.ended_at = exchange.clock.seconds()
        call.ended = call.updated
    if not never_left_the_queue:
        _tell(exchange, call, status)


def _tell(exchange: Exchange, call: Call, status: CallStatus) -> None:
    event = event_of(status)
    if call.callback is None or event not in call.callback.events:
        return
    form = standard(exchange, call) | {
        "Timestamp": rfc2822(exchange.clock.now()),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(next(call.sequence)),
    }
    if status.is_terminal:
        seconds = call.seconds()
        form |= {"CallDuration": str(seconds), "Duration": str(math.ceil(seconds / 60))}
        if call.sip_code is not None:
            form["SipResponseCode"] = str(call.sip_code)
        if call.answered_by is not None:
            form["AnsweredBy"] = call.answered_by
        form |= _recorded(exchange, call)
    send_aside(exchange, "status", Fetch(call.callback.url, call.callback.method, form), call)


def _recorded(exchange: Exchange, call: Call) -> dict[str, str]:
    if not call.tapes:
        return {}
    tape = call.tapes[-1]
    root = exchange.settings.base_url + exchange.settings.api_root
    return {
        "RecordingSid": tape.sid,
        "RecordingUrl": f"{root}/Recordings/{tape.sid}",
        "RecordingDuration": str(tape.seconds),
    }


def send_aside(exchange: Exchange, kind: str, fetch: Fetch, call: Call | None) -> None:
    """Send `fetch.extra` as it stands, in its own time; the answer has no effect (a failure is reported, 15003/16011)."""
    exchange.spawn(_send(exchange, kind, fetch, call))


def farewell(exchange: Exchange, kind: str, fetch: Fetch, call: Call) -> None:
    """Send a request about a call that can no longer obey it: the answer is ignored."""
    form = {**standard(exchange, call, call.status_told()), **fetch.extra}
    send_aside(exchange, kind, Fetch(fetch.url, fetch.method, form), call)


async def _send(exchange: Exchange, kind: str, fetch: Fetch, call: Call | None) -> None:
    sid = "" if call is None else call.sid
    cookies = {} if call is None else call.cookies
    try:
        reply = await exchange.courier.send(Letter(kind, fetch.url, fetch.method, fetch.extra, sid), cookies)
    except DocumentError as error:
        exchange.trouble(error.code, f"{kind} callback: {error.text}", sid)
        return
    if not 200 <= reply.status < 300:
        code = 16011 if kind == "conference" else 15003
        exchange.trouble(code, f"{kind} callback was answered {reply.status}", sid)
