"""Handles the end of a caller's call, whichever webhook reports it.

The status callback is one webhook and may be lost; the action of an Enqueue, a Dial, a Record or a Gather carries the
terminal CallStatus too.
"""

from hotline.services.calls import lifecycle, recordings
from hotline.services.calls.queries import find_call
from ivr_flows.webhooks.call_flow import arrival_of
from ivr_flows.webhooks.twiml import EMPTY
from ivr_flows.webhooks.webhook import WebhookRequest


def over(request: WebhookRequest) -> str:
    """Ends the call. It may be unknown, because its end may arrive before its first webhook."""
    record_over(request, request.form.value("CallStatus"))
    return EMPTY


def recorded_over(request: WebhookRequest) -> str:
    """Keeps a message that the caller ended by hanging up, then ends the call."""
    sid, seconds = request.form.value("RecordingSid"), request.form.seconds("RecordingDuration")
    call = find_call(request.work, request.form.sid)
    if call is not None and sid and seconds:
        recordings.record_message(request.work, call.id, sid, seconds)
    return over(request)


def record_over(request: WebhookRequest, status: str) -> None:
    """Records the terminal `status` of the call of this webhook."""
    ours = request.form.value("Direction").startswith("outbound")
    arrival = None if ours else arrival_of(request.context, request.form)
    lifecycle.end_call(request.work, sid=request.form.sid, status=status, arrival=arrival)
