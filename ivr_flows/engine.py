"""Plays a flow: (flow, position, what was heard) -> what to say, what to wish, what comes next. Pure.

Every function is total: whatever is heard wherever the caller stands, there is a next step, and nobody is held in a
loop.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    FlowAction,
    JoinQueue,
    KeepMessage,
    LookUpOutside,
    LookUpTicket,
    NoteTransfer,
    PromiseCallback,
)
from hotline.rules.enums import Language
from ivr_flows.flow import (
    AGAIN,
    CALLBACK,
    ENTERED,
    FAILED,
    FULL,
    INVALID,
    NEXT,
    NOTHING,
    OFF_DUTY,
    PARTED,
    RECORDED,
    SILENCE,
    TIMEOUT,
    Ask,
    Choice,
    Exit,
    Flow,
    HangUp,
    Input,
    Menu,
    Node,
    Queue,
    Say,
    Transfer,
    Voicemail,
)
from ivr_flows.speech import Callers, Line, Lines, OneByOne, Wait, Words
from ivr_flows.turn import (
    PENDING,
    Answer,
    AskAgain,
    AwaitAnswer,
    Connect,
    Digits,
    Heard,
    Listen,
    Over,
    Parted,
    Position,
    QueueFailed,
    Recorded,
    Silence,
    TakeMessage,
    Turn,
    Unclear,
    Values,
    WaitedTooLong,
    WaitInQueue,
)

MAX_TURNS = 60
"""A caller who has been through so many steps is asked nothing more, but given a person."""
PENDING_ENTRY = "entered"
"""The value of an Input that was typed and is being read back."""


@dataclass(frozen=True, slots=True)
class Step:
    """What has come together on the way to where a call goes next."""

    turn: int
    values: Values = field(default_factory=dict)
    lines: Lines = ()
    wishes: tuple[FlowAction, ...] = ()
    path: tuple[str, ...] = ()


def walk(flow: Flow, start: str, step: Step) -> Turn:
    """Go from `start` to the first node where something must happen; a circle of Say nodes ends at a person."""
    lines, wishes, path = step.lines, step.wishes, step.path
    name = start
    for _ in flow.nodes:
        node = flow.nodes[name]
        if not isinstance(node, Say):
            break
        lines += node.say
        wishes += node.wishes
        path = (*path, f"{name}>{NEXT}")
        name = node.to
    else:
        name = flow.person
    here = Position(name, 0, step.turn, step.values)
    return stand(flow.nodes[name], here, Step(step.turn, step.values, lines, wishes, path))


def onward(flow: Flow, to: str, here: Position, step: Step) -> Turn:
    """Go on from `here` to `to`; from a question, who has taken very many steps is given a person, unless they go for help.

    Only from a question: what a full queue, a recorder or the application leads to are ends that must be reached.
    """
    asked = isinstance(flow.nodes[here.node], Menu | Input)
    worn_out = asked and here.turn >= MAX_TURNS and not _leads_to_help(flow, to)
    return walk(flow, flow.person if worn_out else to, step)


def again(flow: Flow, position: str) -> Turn:
    """Speak once more what is due at `position`, without taking a step."""
    here = Position.parse(position)
    node = flow.nodes.get(here.node)
    if node is None:
        return to_person(flow, position)
    if isinstance(node, Say):
        return replace(walk(flow, here.node, Step(here.turn, here.values)), position=position)
    return stand(node, here, Step(here.turn, here.values))


def to_person(flow: Flow, position: str) -> Turn:
    """Give the caller a person, wherever they stand."""
    return walk(flow, flow.person, Step(turn=Position.parse(position).turn + 1))


def stand(node: Node, here: Position, step: Step) -> Turn:
    """Return the turn of a call that has come to `node`."""
    lines, wishes, path, at = step.lines, step.wishes, step.path, str(here)
    match node:
        case Menu():
            return Turn(lines + node.say, wishes, listen_to(node), at, path=path)
        case Input():
            return Turn(lines + lines_at(node, here), wishes, listen_to(node, here.values), at, path=path)
        case Voicemail():
            return Turn(lines + node.say, wishes, TakeMessage(node.seconds, node.silence), at, path=path)
        case Transfer():
            begun = NoteTransfer(node.number, begins=True)
            there = Connect(node.number, node.ring_seconds)
            return Turn(lines + node.say, (*wishes, begun), there, at, path=path)
        case Queue():
            return Turn(lines, wishes, AwaitAnswer(_joining(node, here), here.values), at, path=path)
        case Ask():
            return Turn(lines, wishes, AwaitAnswer(node.wish, here.values), at, path=path)
        case HangUp() | Say():  # pragma: no branch - exhaustive
            return Turn((*lines, *node.say), wishes, Over(), at, path=path)


def listen_to(node: Menu | Input, values: Values | None = None) -> Listen:
    """Return how to listen at a question; to what is read back one key is the answer."""
    if isinstance(node, Input):
        most = 1 if values and PENDING_ENTRY in values else node.most
        return Listen(node.timeout, most, speech=True)
    words = tuple(choice.words for choice in node.keys.values() if choice.words)
    return Listen(node.timeout, 1, speech=bool(words), words=words)


def lines_at(node: Input, here: Position) -> Lines:
    """Return what an Input says at `here`: its question, or what was typed, read back."""
    entered = here.values.get(PENDING_ENTRY)
    if entered is None:
        return node.say
    read_back = (("entered", OneByOne(entered)),)
    return tuple(
        Line(line.prompt, line.language, read_back) if isinstance(line, Line) else line
        for line in node.confirm
    )


def _joining(queue: Queue, here: Position) -> JoinQueue:
    """Return how to join: who has taken very many steps waits even if nobody is on duty, lest they are led round again."""
    return replace(queue.join, only_on_duty=False) if here.turn > MAX_TURNS else queue.join


def _leads_to_help(flow: Flow, to: str) -> bool:
    """Say whether `to` connects to somebody outside, or asks to whom; a subflow begins with a step to its entry."""
    node = flow.nodes[to]
    for _ in flow.nodes:
        if not isinstance(node, Say):
            break
        node = flow.nodes[node.to]
    if isinstance(node, Menu):
        return any(isinstance(flow.nodes.get(choice.to), Transfer) for choice in node.keys.values())
    return isinstance(node, Transfer)


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
