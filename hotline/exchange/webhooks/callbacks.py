"""Status callbacks: separate, unordered requests whose delivery is not guaranteed, as the carrier's are.

Sources: "Call resource" (StatusCallbackEvent, SequenceNumber from 0 per call, Duration in started minutes) and
"voice webhooks" (the number's callback: one request, when the call ends).
"""

import math

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.webhook import OutgoingWebhook
from hotline.exchange.state.calls import Call, DocumentRequest
from hotline.exchange.state.recordings import Recording
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import CallEvent, CallStatus, Direction, RecordingSource
from hotline.exchange.vocabulary.numbers import is_e164
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.parameters import rfc2822, standard_parameters

_SIP_OK, _SIP_TERMINATED = 200, 487
_ATTESTATION = "B"
_ATTESTED = frozenset({CallStatus.RINGING, CallStatus.IN_PROGRESS})

_EVENTS = {
    CallStatus.INITIATED: CallEvent.INITIATED,
    CallStatus.RINGING: CallEvent.RINGING,
    CallStatus.IN_PROGRESS: CallEvent.ANSWERED,
}


def event_of(status: CallStatus) -> CallEvent | None:
    """Returns the callback event a status belongs to; None for `queued`, which is never reported."""
    return CallEvent.COMPLETED if status.is_terminal else _EVENTS.get(status)


def advance(exchange: Exchange, call: Call, status: CallStatus) -> None:
    """Puts `call` into `status` and sends the requested callback; a terminal status is never left again."""
    if call.is_over or call.status is status:
        return
    # The carrier reports nothing about a call that was canceled before its turn came.
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
        _report(exchange, call, status)


def _report(exchange: Exchange, call: Call, status: CallStatus) -> None:
    event = event_of(status)
    if call.callback is None or event not in call.callback.events:
        return
    form = standard_parameters(exchange.settings.account_sid, call) | {
        "Timestamp": rfc2822(exchange.clock.now()),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(next(call.sequence)),
    }
    form |= _final_fields(exchange, call) if status.is_terminal else _attestation_fields(call, status)
    send_callback(
        exchange, RequestKind.STATUS, DocumentRequest(call.callback.url, call.callback.method, form), call
    )


def _attestation_fields(call: Call, status: CallStatus) -> dict[str, str]:
    """Returns how the caller id of an outbound call was attested, once the telephone rings."""
    attested = call.direction is Direction.OUTBOUND_API and is_e164(call.to) and status in _ATTESTED
    return {"StirStatus": _ATTESTATION} if attested else {}


def _final_fields(exchange: Exchange, call: Call) -> dict[str, str]:
    """Returns the additional fields of the last callback; they depend on the direction of the call."""
    seconds = call.seconds()
    form = {"CallDuration": str(seconds)}
    if call.direction is not Direction.OUTBOUND_DIAL:
        form["Duration"] = str(math.ceil(seconds / 60))
    if call.direction is Direction.OUTBOUND_API:
        answered = call.answered_at is not None
        form["SipResponseCode"] = str(call.sip_code or (_SIP_OK if answered else _SIP_TERMINATED))
    if call.answered_by is not None:
        form["AnsweredBy"] = call.answered_by
    return form | _recording_fields(exchange, call)


def _recording_fields(exchange: Exchange, call: Call) -> dict[str, str]:
    """Returns the recording that was ordered with the call: by `Record` over REST, or by the Dial this leg belongs to."""
    ordered: list[Recording] = []
    match call.direction:
        case Direction.OUTBOUND_API:
            ordered = [one for one in call.recordings if one.source is RecordingSource.OUTBOUND_API]
        case Direction.OUTBOUND_DIAL if call.parent is not None and call.answered_at is not None:
            parent = exchange.registry.calls.get(call.parent)
            of_parent = [] if parent is None else parent.recordings
            ordered = [one for one in of_parent if one.source is RecordingSource.DIAL_VERB]
        case _:
            pass
    if not ordered:
        return {}
    recording = ordered[-1]
    return {
        "RecordingSid": recording.sid,
        "RecordingUrl": exchange.settings.recording_url(recording.sid),
        "RecordingDuration": str(recording.seconds or round(exchange.clock.seconds() - recording.began)),
    }


def send_callback(exchange: Exchange, kind: RequestKind, fetch: DocumentRequest, call: Call | None) -> None:
    """Sends `fetch.extra` unchanged as a background task; the answer has no effect, a failure is an alert (15003, 16011)."""
    exchange.spawn(_send(exchange, kind, fetch, call))


def send_late_webhook(exchange: Exchange, kind: RequestKind, fetch: DocumentRequest, call: Call) -> None:
    """Sends the webhook of a verb whose call has hung up or moved on; the document it returns is not run."""
    standard = standard_parameters(exchange.settings.account_sid, call, call.reported_status())
    send_callback(exchange, kind, DocumentRequest(fetch.url, fetch.method, {**standard, **fetch.extra}), call)


async def _send(exchange: Exchange, kind: RequestKind, fetch: DocumentRequest, call: Call | None) -> None:
    sid = "" if call is None else call.sid
    cookies = {} if call is None else call.cookies
    try:
        webhook = OutgoingWebhook(kind, fetch.url, fetch.method, fetch.extra, sid, aside=True)
        response = await exchange.send_webhook(webhook, cookies)
    except DocumentError as error:
        exchange.alert(error.code, f"{kind} callback: {error.text}", sid)
        return
    if not 200 <= response.status < 300:
        code = 16011 if kind is RequestKind.CONFERENCE else 15003
        exchange.alert(code, f"{kind} callback was answered {response.status}", sid)
