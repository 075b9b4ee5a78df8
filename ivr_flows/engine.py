"""Plays a flow: (flow, position, what was heard) -> what to say, what to wish, what comes next. Pure.

Every function is total: whatever is heard wherever the caller stands, there is a next step, and nobody is held in a
loop.
"""

from collections.abc import Callable
from dataclasses import replace

from hotline.rules.wishes import JoinQueue, Wish
from ivr_flows.flow import Callers, Choice, Do, Exit, Flow, HangUp, Line, Lines, Menu, Node, Queue, Say, Wait
from ivr_flows.turns import (
    AwaitVerdict,
    Digits,
    Granted,
    Heard,
    Listen,
    Over,
    Position,
    QueueFailed,
    Refused,
    Silence,
    TooLate,
    Turn,
    Verdict,
    WaitInQueue,
)

MAX_TURNS = 60
"""A caller who has been through so many menus is given a person."""
MAX_VERDICTS = 8
"""Wishes asked for one after the other, without the caller doing anything, before the call is ended."""


def enter(flow: Flow) -> Turn:
    """Begin the conversation."""
    return _walk(flow, flow.entry, turn=0)


def to_person(flow: Flow, position: str) -> Turn:
    """Give the caller a person, wherever they stand."""
    return _walk(flow, flow.person, turn=Position.parse(position).turn + 1)


def again(flow: Flow, position: str) -> Turn:
    """Speak once more what is due at `position`, without taking a step."""
    here = Position.parse(position)
    node = flow.nodes.get(here.node)
    if node is None:
        return to_person(flow, position)
    return replace(_walk(flow, here.node, turn=here.turn), position=position)


def hear(flow: Flow, position: str, heard: Heard) -> Turn:
    """Take one step. Total: an answer that does not belong here repeats what is due."""
    here = Position.parse(position)
    node = flow.nodes.get(here.node)
    if isinstance(heard, TooLate):
        return Turn((), (), Over(), position)
    match node:
        case None:
            return to_person(flow, position)
        case Menu():
            return _hear_at_menu(flow, node, here, heard)
        case Queue():
            return _hear_in_queue(flow, node, here, heard)
        case Do():
            return _hear_verdict(flow, node, here, heard)
        case Say() | HangUp():  # pragma: no branch - exhaustive
            return again(flow, position)


def settle(flow: Flow, turn: Turn, ask: Callable[[Wish], Verdict]) -> Turn:
    """Make the wishes of `turn`, and go on by the answers until the caller is heard, waits or is gone.

    The turn returned speaks all lines passed on the way and has no wish left.
    """
    for _ in range(MAX_VERDICTS):
        for wish in turn.wishes:
            ask(wish)
        turn = replace(turn, wishes=())
        if not isinstance(turn.then, AwaitVerdict):
            return turn
        onward = hear(flow, turn.position, ask(turn.then.wish))
        turn = replace(onward, lines=turn.lines + onward.lines, language=onward.language or turn.language)
    return replace(turn, wishes=(), then=Over())


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
        told.append(queue.offer)
    return tuple(told)


def _hear_at_menu(flow: Flow, menu: Menu, here: Position, heard: Heard) -> Turn:
    match heard:
        case Digits(keys=keys) if keys in menu.keys:
            return _chosen(flow, menu.keys[keys], here)
        case Digits():
            return _unanswered(flow, menu, menu.on_invalid, here)
        case Silence():
            return _unanswered(flow, menu, menu.on_silence, here)
        case _:
            return again(flow, str(here))


def _chosen(flow: Flow, choice: Choice, here: Position) -> Turn:
    onward = _leave_menu(flow, choice.to, here)
    return replace(onward, wishes=choice.wishes + onward.wishes, language=choice.language)


def _unanswered(flow: Flow, menu: Menu, way_out: Exit, here: Position) -> Turn:
    tries = here.tries + 1
    if tries >= way_out.tries:
        return _leave_menu(flow, way_out.to, here)
    position = Position(here.node, tries, here.turn + 1)
    return Turn(menu.again or menu.say, (), Listen(menu.timeout), str(position))


def _leave_menu(flow: Flow, to: str, here: Position) -> Turn:
    return _walk(flow, to if here.turn < MAX_TURNS else flow.person, turn=here.turn + 1)


def _hear_in_queue(flow: Flow, queue: Queue, here: Position, heard: Heard) -> Turn:
    match heard:
        case Digits(keys=keys) if keys == queue.callback_key:
            return _walk(flow, queue.callback, turn=here.turn + 1)
        case Refused() | QueueFailed():
            return _walk(flow, queue.on_full, turn=here.turn + 1)
        case _:
            said = queue.say if isinstance(heard, Granted) else ()
            return Turn(said, (), WaitInQueue(), str(replace(here, turn=here.turn + 1)))


def _hear_verdict(flow: Flow, do: Do, here: Position, heard: Heard) -> Turn:
    match heard:
        case Granted():
            return _walk(flow, do.granted, turn=here.turn + 1)
        case Refused():
            return _walk(flow, do.refused, turn=here.turn + 1)
        case _:
            return again(flow, str(here))


def _walk(flow: Flow, start: str, *, turn: int) -> Turn:
    """Go from `start` to the first node where something must happen; a circle of Say nodes ends at a person."""
    lines: Lines = ()
    name = start
    for _ in flow.nodes:
        node = flow.nodes[name]
        if not isinstance(node, Say):
            break
        lines += node.say
        name = node.to
    else:
        name = flow.person
    return _stand(flow.nodes[name], lines, str(Position(name, 0, turn)))


def _stand(node: Node, lines: Lines, position: str) -> Turn:
    match node:
        case Menu():
            return Turn(lines + node.say, (), Listen(node.timeout), position)
        case Queue():
            return Turn(lines, (), AwaitVerdict(JoinQueue()), position)
        case Do():
            return Turn(lines, (), AwaitVerdict(node.wish), position)
        case HangUp() | Say():  # pragma: no branch - exhaustive
            return Turn((*lines, *node.say), (), Over(), position)
