"""Waiting for a person: the wait document round by round, the keys heard meanwhile, and leaving the queue.

Whoever leaves by a key or after the longest wait leaves the carrier's queue first, without a word; what comes next is
said when the carrier has let them go (`queue_left`), so that it is said in one place however they left.
"""

from collections.abc import Mapping

from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.calls.lifecycle import CallView
from hotline.services.queueing import offers
from ivr_flows.engine import again, hear, place_lines, queue_of
from ivr_flows.flow import Queue
from ivr_flows.speech import Line, Lines
from ivr_flows.turn import Digits, Heard, Position, QueueFailed, Silence, WaitedTooLong
from ivr_flows.webhooks.call_flow import (
    due_now,
    hang_up,
    keep_on_the_line,
    known_call,
    script_of,
    speak_turn,
    speaker_for,
    take_turn,
    usual_speaker,
)
from ivr_flows.webhooks.flow_actions import recall
from ivr_flows.webhooks.twiml import EMPTY, read_lines
from ivr_flows.webhooks.webhook import Door, Post, Step, Visit

IN_TROUBLE_SECONDS = 20
"""One silent round of waiting while the application cannot say how long the queue is."""
CONNECTING_SECONDS = 10
"""How long a caller whom an operator has accepted is left in the wait document; normally a moment."""
_WAITING = {CallState.QUEUED, CallState.OFFERED}
_FAILED = {"queue-full", "error", "system-error"}
LEFT, TOO_LONG = "left", "too_long"
"""The value under which a call remembers what made it leave the queue: a key, or TOO_LONG."""


def wait(visit: Visit) -> str:
    """Write one round of waiting: the words of the way here once, then the place, perhaps the offer of a callback."""
    call = lifecycle.find_call(visit.work, visit.post.sid)
    if call is None or call.state in {CallState.IN_FLOW, CallState.AFTER, CallState.TRANSFERRED}:
        return visit.door.stage.leave(usual_speaker(visit.door), ())
    if call.state is CallState.ENDED:
        return hang_up(visit.door)
    prompts = script_of(visit, call).prompts
    first = read_lines(visit.post.query.get("say", ""), prompts, lambda key: recall(visit.work.session, key))
    return _round(visit, call, first)


def wait_heard(visit: Visit) -> str:
    """A key was pressed while waiting: it leads out of the queue, is noted in passing, or means nothing here."""
    call = lifecycle.find_call(visit.work, visit.post.sid)
    if call is None or call.state not in _WAITING:
        return wait(visit)
    script = script_of(visit, call)
    keys = visit.post.word("Digits")
    node = queue_of(script.flow, call.position)
    if keys == node.callback_key or (keys in node.keys and node.keys[keys].to):
        return _leave(visit, call, keys)
    turn = hear(script.flow, call.position, Digits(keys) if keys else Silence())
    settled, _ = take_turn(visit, call, script, turn)
    return _round(visit, lifecycle.get_call(visit.work, call.id), settled.lines)


def wait_over(visit: Visit) -> str:
    """The longest wait of the queue is over. Whoever is being offered to a desk at this moment waits on."""
    call = lifecycle.find_call(visit.work, visit.post.sid)
    if call is None or call.state is not CallState.QUEUED:
        return wait(visit)
    return _leave(visit, call, TOO_LONG)


def queue_left(visit: Visit) -> str:
    """The carrier's queue has let the call go. Only who left by our word, or for want of room, is still to be told."""
    result = visit.post.query.get("result") or visit.post.word("QueueResult")
    if visit.post.word("CallStatus") in TERMINAL_STATUSES or result not in {"leave", *_FAILED}:
        return EMPTY
    call = known_call(visit)
    lifecycle.leave_queue(visit.work, call.id, "leave")
    call = lifecycle.get_call(visit.work, call.id)
    if call.state is not CallState.IN_FLOW:
        return due_now(visit, call)
    script = script_of(visit, call)
    why = Position.parse(call.position).values.get(LEFT)
    if result in _FAILED:
        return speak_turn(visit, call, script, hear(script.flow, call.position, QueueFailed()))
    if why is None:
        return speak_turn(visit, call, script, again(script.flow, call.position))
    what: Heard = WaitedTooLong() if why == TOO_LONG else Digits(why)
    return speak_turn(visit, call, script, hear(script.flow, _without(call.position, LEFT), what))


def wait_in_trouble(door: Door, _post: Post, _ids: Mapping[str, str]) -> str:
    """The application cannot work: the caller keeps their place, and the next round asks again."""
    return door.stage.waiting(usual_speaker(door), (), seconds=IN_TROUBLE_SECONDS, may_press=False)


def _leave(visit: Visit, call: CallView, why: str) -> str:
    """Take the caller out of the queue; if an operator was faster, they stay and are connected."""
    lifecycle.leave_queue(visit.work, call.id, "leave")
    if lifecycle.get_call(visit.work, call.id).state is not CallState.IN_FLOW:
        return wait(visit)
    here = Position.parse(call.position)
    leaving = Position(here.node, here.tries, here.turn + 1, {**here.values, LEFT: why})
    lifecycle.save_position(visit.work, call.id, position=str(leaving), language=call.language)
    return visit.door.stage.leave(usual_speaker(visit.door), ())


def _without(position: str, name: str) -> str:
    here = Position.parse(position)
    kept = {each: value for each, value in here.values.items() if each != name}
    return str(Position(here.node, here.tries, here.turn, kept))


def _round(visit: Visit, call: CallView, first: Lines) -> str:
    stage, script = visit.door.stage, script_of(visit, call)
    speaker = speaker_for(visit.door, script, call.language)
    if call.state not in _WAITING:
        lines = (*first, Line("still_connecting"))
        return stage.waiting(speaker, lines, seconds=CONNECTING_SECONDS, may_press=False)
    if call.state is CallState.OFFERED and stage.dials_operators:
        offer_id = offers.pending_offer(visit.work, call.id)
        if offer_id is not None:
            return stage.go_on(stage.addresses.ring(offer_id))
    node = queue_of(script.flow, call.position)
    place = offers.place_in_queue(visit.work, call.id)
    if _is_over(node, place.since_joined) and call.state is CallState.QUEUED:
        return stage.go_on(stage.addresses.wait_over())
    offers_callback = place.waited_seconds >= visit.work.policies.queue.offer_callback_after
    told = place_lines(
        node,
        ahead=place.position - 1,
        waited=place.waited_seconds,
        expected=place.expected_seconds,
        may_be_called=offers_callback,
    )
    may_press = offers_callback or bool(node.keys)
    return stage.waiting(speaker, (*first, *told), seconds=node.round_seconds, may_press=may_press)


def _is_over(node: Queue, waited: int) -> bool:
    return bool(node.longest_wait) and waited >= node.longest_wait


QUEUE_STEPS = (
    Step("/wait", "wait", Machine.CARRIER, wait, wait_in_trouble, None, reads_only=True),
    Step("/wait/heard", "wait_heard", Machine.CALLER, wait_heard, wait_in_trouble, ("Digits", "QueueTime")),
    Step("/wait/over", "wait_over", Machine.CARRIER, wait_over, wait_in_trouble, None),
    Step(
        "/queue-left",
        "queue_left",
        Machine.CARRIER,
        queue_left,
        keep_on_the_line,
        ("QueueResult", "QueueTime"),
    ),
)
