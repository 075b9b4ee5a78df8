"""Webhooks of a caller in the flow: arrival, keys and speech, messages, transfers, recordings, the end of the call."""

from urllib.parse import urlsplit

from hotline.gateways.addresses import VoiceRoute
from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallPurpose, CallState, Language, RecordingKind
from hotline.rules.text import is_storable
from hotline.services.calls import lifecycle, recordings
from hotline.services.calls.queries import CallView, get_call
from ivr_flows.engine import hear
from ivr_flows.speech_matching import understand
from ivr_flows.turn import Digits, Heard, NoInput, Position, Recorded, TransferEnded
from ivr_flows.webhooks.call_flow import (
    after_conversation,
    arrival_of,
    begin,
    current_document,
    is_in_conversation,
    known_call,
    lead_to_person,
    record_over,
    script_of,
    speak_turn,
)
from ivr_flows.webhooks.webhook import MAX_SID_LENGTH, WebhookRequest

_REACHED = {"completed", "answered"}


def incoming(request: WebhookRequest) -> str:
    """Handles a new call. A call whose end was reported before stays ended."""
    script = request.context.registry.active(CallPurpose.INBOUND)
    first = request.context.first_turns.first_turn(script.flow, request.form.value("To"))
    call = lifecycle.receive_call(request.work, arrival_of(request.context, request.form, first))
    request.check_at = call.check_at
    return begin(request, call, script, first)


def fallback(request: WebhookRequest) -> str:
    """Handles a document that the carrier could not fetch or run: apologises and leads the caller to an operator."""
    call = known_call(request)
    # A failed document after the talk means that the talk is over, even if the operator's leg has not reported it.
    if (
        urlsplit(request.form.value("ErrorUrl")).path
        == urlsplit(request.context.renderer.addresses.url(VoiceRoute.TALK_ENDED, call.id)).path
    ):
        return after_conversation(request, call)
    if call.state is CallState.TRANSFERRED:
        lifecycle.record_transfer(request.work, call.id, "", begins=False)
        call = get_call(request.work, call.id)
    if call.state is CallState.IN_FLOW:
        return lead_to_person(request, call, "apology")
    return current_document(request, call)


def heard(request: WebhookRequest) -> str:
    """Handles the answer to a question: keys, speech or silence."""
    call = known_call(request)
    return _advance(request, call, what_was_heard(request, call))


def again(request: WebhookRequest) -> str:
    """Performs an action again whose outcome was pending."""
    return current_document(request, known_call(request))


def recorded(request: WebhookRequest) -> str:
    """Handles the end of a message, or silence in its place."""
    call = known_call(request)
    sid, seconds = _recording_reference(request), request.form.seconds("RecordingDuration")
    if not sid or not seconds:
        return _advance(request, call, NoInput())
    if not is_awaited(request, call):
        recordings.record_message(request.work, call.id, sid, seconds)
        return current_document(request, call)
    return _advance(request, call, Recorded(sid, seconds))


def _recording_reference(request: WebhookRequest) -> str:
    """Returns the recording's sid; of a carrier that tells it later, a reference made of its address; else an empty text."""
    sid, url = request.form.value("RecordingSid"), request.form.value("RecordingUrl")
    return sid if sid or not url else recordings.provisional_sid(url)


def transfer_ended(request: WebhookRequest) -> str:
    """Handles the end of a connection to an outside number."""
    call = known_call(request)
    reached = request.form.value("DialCallStatus") in _REACHED
    if call.state is not CallState.TRANSFERRED or not is_awaited(request, call):
        return current_document(request, call)
    script = script_of(request, call)
    return speak_turn(request, call, script, hear(script.flow, call.position, TransferEnded(reached)))


def status(request: WebhookRequest) -> str:
    """Handles the final status of a call to us. It may arrive before the call itself and is then remembered."""
    word = request.form.value("CallStatus")
    if word in TERMINAL_STATUSES:
        record_over(request, word)
    return ""


def _advance(request: WebhookRequest, call: CallView, what: Heard) -> str:
    """Takes one step. An answer to an earlier question changes nothing and gets the document that is due now."""
    if not is_in_conversation(request, call) or not is_awaited(request, call):
        return current_document(request, call)
    script = script_of(request, call)
    return speak_turn(request, call, script, hear(script.flow, call.position, what))


def is_awaited(request: WebhookRequest, call: CallView) -> bool:
    """Returns whether the webhook answers the question that the call is at, not an earlier one."""
    turn = request.form.query.get("turn", "")
    return turn in {"", str(Position.parse(call.position).turn)}


def what_was_heard(request: WebhookRequest, call: CallView) -> Heard:
    """Returns keys, speech or silence as the flow of the call understands them."""
    keys, said = request.form.value("Digits"), request.form.value("SpeechResult")
    if keys:
        return Digits(keys)
    if not said:
        return NoInput()
    script = script_of(request, call)
    catalogue = script.prompts[Language(call.language)]
    return understand(script.flow, call.position, said, catalogue)


def message_recorded(request: WebhookRequest) -> str:
    return _recorded(request, RecordingKind.MESSAGE)


def talk_recorded(request: WebhookRequest) -> str:
    return _recorded(request, RecordingKind.TALK)


def _recorded(request: WebhookRequest, kind: RecordingKind) -> str:
    """Handles the final status of a recording."""
    sid, status = request.form.value("RecordingSid"), request.form.value("RecordingStatus")
    if status == "absent":
        recordings.mark_absent(request.work, sid)
    elif status == "completed" and 0 < len(sid) <= MAX_SID_LENGTH and is_storable(sid):
        seconds = request.form.seconds("RecordingDuration")
        recordings.record_finished(request.work, request.id("call_id"), sid, seconds, kind)
    return ""
