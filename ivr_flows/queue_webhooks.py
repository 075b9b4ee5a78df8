"""Waiting for a person: the wait document round by round, the key that asks for a callback, and leaving the queue."""

from collections.abc import Mapping

from hotline.rules.actors import Machine
from hotline.rules.calls import TERMINAL_STATUSES
from hotline.rules.words import CallState
from hotline.services import calls, queue
from hotline.services.calls import CallView
from ivr_flows.door import Door, Post, Step, Visit
from ivr_flows.engine import again, hear, place_lines, queue_of
from ivr_flows.flow import HangUp, Line, Lines
from ivr_flows.places import (
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
from ivr_flows.turns import Digits, Over, Position, QueueFailed, Silence, WaitInQueue
from ivr_flows.twiml import EMPTY, goodbye, read_lines

IN_TROUBLE_SECONDS = 20
"""One silent round of waiting while the hall cannot say how long the queue is."""
CONNECTING_SECONDS = 10
"""How long a caller whom an operator has accepted is left in the wait document; normally a moment."""
_WAITING = {CallState.QUEUED, CallState.OFFERED}
_FAILED = {"queue-full", "error", "system-error"}


def wait(visit: Visit) -> str:
    """Write one round of waiting: the words of the way here once, then the place, perhaps the offer of a callback."""
    call = calls.find_call(visit.work, visit.post.sid)
    if call is None or call.state in {CallState.IN_FLOW, CallState.AFTER}:
        return visit.door.stage.leave(usual_speaker(visit.door), ())
    if call.state is CallState.ENDED:
        return hang_up(visit.door)
    first = read_lines(visit.post.query.get("say", ""), script_of(visit, call).prompts)
    return _round(visit, call, first)


def wait_heard(visit: Visit) -> str:
    """A key was pressed while waiting. Whoever is promised a callback leaves the queue; any other key waits on."""
    call = calls.find_call(visit.work, visit.post.sid)
    if call is None or call.state not in _WAITING:
        return wait(visit)
    script = script_of(visit, call)
    keys = visit.post.word("Digits")
    turn = hear(script.flow, call.position, Digits(keys) if keys else Silence())
    settled, language = take_turn(visit, call, script, turn)
    if isinstance(settled.then, WaitInQueue):
        return _round(visit, calls.get_call(visit.work, call.id), settled.lines)
    said = settled.lines if isinstance(settled.then, Over) else ()
    return visit.door.stage.leave(speaker_for(visit.door, script, language), said)


def queue_left(visit: Visit) -> str:
    """The carrier's queue has let the call go. Only who left by our word, or for want of room, is still to be told."""
    result = visit.post.word("QueueResult")
    if visit.post.word("CallStatus") in TERMINAL_STATUSES or result not in {"leave", *_FAILED}:
        return EMPTY
    call = known_call(visit)
    calls.leave_queue(visit.work, call.id, "leave")
    call = calls.get_call(visit.work, call.id)
    if call.state is not CallState.IN_FLOW:
        return due_now(visit, call)
    script = script_of(visit, call)
    if result in _FAILED:
        return speak_turn(visit, call, script, hear(script.flow, call.position, QueueFailed()))
    if isinstance(script.flow.nodes.get(Position.parse(call.position).node), HangUp):
        return goodbye(speaker_for(visit.door, script, call.language))
    return speak_turn(visit, call, script, again(script.flow, call.position))


def wait_in_trouble(door: Door, _post: Post, _ids: Mapping[str, str]) -> str:
    """The hall cannot work: the caller keeps their place, and the next round asks again."""
    return door.stage.waiting(usual_speaker(door), (), seconds=IN_TROUBLE_SECONDS, may_press=False)


def _round(visit: Visit, call: CallView, first: Lines) -> str:
    script = script_of(visit, call)
    speaker = speaker_for(visit.door, script, call.language)
    if call.state not in _WAITING:
        lines = (*first, Line("still_connecting"))
        return visit.door.stage.waiting(speaker, lines, seconds=CONNECTING_SECONDS, may_press=False)
    node = queue_of(script.flow, call.position)
    place = queue.place_in_queue(visit.work, call.id)
    limit = visit.work.policies.queue.offer_callback_after
    may_press = call.number is not None and place.waited_seconds >= limit
    told = place_lines(
        node,
        ahead=place.position - 1,
        waited=place.waited_seconds,
        expected=place.expected_seconds,
        may_be_called=may_press,
    )
    return visit.door.stage.waiting(speaker, (*first, *told), seconds=node.round_seconds, may_press=may_press)


QUEUE_STEPS = (
    Step("/wait", "wait", Machine.CARRIER, wait, wait_in_trouble, None, reads_only=True),
    Step("/wait/heard", "wait_heard", Machine.CALLER, wait_heard, wait_in_trouble, ("Digits", "QueueTime")),
    Step(
        "/queue-left",
        "queue_left",
        Machine.CARRIER,
        queue_left,
        keep_on_the_line,
        ("QueueResult", "QueueTime"),
    ),
)
