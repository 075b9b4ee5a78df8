"""Takes one step: what was heard at a node decides where the call goes. One function a kind of node; all are total."""

from dataclasses import replace

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    JoinQueue,
    KeepMessage,
    LookUpOutside,
    LookUpTicket,
    NoteTransfer,
    PromiseCallback,
)
from ivr_flows.exits import (
    AGAIN,
    CALLBACK,
    ENTERED,
    FAILED,
    FULL,
    INVALID,
    NOTHING,
    OFF_DUTY,
    PARTED,
    RECORDED,
    SILENCE,
    TIMEOUT,
)
from ivr_flows.flow import Ask, Choice, Exit, Flow, HangUp, Input, Menu, Queue, Say, Transfer, Voicemail
from ivr_flows.turn import (
    Answer,
    Digits,
    Heard,
    Over,
    Parted,
    Position,
    QueueFailed,
    Recorded,
    Silence,
    Turn,
    Unclear,
    WaitedTooLong,
    WaitInQueue,
)
from ivr_flows.walking import PENDING_ENTRY, Step, again, lines_at, listen_to, onward, stand, to_person

USE_VALUES = (PromiseCallback, LookUpTicket, LookUpOutside, JoinQueue)
"""Wishes that use up what the caller has typed: a code is not kept longer than it is needed."""


def hear(flow: Flow, position: str, heard: Heard) -> Turn:
    """Take one step. Total: an answer that does not belong here repeats what is due."""
    here = Position.parse(position)
    node = flow.nodes.get(here.node)
    if isinstance(heard, Answer) and heard.exit == ActionOutcome.TOO_LATE:
        return Turn((), (), Over(), position)
    match node:
        case None:
            return to_person(flow, position)
        case Menu():
            return _hear_at_menu(flow, node, here, heard)
        case Input():
            return _hear_entry(flow, node, here, heard)
        case Voicemail():
            return _hear_message(flow, node, here, heard)
        case Transfer():
            return _hear_parting(flow, node, here, heard)
        case Queue():
            return _hear_in_queue(flow, node, here, heard)
        case Ask():
            return _hear_answer(flow, node, here, heard)
        case Say() | HangUp():  # pragma: no branch - exhaustive
            return again(flow, position)


def _hear_at_menu(flow: Flow, menu: Menu, here: Position, heard: Heard) -> Turn:
    match heard:
        case Digits(keys=keys) if keys in menu.keys:
            return _chosen(flow, keys, menu.keys[keys], here)
        case Digits() | Unclear():
            return _unanswered(flow, menu, INVALID, here)
        case Silence():
            return _unanswered(flow, menu, SILENCE, here)
        case _:
            return again(flow, str(here))


def _hear_entry(flow: Flow, node: Input, here: Position, heard: Heard) -> Turn:
    typed = here.values.get(PENDING_ENTRY)
    match heard:
        case Digits(keys="1") if typed is not None:
            return _entered(flow, node, here, typed)
        case Digits(keys=keys) if typed is None and _fits(node, keys):
            if not node.confirm:
                return _entered(flow, node, here, keys)
            read = replace(here, turn=here.turn + 1, values={**here.values, PENDING_ENTRY: keys})
            return stand(node, read, Step(read.turn))
        case Digits() | Unclear():
            return _unanswered(flow, node, INVALID, here)
        case Silence():
            return _unanswered(flow, node, SILENCE, here)
        case _:
            return again(flow, str(here))


def _fits(node: Input, keys: str) -> bool:
    return keys.isascii() and keys.isdigit() and node.least <= len(keys) <= node.most


def _entered(flow: Flow, node: Input, here: Position, keys: str) -> Turn:
    kept = {name: value for name, value in here.values.items() if name != PENDING_ENTRY}
    return _go(flow, ENTERED, node.to, here, Step(here.turn + 1, {**kept, node.name: keys}))


def _hear_message(flow: Flow, node: Voicemail, here: Position, heard: Heard) -> Turn:
    match heard:
        case Recorded(sid=sid, seconds=seconds):
            kept = KeepMessage(sid, seconds)
            return _go(flow, RECORDED, node.to, here, Step(here.turn + 1, here.values, wishes=(kept,)))
        case Silence():
            return _go(flow, NOTHING, node.on_nothing, here)
        case _:
            return again(flow, str(here))


def _hear_parting(flow: Flow, node: Transfer, here: Position, heard: Heard) -> Turn:
    if not isinstance(heard, Parted):
        return again(flow, str(here))
    back = (NoteTransfer(node.number, begins=False),)
    exit_, to = (PARTED, node.to) if heard.reached else (FAILED, node.on_failed)
    return _go(flow, exit_, to, here, Step(here.turn + 1, here.values, wishes=back))


def _hear_in_queue(flow: Flow, queue: Queue, here: Position, heard: Heard) -> Turn:
    match heard:
        case Digits(keys=keys) if keys == queue.callback_key:
            return _go(flow, CALLBACK, queue.callback, here)
        case Digits(keys=keys) if keys in queue.keys and queue.keys[keys].to:
            return _chosen(flow, keys, queue.keys[keys], here)
        case Digits(keys=keys) if keys in queue.keys:
            choice = queue.keys[keys]
            stay = Turn((), choice.wishes, WaitInQueue(), str(replace(here, turn=here.turn + 1)))
            return replace(stay, language=choice.language, path=(f"{here.node}>{keys}",))
        case QueueFailed() | Answer(exit=ActionOutcome.FULL):
            return _go(flow, FULL, queue.on_full, here)
        case Answer(exit=ActionOutcome.OFF_DUTY) if queue.on_off_duty:
            return _go(flow, OFF_DUTY, queue.on_off_duty, here)
        case WaitedTooLong() if queue.longest_wait:
            return _go(flow, TIMEOUT, queue.on_timeout, here)
        case _:
            said = queue.say if isinstance(heard, Answer) and heard.exit == ActionOutcome.JOINED else ()
            return Turn(said, (), WaitInQueue(), str(replace(here, turn=here.turn + 1)))


def _hear_answer(flow: Flow, node: Ask, here: Position, heard: Heard) -> Turn:
    if not isinstance(heard, Answer):
        return again(flow, str(here))
    exit_ = heard.exit if heard.exit in node.exits else str(ActionOutcome.OTHER)
    values = {} if isinstance(node.wish, USE_VALUES) else here.values
    step = Step(here.turn + 1, values, heard.lines)
    return _go(flow, exit_, node.exits.get(exit_, flow.person), here, step)


def _chosen(flow: Flow, key: str, choice: Choice, here: Position) -> Turn:
    turn = _go(flow, key, choice.to, here, Step(here.turn + 1, here.values, wishes=choice.wishes))
    return replace(turn, language=choice.language)


def _unanswered(flow: Flow, node: Menu | Input, why: str, here: Position) -> Turn:
    """Ask again, or leave by the way out; what was read back and refused is forgotten, what met silence is read again."""
    way: Exit = node.on_silence if why == SILENCE else node.on_invalid
    tries = here.tries + 1
    kept = dict(here.values)
    if why == INVALID or tries >= way.tries:
        kept.pop(PENDING_ENTRY, None)
    if tries >= way.tries:
        return _go(flow, why, way.to, here, Step(here.turn + 1, kept))
    asked = Position(here.node, tries, here.turn + 1, kept)
    if isinstance(node, Menu):
        said = node.again or node.say
    else:
        said = lines_at(node, asked) if PENDING_ENTRY in kept else node.again or node.say
    listen = listen_to(node, kept)
    return Turn(said, (), listen, str(asked), path=(f"{here.node}>{AGAIN}",))


def _go(flow: Flow, exit_: str, to: str, here: Position, step: Step | None = None) -> Turn:
    """Leave `here` by the way called `exit_`."""
    going = step or Step(here.turn + 1, here.values)
    return onward(flow, to, here, replace(going, path=(f"{here.node}>{exit_}", *going.path)))
