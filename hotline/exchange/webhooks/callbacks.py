"""Status callbacks of calls: separate, unordered, best-effort requests, as the carrier's are.

Sources: "Call resource" (StatusCallbackEvent, SequenceNumber from 0 per call, Duration in started minutes) and
"voice webhooks" (the number's callback: one request, when the call ends).
"""

import math

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.webhook import Letter
from hotline.exchange.state.calls import Call, DocumentRequest
from hotline.exchange.state.recordings import Recording
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import CallEvent, CallStatus, Direction, RecordingSource
from hotline.exchange.vocabulary.numbers import is_e164
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.delivery import post
from hotline.exchange.webhooks.parameters import rfc2822, standard

_OK, _GIVEN_UP = 200, 487
_ATTESTATION = "B"
_ATTESTED = frozenset({CallStatus.RINGING, CallStatus.IN_PROGRESS})

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
        if call.transcript is not None:
            call.transcript.answered()
        if call.endpoint is not None:
            call.endpoint.answered(call.sid)
    if status.is_terminal:
        call.ended_at = exchange.clock.seconds()
        call.ended = call.updated
        if call.transcript is not None:
            call.transcript.ended(status)
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
    form |= _ended(exchange, call) if status.is_terminal else _under_way(call, status)
    send_aside(
        exchange, RequestKind.STATUS, DocumentRequest(call.callback.url, call.callback.method, form), call
    )


def _under_way(call: Call, status: CallStatus) -> dict[str, str]:
    """Return what a call that is not over adds: how its caller id was attested, once a telephone rings."""
    told = call.direction is Direction.OUTBOUND_API and is_e164(call.to) and status in _ATTESTED
    return {"StirStatus": _ATTESTATION} if told else {}


def _ended(exchange: Exchange, call: Call) -> dict[str, str]:
    """Return what the last callback adds; which fields depends on whose callback it is."""
    seconds = call.seconds()
    form = {"CallDuration": str(seconds)}
    if call.direction is not Direction.OUTBOUND_DIAL:
        form["Duration"] = str(math.ceil(seconds / 60))
    if call.direction is Direction.OUTBOUND_API:
        form["SipResponseCode"] = str(call.sip_code or (_OK if call.answered_at is not None else _GIVEN_UP))
    if call.answered_by is not None:
        form["AnsweredBy"] = call.answered_by
    return form | _recorded(exchange, call)


def _recorded(exchange: Exchange, call: Call) -> dict[str, str]:
    """Return the recording asked for with the call itself: by `Record` over REST, or by the Dial this leg belongs to."""
    kept: list[Recording] = []
    match call.direction:
        case Direction.OUTBOUND_API:
            kept = [tape for tape in call.recordings if tape.source is RecordingSource.OUTBOUND_API]
        case Direction.OUTBOUND_DIAL if call.parent is not None and call.answered_at is not None:
            parent = exchange.registry.calls.get(call.parent)
            tapes = [] if parent is None else parent.recordings
            kept = [tape for tape in tapes if tape.source is RecordingSource.DIAL_VERB]
        case _:
            pass
    if not kept:
        return {}
    tape = kept[-1]
    root = exchange.settings.base_url + exchange.settings.api_root
    return {
        "RecordingSid": tape.sid,
        "RecordingUrl": f"{root}/Recordings/{tape.sid}",
        "RecordingDuration": str(tape.seconds or round(exchange.clock.seconds() - tape.began)),
    }


def send_aside(exchange: Exchange, kind: RequestKind, fetch: DocumentRequest, call: Call | None) -> None:
    """Send `fetch.extra` as it stands, in its own time; the answer has no effect (a failure is reported, 15003/16011)."""
    exchange.spawn(_send(exchange, kind, fetch, call))


def farewell(exchange: Exchange, kind: RequestKind, fetch: DocumentRequest, call: Call) -> None:
    """Send a request about a call that can no longer obey it: the answer is ignored."""
    form = {**standard(exchange, call, call.reported_status()), **fetch.extra}
    send_aside(exchange, kind, DocumentRequest(fetch.url, fetch.method, form), call)


async def _send(exchange: Exchange, kind: RequestKind, fetch: DocumentRequest, call: Call | None) -> None:
    sid = "" if call is None else call.sid
    cookies = {} if call is None else call.cookies
    try:
        letter = Letter(kind, fetch.url, fetch.method, fetch.extra, sid, aside=True)
        reply = await post(exchange, letter, cookies)
    except DocumentError as error:
        exchange.trouble(error.code, f"{kind} callback: {error.text}", sid)
        return
    if not 200 <= reply.status < 300:
        code = 16011 if kind is RequestKind.CONFERENCE else 15003
        exchange.trouble(code, f"{kind} callback was answered {reply.status}", sid)
