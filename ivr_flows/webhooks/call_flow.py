"""Finds the script and the voice of a call, and the document for the state the call is in; records the end of a call.

Webhooks arrive in any order and more than once. A late one gets the document that is due now.
"""

from collections.abc import Mapping
from dataclasses import replace

from hotline.gateways.addresses import VoiceRoute
from hotline.rules.enums import CallPurpose, CallState, Language, OfferState
from hotline.services.calls import lifecycle, recordings
from hotline.services.calls.lifecycle import Arrival
from hotline.services.calls.queries import CallView, find_call, get_call
from hotline.services.outbound import callbacks
from hotline.store.calls.offers import was_hung_up
from ivr_flows.engine import after_talk, again, settle, to_person
from ivr_flows.flow import QueueNode, Script
from ivr_flows.speech import Lines, PromptLine
from ivr_flows.turn import DialogTurn, Listen, Position
from ivr_flows.webhooks.flow_actions import ActionPerformer
from ivr_flows.webhooks.twiml import EMPTY, Speaker, goodbye
from ivr_flows.webhooks.webhook import Repeatable, WebhookContext, WebhookForm, WebhookRequest

# While the application fails, a caller is kept on the line for this many retries and then asked to phone again.
MAX_RETRIES = 3
PAUSE_SECONDS = 5
# Seconds, one a round, for which a report of the operator's hang-up is awaited before the talk counts as lost.
HANG_UP_ROUNDS = 2
# Final status of an operator's leg -> state of its offer, if the call had not become theirs by then.
OFFER_STATE_OF_STATUS: dict[str, OfferState] = {
    "busy": OfferState.DECLINED,
    "no-answer": OfferState.MISSED,
    "failed": OfferState.MISSED,
    "completed": OfferState.MISSED,
    "canceled": OfferState.WITHDRAWN,
}


def arrival_of(context: WebhookContext, form: WebhookForm, first: DialogTurn | None = None) -> Arrival:
    """Describes an incoming call. An outbound call that is not stored counts as incoming, too."""
    script = context.registry.active(CallPurpose.INBOUND)
    ours = form.value("Direction").startswith("outbound")
    dialed = form.value("From" if ours else "To")
    begun = first or context.first_turns.first_turn(script.flow, dialed)
    return Arrival(
        sid=form.sid,
        number_raw=form.value("To" if ours else "From"),
        dialed=dialed,
        purpose=CallPurpose.INBOUND,
        flow=script.flow.name,
        flow_version=script.flow.version,
        position=begun.position,
        path=begun.path,
    )


def known_call(request: WebhookRequest) -> CallView:
    """Returns the call of this webhook. A call that is not stored begins here, so that it is not lost."""
    # Locked when it is first read, so that no step of this webhook has to read it again.
    call = find_call(request.work, request.form.sid, lock=True)
    if call is None:
        call = lifecycle.receive_call(request.work, arrival_of(request.context, request.form))
    request.check_at = call.check_at
    return call


def script_of(request: WebhookRequest, call: CallView) -> Script:
    registry = request.context.registry
    kept = registry.kept(call.flow, call.flow_version)
    return kept or registry.edition(request.work.session, call.flow, call.flow_version, call.purpose)


def speaker_for(context: WebhookContext, script: Script, language: str) -> Speaker:
    return Speaker(
        script.prompts,
        Language(language),
        context.standard_arguments,
        context.sounds,
        talks_are_recorded=context.renderer.records_talks,
    )


def default_speaker(context: WebhookContext) -> Speaker:
    """Returns the voice for parties whose language is unknown: operators, and callers while the application fails."""
    return speaker_for(context, context.registry.active(CallPurpose.INBOUND), Language.ZH_CN)


def begin(request: WebhookRequest, call: CallView, script: Script, first: DialogTurn) -> str:
    """Renders the first document of a call that has just arrived; for a late repeat, the document that is due now."""
    if call.state is not CallState.IN_FLOW or call.position != first.position:
        return current_document(request, call)
    if isinstance(first.then, Listen) and not first.actions:
        speaker = speaker_for(request.context, script, first.language or call.language)
        return Repeatable(request.context.renderer.greeting(speaker, first, script.flow))
    return speak_turn(request, call, script, replace(first, path=()))


def speak_turn(request: WebhookRequest, call: CallView, script: Script, turn: DialogTurn) -> str:
    """Performs a turn's actions, stores the position it ends at, and renders what the caller hears."""
    settled, language = take_turn(request, call, script, turn)
    return request.context.renderer.turn(speaker_for(request.context, script, language), settled, call.id)


def take_turn(
    request: WebhookRequest, call: CallView, script: Script, turn: DialogTurn
) -> tuple[DialogTurn, str]:
    """Performs a turn's actions and stores the position it ends at; returns the settled turn and its language."""
    work, context = request.work, request.context
    language = str(turn.language or call.language)
    if language != call.language:
        lifecycle.save_position(work, call.id, position=call.position, language=language)
    actions = ActionPerformer(work, context.first_turns, call)
    settled = settle(script.flow, turn, actions.perform)
    language = str(settled.language or language)
    if settled.position != call.position or settled.path or actions.pressed:
        lifecycle.save_position(
            work,
            call.id,
            position=settled.position,
            language=language,
            path=settled.path,
            pressed=actions.pressed,
        )
    return settled, language


def lead_to_person(request: WebhookRequest, call: CallView, *prompts: str) -> str:
    """Leads a call that is in its flow to the queue, after the given prompts."""
    script = script_of(request, call)
    turn = to_person(script.flow, call.position)
    lines: Lines = (*(PromptLine(prompt) for prompt in prompts), *turn.lines)
    return speak_turn(request, call, script, replace(turn, lines=lines))


def is_in_conversation(request: WebhookRequest, call: CallView) -> bool:
    """Returns whether the flow decides what the caller hears: before an operator, and after one who left first."""
    if call.state is CallState.IN_FLOW:
        return True
    nodes = script_of(request, call).flow.nodes
    return call.state is CallState.AFTER and not isinstance(
        nodes.get(Position.parse(call.position).node), QueueNode | None
    )


def current_document(request: WebhookRequest, call: CallView) -> str:
    """Renders what a call must hear in the state it is in, whatever the webhook was."""
    script = script_of(request, call)
    match call.state:
        case CallState.RINGING | CallState.IN_FLOW | CallState.TRANSFERRED:
            return speak_turn(request, call, script, again(script.flow, call.position))
        case CallState.QUEUED | CallState.OFFERED:
            return lead_to_person(request, call)
        case CallState.CONNECTING | CallState.TALKING:
            return request.context.renderer.talk(call.id)
        case CallState.AFTER if is_in_conversation(request, call):
            return speak_turn(request, call, script, again(script.flow, call.position))
        case CallState.AFTER:
            return goodbye(speaker_for(request.context, script, call.language), "thanks_goodbye")
        case CallState.ENDED:
            return hang_up(request.context)


def after_conversation(request: WebhookRequest, call: CallView) -> str:
    """Renders what a caller hears whose operator's leg has ended.

    After a hang-up the caller may rate the talk; a caller whose operator was lost goes to the front of the queue.
    """
    if call.state is CallState.AFTER and is_in_conversation(request, call):
        return current_document(request, call)
    if request.form.value("DialCallStatus") == "failed":
        return _after_failed_talk(request, call)
    if not was_hung_up(request.work.session, call.id):
        return _after_lost_talk(request, call)
    lifecycle.record_talk_left(request.work, call.id)
    call = get_call(request.work, call.id)
    script = script_of(request, call)
    after = after_talk(script.flow, call.position) if call.state is CallState.AFTER else None
    if after is None:
        return goodbye(speaker_for(request.context, script, call.language), "thanks_goodbye")
    return speak_turn(request, call, script, after)


def _after_failed_talk(request: WebhookRequest, call: CallView) -> str:
    """Says goodbye to a caller whose conference the carrier could not run; a callback is owed if it is possible."""
    lifecycle.record_talk_left(request.work, call.id)
    speaker = speaker_for(request.context, script_of(request, call), call.language)
    owed = callbacks.promise_for_call(request.work, call.id)
    return goodbye(speaker, "apology_goodbye" if owed is None else "talk_failed_promised")


def _after_lost_talk(request: WebhookRequest, call: CallView) -> str:
    """Leads the caller back to the queue, unless the operator's hang-up is reported within a moment."""
    # The hang-up and this webhook travel at the same time.
    waited = request.form.query.get("waited", "0")
    rounds = int(waited) if waited.isascii() and waited.isdigit() else 0
    if rounds < HANG_UP_ROUNDS:
        url = request.context.renderer.addresses.url(VoiceRoute.TALK_ENDED, call.id)
        speaker = default_speaker(request.context)
        return request.context.renderer.try_again(speaker, (), f"{url}?waited={rounds + 1}", seconds=1)
    if not lifecycle.return_to_queue(request.work, call.id):
        return current_document(request, get_call(request.work, call.id))
    back = get_call(request.work, call.id)
    return lead_to_person(request, back, "operator_gone" if back.answered_at is None else "talk_lost")


def hang_up(context: WebhookContext) -> str:
    """Returns a document that ends the call without speaking."""
    return goodbye(default_speaker(context))


def empty_document(_door: WebhookContext, _post: WebhookForm, _ids: Mapping[str, str]) -> str:
    return EMPTY


def hang_up_silently(context: WebhookContext, _post: WebhookForm, _ids: Mapping[str, str]) -> str:
    return hang_up(context)


def hold_at_fallback(context: WebhookContext, form: WebhookForm, _ids: Mapping[str, str]) -> str:
    """Answers for a failed application: apologises, waits, and redirects to the fallback, which leads to an operator.

    After MAX_RETRIES the caller is asked to phone again.
    """
    return hold(context, form, context.renderer.addresses.url(VoiceRoute.FALLBACK))


def hold(context: WebhookContext, form: WebhookForm, url: str) -> str:
    """Keeps the caller on the line and redirects to `url`, at most MAX_RETRIES times."""
    retry = form.query.get("again", "")
    tries = int(retry) + 1 if retry.isascii() and retry.isdigit() else 1
    # Without a database the call cannot be found again: the caller must not wait for ever.
    if tries > MAX_RETRIES:
        return goodbye(default_speaker(context), "apology_goodbye")
    lines = (PromptLine("apology_wait"),)
    return context.renderer.try_again(
        default_speaker(context), lines, f"{url}?again={tries}", seconds=PAUSE_SECONDS
    )


# The end of a call, whichever webhook reports it: the status callback is one webhook and may be lost; the action of an
# Enqueue, a Dial, a Record or a Gather carries the terminal CallStatus too.


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
