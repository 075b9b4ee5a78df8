"""Plays a flow: (flow, position, what was heard) -> what to say, what to wish, what comes next. Pure.

Every function is total: whatever is heard wherever the caller stands, there is a next step, and nobody is held in a
loop.
"""

from collections.abc import Callable
from dataclasses import replace

from hotline.rules.calls.flow_actions import FlowAction
from hotline.rules.enums import Language
from ivr_flows.flow import Flow, Queue
from ivr_flows.hearing import hear
from ivr_flows.speech import Callers, Line, Lines, Wait, Words
from ivr_flows.turn import PENDING, Answer, AskAgain, AwaitAnswer, Over, Position, Turn, Values
from ivr_flows.walking import MAX_TURNS, Step, again, to_person, walk

__all__ = [
    "MAX_TURNS",
    "advance",
    "after_talk",
    "again",
    "enter",
    "hear",
    "place_lines",
    "queue_of",
    "settle",
    "to_person",
]

Asked = Callable[[FlowAction, Values], Answer]


def enter(flow: Flow) -> Turn:
    """Begin the conversation."""
    return walk(flow, flow.entry, Step(turn=0))


def after_talk(flow: Flow, position: str) -> Turn | None:
    """Go on with a caller whose operator has left first; None for a flow that has nothing to say to them."""
    if not flow.after:
        return None
    return walk(flow, flow.after, Step(turn=Position.parse(position).turn + 1))


def settle(flow: Flow, turn: Turn, ask: Asked) -> Turn:
    """Make the wishes of `turn`, and go on by the answers until the caller is heard, waits or is gone.

    The turn returned speaks all lines passed on the way and has no wish left.
    """
    for _ in range(_most_answers(flow)):
        for wish in turn.wishes:
            ask(wish, {})
        turn = replace(turn, wishes=())
        if not isinstance(turn.then, AwaitAnswer):
            return turn
        answer = ask(turn.then.wish, turn.then.values)
        if answer == PENDING:
            return replace(turn, then=AskAgain())
        turn = _followed(turn, hear(flow, turn.position, answer))
    return replace(turn, wishes=(), then=Over())


def advance(flow: Flow, turn: Turn, ask: Callable[[FlowAction], Answer | None]) -> Turn:
    """Go on from `turn` as far as `ask` knows the answers; it says None to what must wait for the call to be known."""
    for _ in range(_most_answers(flow)):
        if turn.wishes or not isinstance(turn.then, AwaitAnswer):
            break
        answer = ask(turn.then.wish)
        if answer is None:
            break
        turn = _followed(turn, hear(flow, turn.position, answer))
    return turn


def _most_answers(flow: Flow) -> int:
    """How many wishes may follow each other without the caller doing anything: who makes more goes in a circle."""
    return len(flow.nodes) + 1


def _followed(turn: Turn, after: Turn) -> Turn:
    """Return `after` with what was said and passed on the way to it."""
    return replace(
        after,
        lines=turn.lines + after.lines,
        language=after.language or turn.language,
        path=turn.path + after.path,
    )


def queue_of(flow: Flow, position: str) -> Queue:
    """Return the queue in which a call at `position` waits. Raises TypeError for a flow without a queue."""
    for name in (Position.parse(position).node, flow.person):
        node = flow.nodes.get(name)
        if isinstance(node, Queue):
            return node
    raise TypeError(f"{flow.name} has no queue")


def place_lines(queue: Queue, *, ahead: int, waited: int, expected: int | None, may_be_called: bool) -> Lines:
    """Return what a waiting caller is told this round: a word of regret, their place, the offer to be phoned back."""
    told: list[Line] = []
    if waited >= queue.sorry_after:
        told.append(queue.sorry)
    if ahead == 0:
        told.append(queue.next_in_line)
    elif expected is None:
        told.append(replace(queue.place_only, arguments=(("ahead", Callers(ahead)),)))
    else:
        known = (("ahead", Callers(ahead)), ("wait", Wait(expected)))
        told.append(replace(queue.place, arguments=known))
    if may_be_called:
        told.append(
            replace(queue.offer, arguments=(("key", Words(((Language.ZH_CN, queue.callback_key),))),))
        )
    return (*told, *queue.music)
