"""Webhooks of a waiting caller: the wait document round by round, keys, and leaving the queue.

A caller who leaves by a key or after the longest wait leaves the carrier's queue first, without speech. `queue_left`
then renders what follows, in one place for every way of leaving.
"""

from collections.abc import Mapping

from hotline.gateways.addresses import VoiceRoute
from hotline.rules.enums import CallState
from hotline.services.calls import lifecycle
from hotline.services.calls.queries import CallView, find_call, get_call
from hotline.services.queueing import offers
from hotline.services.queueing.places import QueuePlace, find_waiting, place_in_queue
from hotline.services.queueing.queue import leave_queue
from ivr_flows.engine import again, hear, place_lines, queue_of
from ivr_flows.flow import QueueNode
from ivr_flows.speech import Lines, PromptLine
from ivr_flows.turn import Digits, Heard, NoInput, Position, QueueFailed, WaitedTooLong
from ivr_flows.webhooks.call_flow import (
    current_document,
    default_speaker,
    hang_up,
    known_call,
    record_over,
    script_of,
    speak_turn,
    speaker_for,
    take_turn,
)
from ivr_flows.webhooks.flow_actions import find_notice
from ivr_flows.webhooks.twiml import EMPTY, read_lines
from ivr_flows.webhooks.webhook import Repeatable, WebhookContext, WebhookForm, WebhookRequest

# Length of a silent round of waiting while the application fails.
IN_TROUBLE_SECONDS = 20
# Time that a caller accepted by an operator stays in the wait document; normally a moment.
CONNECTING_SECONDS = 10
_WAITING = {CallState.QUEUED, CallState.OFFERED}
_FAILED = {"queue-full", "error", "system-error"}
# The QueueResult of a caller who hung up while waiting.
HUNG_UP = "hangup"
# Name of the value in which a call keeps why it left the queue: a key, or TOO_LONG.
LEFT, TOO_LONG = "left", "too_long"


def wait(request: WebhookRequest) -> str:
    """Renders one round of waiting: the lines carried by the URL once, then the place and perhaps a callback's offer.

    Writes nothing.
    """
    found = find_waiting(request.work, request.form.sid)
    call, place = found or (None, None)
    if (
        call is None
        or place is None
        or call.state in {CallState.IN_FLOW, CallState.AFTER, CallState.TRANSFERRED}
    ):
        return request.context.renderer.leave(default_speaker(request.context), ())
    if call.state is CallState.ENDED:
        return hang_up(request.context)
    request.check_at = call.check_at
    prompts = script_of(request, call).prompts
    first = read_lines(
        request.form.query.get("say", ""), prompts, lambda key: find_notice(request.work.session, key)
    )
    return Repeatable(_round(request, call, place, first))


def wait_heard(request: WebhookRequest) -> str:
    """Handles a key pressed while waiting: it leads out of the queue, is recorded, or has no effect."""
    call = find_call(request.work, request.form.sid, lock=True)
    if call is None or call.state not in _WAITING:
        return wait(request)
    script = script_of(request, call)
    keys = request.form.value("Digits")
    node = queue_of(script.flow, call.position)
    if keys == node.callback_key or (keys in node.keys and node.keys[keys].to):
        return _leave(request, call, keys)
    turn = hear(script.flow, call.position, Digits(keys) if keys else NoInput())
    settled, _ = take_turn(request, call, script, turn)
    place = place_in_queue(request.work, call.id)
    return _round(request, get_call(request.work, call.id), place, settled.lines)


def wait_over(request: WebhookRequest) -> str:
    """Handles the end of the longest wait. A caller who is being offered to an operator waits on."""
    call = find_call(request.work, request.form.sid)
    if call is None or call.state is not CallState.QUEUED:
        return wait(request)
    return _leave(request, call, TOO_LONG)


def queue_left(request: WebhookRequest) -> str:
    """Handles the end of the carrier's queue for callers who left by our document or could not be kept."""
    result = request.form.query.get("result") or request.form.value("QueueResult")
    if result == HUNG_UP:
        record_over(request, "completed")
    if result not in {"leave", *_FAILED}:
        return EMPTY
    call = known_call(request)
    leave_queue(request.work, call.id, "leave")
    call = get_call(request.work, call.id)
    if call.state is not CallState.IN_FLOW:
        return current_document(request, call)
    script = script_of(request, call)
    why = Position.parse(call.position).values.get(LEFT)
    if result in _FAILED:
        return speak_turn(request, call, script, hear(script.flow, call.position, QueueFailed()))
    if why is None:
        return speak_turn(request, call, script, again(script.flow, call.position))
    what: Heard = WaitedTooLong() if why == TOO_LONG else Digits(why)
    return speak_turn(request, call, script, hear(script.flow, _without(call.position, LEFT), what))


def wait_silently(context: WebhookContext, _post: WebhookForm, _ids: Mapping[str, str]) -> str:
    """Answers for a failed application: the caller keeps their place, and the next round asks again."""
    return context.renderer.waiting(default_speaker(context), (), seconds=IN_TROUBLE_SECONDS, may_press=False)


def _leave(request: WebhookRequest, call: CallView, why: str) -> str:
    """Takes the caller out of the queue; if an operator was faster, the caller stays and is connected."""
    leave_queue(request.work, call.id, "leave")
    if get_call(request.work, call.id).state is not CallState.IN_FLOW:
        return wait(request)
    here = Position.parse(call.position)
    leaving = Position(here.node, here.tries, here.turn + 1, {**here.values, LEFT: why})
    lifecycle.save_position(request.work, call.id, position=str(leaving), language=call.language)
    return request.context.renderer.leave(default_speaker(request.context), ())


def _without(position: str, name: str) -> str:
    here = Position.parse(position)
    kept = {each: value for each, value in here.values.items() if each != name}
    return str(Position(here.node, here.tries, here.turn, kept))


def _round(request: WebhookRequest, call: CallView, place: QueuePlace, first: Lines) -> str:
    renderer, script = request.context.renderer, script_of(request, call)
    speaker = speaker_for(request.context, script, call.language)
    if call.state not in _WAITING:
        lines = (*first, PromptLine("still_connecting"))
        return renderer.waiting(speaker, lines, seconds=CONNECTING_SECONDS, may_press=False)
    if call.state is CallState.OFFERED and renderer.dials_operators:
        offer_id = offers.pending_offer(request.work, call.id)
        if offer_id is not None:
            return renderer.redirect(renderer.addresses.url(VoiceRoute.RING, offer_id))
    node = queue_of(script.flow, call.position)
    if _is_over(node, place.since_joined) and call.state is CallState.QUEUED:
        return renderer.redirect(renderer.addresses.url(VoiceRoute.WAIT_OVER))
    offers_callback = place.waited_seconds >= request.work.policies.queue.offer_callback_after
    place_spoken = place_lines(
        node,
        ahead=place.position - 1,
        waited=place.waited_seconds,
        expected=place.expected_seconds,
        may_be_called=offers_callback,
        is_served=place.is_served,
    )
    may_press = offers_callback or bool(node.keys)
    return renderer.wait_round(
        speaker, script.flow, (*first, *place_spoken), seconds=node.round_seconds, may_press=may_press
    )


def _is_over(node: QueueNode, waited: int) -> bool:
    return bool(node.longest_wait) and waited >= node.longest_wait
