"""The engine of flows: from a flow, a position and an input it computes what is said and done next. Pure.

Every function is total: each input at each position has a next step, and no caller is kept in a loop.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    FlowAction,
    JoinQueue,
    LookUpExternal,
    LookUpTicket,
    PromiseCallback,
    RecordTransfer,
    SaveMessage,
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
    RECORDED,
    SILENCE,
    TIMEOUT,
    TRANSFERRED,
    ActionNode,
    Flow,
    HangUpNode,
    InputNode,
    KeyChoice,
    MenuNode,
    Node,
    QueueNode,
    RetryLimit,
    SayNode,
    TransferNode,
    VoicemailNode,
)
from ivr_flows.speech import (
    CallerCount,
    Lines,
    LiteralText,
    PromptLine,
    SpokenDigits,
    WaitingTime,
    split_uninterrupted,
)
from ivr_flows.turn import (
    PENDING,
    ActionResult,
    AwaitResult,
    Connect,
    DialogTurn,
    Digits,
    EndDialog,
    Heard,
    Listen,
    NoInput,
    PollAgain,
    Position,
    QueueFailed,
    Recorded,
    TakeMessage,
    TransferEnded,
    Unclear,
    Values,
    WaitedTooLong,
    WaitInQueue,
)

# A caller who has taken this many steps is asked no further question and goes to an operator.
MAX_TURNS = 60
# The value that holds digits while they are read back for confirmation.
PENDING_ENTRY = "entered"
# These actions use up the entered digits, so that a code is kept no longer than it is needed.
CONSUMING_ACTIONS = (PromiseCallback, LookUpTicket, LookUpExternal, JoinQueue)
PerformAction = Callable[[FlowAction, Values], ActionResult]


@dataclass(frozen=True, slots=True)
class Traversal:
    """The state collected between two nodes at which the call stops."""

    turn: int
    values: Values = field(default_factory=dict)
    lines: Lines = ()
    actions: tuple[FlowAction, ...] = ()
    path: tuple[str, ...] = ()


def enter(flow: Flow) -> DialogTurn:
    """Returns the first turn of a conversation."""
    return traverse(flow, flow.entry, Traversal(turn=0))


def after_talk(flow: Flow, position: str) -> DialogTurn | None:
    """Returns the turn for a caller whose operator left first, or None if the flow has none."""
    if not flow.after:
        return None
    return traverse(flow, flow.after, Traversal(turn=Position.parse(position).turn + 1))


def again(flow: Flow, position: str) -> DialogTurn:
    """Repeats what is spoken at `position` without taking a step."""
    here = Position.parse(position)
    node = flow.nodes.get(here.node)
    if node is None:
        return to_person(flow, position)
    if isinstance(node, SayNode):
        return replace(traverse(flow, here.node, Traversal(here.turn, here.values)), position=position)
    return arrive(node, here)


def to_person(flow: Flow, position: str) -> DialogTurn:
    """Leads the caller to the queue at `position`, or else to the flow's own queue."""
    here = Position.parse(position)
    # A caller who comes back keeps the queue of their skill.
    start = here.node if isinstance(flow.nodes.get(here.node), QueueNode) else flow.person
    return traverse(flow, start, Traversal(turn=here.turn + 1))


def hear(flow: Flow, position: str, heard: Heard) -> DialogTurn:
    """Takes one step for an input. An input that does not belong to the position repeats what is due there."""
    here = Position.parse(position)
    node = flow.nodes.get(here.node)
    if isinstance(heard, ActionResult) and heard.exit == ActionOutcome.TOO_LATE:
        return DialogTurn((), (), EndDialog(), position)
    match node:
        case None:
            return to_person(flow, position)
        case MenuNode():
            return _hear_at_menu(flow, node, here, heard)
        case InputNode():
            return _hear_entry(flow, node, here, heard)
        case VoicemailNode():
            return _hear_message(flow, node, here, heard)
        case TransferNode():
            return _hear_transfer_end(flow, node, here, heard)
        case QueueNode():
            return _hear_in_queue(flow, node, here, heard)
        case ActionNode():
            return _hear_answer(flow, node, here, heard)
        case SayNode() | HangUpNode():  # pragma: no branch - exhaustive
            return again(flow, position)


def settle(flow: Flow, turn: DialogTurn, perform: PerformAction) -> DialogTurn:
    """Performs the actions of `turn` and goes on by their outcomes until the caller is heard, waits or has left.

    The returned turn speaks all lines passed on the way and has no action left. A queue is joined only after lines that
    must be heard to their end, so that no operator answers during them.
    """
    for _ in range(_max_actions(flow)):
        for action in turn.actions:
            perform(action, {})
        turn = replace(turn, actions=())
        if not isinstance(turn.then, AwaitResult):
            return turn
        if isinstance(turn.then.action, JoinQueue) and split_uninterrupted(turn.lines)[0]:
            return replace(turn, then=PollAgain(pause=0))
        answer = perform(turn.then.action, turn.then.values)
        if answer == PENDING:
            return replace(turn, then=PollAgain())
        turn = _followed(turn, hear(flow, turn.position, answer))
    return replace(turn, actions=(), then=EndDialog())


def advance(flow: Flow, turn: DialogTurn, perform: Callable[[FlowAction], ActionResult | None]) -> DialogTurn:
    """Goes on from `turn` as long as `perform` knows the outcomes; it returns None for actions that need a stored call."""
    for _ in range(_max_actions(flow)):
        if turn.actions or not isinstance(turn.then, AwaitResult):
            break
        answer = perform(turn.then.action)
        if answer is None:
            break
        turn = _followed(turn, hear(flow, turn.position, answer))
    return turn


def queue_of(flow: Flow, position: str) -> QueueNode:
    """Returns the queue node in which a call at `position` waits. Raises TypeError for a flow without a queue."""
    for name in (Position.parse(position).node, flow.person):
        node = flow.nodes.get(name)
        if isinstance(node, QueueNode):
            return node
    raise TypeError(f"{flow.name} has no queue")


def place_lines(
    queue: QueueNode,
    *,
    ahead: int,
    waited: int,
    expected: int | None,
    may_be_called: bool,
    is_served: bool = True,
) -> Lines:
    """Returns the lines of one round of waiting: an apology, the caller's place, the offer of a callback.

    `is_served` False: no desk takes calls, which is spoken in place of a waiting time.
    """
    spoken: list[PromptLine] = []
    if waited >= queue.sorry_after:
        spoken.append(queue.sorry)
    if ahead == 0:
        spoken.append(queue.next_in_line)
    elif expected is None:
        spoken.append(replace(queue.place_only, arguments=(("ahead", CallerCount(ahead)),)))
    else:
        known = (("ahead", CallerCount(ahead)), ("wait", WaitingTime(expected)))
        spoken.append(replace(queue.place, arguments=known))
    if not is_served and queue.unserved is not None:
        spoken.append(queue.unserved)
    if may_be_called:
        spoken.append(
            replace(queue.offer, arguments=(("key", LiteralText(((Language.ZH_CN, queue.callback_key),))),))
        )
    return (*spoken, *queue.music)


# Transitions: one function for each kind of node decides where an input leads.


def _hear_at_menu(flow: Flow, menu: MenuNode, here: Position, heard: Heard) -> DialogTurn:
    match heard:
        case Digits(keys=keys) if keys in menu.keys:
            return _chosen(flow, keys, menu.keys[keys], here)
        case Digits() | Unclear():
            return _unanswered(flow, menu, INVALID, here)
        case NoInput():
            return _unanswered(flow, menu, SILENCE, here)
        case _:
            return again(flow, str(here))


def _hear_entry(flow: Flow, node: InputNode, here: Position, heard: Heard) -> DialogTurn:
    typed = here.values.get(PENDING_ENTRY)
    match heard:
        case Digits(keys="1") if typed is not None:
            return _entered(flow, node, here, typed)
        case Digits(keys=keys) if typed is None and _fits(node, keys):
            if not node.confirm:
                return _entered(flow, node, here, keys)
            read = replace(here, turn=here.turn + 1, values={**here.values, PENDING_ENTRY: keys})
            return arrive(node, read)
        case Digits() | Unclear():
            return _unanswered(flow, node, INVALID, here)
        case NoInput():
            return _unanswered(flow, node, SILENCE, here)
        case _:
            return again(flow, str(here))


def _fits(node: InputNode, keys: str) -> bool:
    return keys.isascii() and keys.isdigit() and node.least <= len(keys) <= node.most


def _entered(flow: Flow, node: InputNode, here: Position, keys: str) -> DialogTurn:
    kept = {name: value for name, value in here.values.items() if name != PENDING_ENTRY}
    return _go(flow, ENTERED, node.to, here, values={**kept, node.name: keys})


def _hear_message(flow: Flow, node: VoicemailNode, here: Position, heard: Heard) -> DialogTurn:
    match heard:
        case Recorded(sid=sid, seconds=seconds):
            kept = SaveMessage(sid, seconds)
            return _go(flow, RECORDED, node.to, here, actions=(kept,))
        case NoInput():
            return _go(flow, NOTHING, node.on_nothing, here)
        case _:
            return again(flow, str(here))


def _hear_transfer_end(flow: Flow, node: TransferNode, here: Position, heard: Heard) -> DialogTurn:
    if not isinstance(heard, TransferEnded):
        return again(flow, str(here))
    back = (RecordTransfer(node.number, begins=False),)
    exit_, to = (TRANSFERRED, node.to) if heard.reached else (FAILED, node.on_failed)
    return _go(flow, exit_, to, here, actions=back)


def _hear_in_queue(flow: Flow, queue: QueueNode, here: Position, heard: Heard) -> DialogTurn:
    match heard:
        case Digits(keys=keys) if keys == queue.callback_key:
            return _go(flow, CALLBACK, queue.callback, here)
        case Digits(keys=keys) if keys in queue.keys and queue.keys[keys].to:
            return _chosen(flow, keys, queue.keys[keys], here)
        case Digits(keys=keys) if keys in queue.keys:
            choice = queue.keys[keys]
            stay = DialogTurn((), choice.actions, WaitInQueue(), str(replace(here, turn=here.turn + 1)))
            return replace(stay, language=choice.language, path=(f"{here.node}>{keys}",))
        case QueueFailed() | ActionResult(exit=ActionOutcome.FULL):
            return _go(flow, FULL, queue.on_full, here)
        case ActionResult(exit=ActionOutcome.OFF_DUTY) if queue.on_off_duty:
            return _go(flow, OFF_DUTY, queue.on_off_duty, here)
        case WaitedTooLong() if queue.longest_wait:
            return _go(flow, TIMEOUT, queue.on_timeout, here)
        case _:
            said = queue.say if isinstance(heard, ActionResult) and heard.exit == ActionOutcome.JOINED else ()
            return DialogTurn(said, (), WaitInQueue(), str(replace(here, turn=here.turn + 1)))


def _hear_answer(flow: Flow, node: ActionNode, here: Position, heard: Heard) -> DialogTurn:
    if not isinstance(heard, ActionResult):
        return again(flow, str(here))
    exit_ = heard.exit if heard.exit in node.exits else str(ActionOutcome.OTHER)
    values = {} if isinstance(node.action, CONSUMING_ACTIONS) else here.values
    to = node.exits.get(exit_, flow.person)
    return _go(flow, exit_, to, here, values=values, lines=heard.lines)


def _chosen(flow: Flow, key: str, choice: KeyChoice, here: Position) -> DialogTurn:
    turn = _go(flow, key, choice.to, here, actions=choice.actions)
    return replace(turn, language=choice.language)


def _unanswered(flow: Flow, node: MenuNode | InputNode, why: str, here: Position) -> DialogTurn:
    """Asks again, or leaves the question when the attempts are used up."""
    limit: RetryLimit = node.on_silence if why == SILENCE else node.on_invalid
    tries = here.tries + 1
    kept = dict(here.values)
    if why == INVALID or tries >= limit.tries:
        kept.pop(PENDING_ENTRY, None)
    if tries >= limit.tries:
        return _go(flow, why, limit.to, here, values=kept)
    repeated = Position(here.node, tries, here.turn + 1, kept)
    if isinstance(node, MenuNode):
        said = node.again or node.say
    else:
        said = lines_at(node, repeated) if PENDING_ENTRY in kept else node.again or node.say
    listen = listen_to(node, kept)
    return DialogTurn(said, (), listen, str(repeated), path=(f"{here.node}>{AGAIN}",))


def _go(
    flow: Flow,
    exit_: str,
    to: str,
    here: Position,
    *,
    values: Values | None = None,
    lines: Lines = (),
    actions: tuple[FlowAction, ...] = (),
) -> DialogTurn:
    """Leaves `here` by the exit `exit_`, which takes one step. The values of `here` are kept unless others are given."""
    kept = here.values if values is None else values
    step = Traversal(here.turn + 1, kept, lines, actions, path=(f"{here.node}>{exit_}",))
    return onward(flow, to, here, step)


def _max_actions(flow: Flow) -> int:
    """Returns how many actions may follow each other without an input; more than this means a cycle."""
    return len(flow.nodes) + 1


def _followed(turn: DialogTurn, after: DialogTurn) -> DialogTurn:
    """Returns `after` with the lines and edges of `turn` before it."""
    return replace(
        after,
        lines=turn.lines + after.lines,
        language=after.language or turn.language,
        path=turn.path + after.path,
    )


# Traversal: from a node to the next one that needs an input or an action.


def traverse(flow: Flow, start: str, step: Traversal) -> DialogTurn:
    """Goes from `start` to the first node that needs an input or an action. A cycle of say nodes ends at an operator."""
    lines, actions, path = step.lines, step.actions, step.path
    name = start
    for _ in flow.nodes:
        node = flow.nodes[name]
        if not isinstance(node, SayNode):
            break
        lines += node.say
        actions += node.actions
        path = (*path, f"{name}>{NEXT}")
        name = node.to
    else:
        name = flow.person
    here = Position(name, 0, step.turn, step.values)
    return arrive(flow.nodes[name], here, lines, actions, path)


def onward(flow: Flow, to: str, here: Position, step: Traversal) -> DialogTurn:
    """Goes from `here` to `to`."""
    # Only a question: the exits of a full queue, a recorder or an action must be reached.
    is_question = isinstance(flow.nodes[here.node], MenuNode | InputNode)
    past_limit = is_question and here.turn >= MAX_TURNS and not _leads_to_help(flow, to)
    return traverse(flow, flow.person if past_limit else to, step)


def arrive(
    node: Node,
    here: Position,
    lines: Lines = (),
    actions: tuple[FlowAction, ...] = (),
    path: tuple[str, ...] = (),
) -> DialogTurn:
    """Returns the turn of a call that has come to `node` with the lines, actions and edges collected on the way."""
    at = str(here)
    match node:
        case MenuNode():
            return DialogTurn(lines + node.say, actions, listen_to(node), at, path=path)
        case InputNode():
            return DialogTurn(
                lines + lines_at(node, here), actions, listen_to(node, here.values), at, path=path
            )
        case VoicemailNode():
            return DialogTurn(
                lines + node.say, actions, TakeMessage(node.seconds, node.silence), at, path=path
            )
        case TransferNode():
            begun = RecordTransfer(node.number, begins=True)
            there = Connect(node.number, node.ring_seconds)
            return DialogTurn(lines + node.say, (*actions, begun), there, at, path=path)
        case QueueNode():
            return DialogTurn(
                lines, actions, AwaitResult(_queue_join(node, here), here.values), at, path=path
            )
        case ActionNode():
            return DialogTurn(lines, actions, AwaitResult(node.action, here.values), at, path=path)
        case HangUpNode() | SayNode():  # pragma: no branch - exhaustive
            return DialogTurn((*lines, *node.say), actions, EndDialog(), at, path=path)


def listen_to(node: MenuNode | InputNode, values: Values | None = None) -> Listen:
    """Returns how to listen at a question. Digits that are read back are confirmed by one key."""
    if isinstance(node, InputNode):
        most = 1 if values and PENDING_ENTRY in values else node.most
        return Listen(node.timeout, most, speech=True)
    words = tuple(choice.words for choice in node.keys.values() if choice.words)
    return Listen(node.timeout, speech=bool(words), words=words)


def lines_at(node: InputNode, here: Position) -> Lines:
    """Returns the lines of an input node: its question, or the entered digits read back."""
    entered = here.values.get(PENDING_ENTRY)
    if entered is None:
        return node.say
    read_back = (("entered", SpokenDigits(entered)),)
    return tuple(
        PromptLine(line.prompt, line.language, read_back) if isinstance(line, PromptLine) else line
        for line in node.confirm
    )


def _queue_join(queue: QueueNode, here: Position) -> JoinQueue:
    """Returns the action that joins `queue`."""
    # After MAX_TURNS the caller waits even if no operator is on duty, or would be led round again.
    return replace(queue.join, only_on_duty=False) if here.turn > MAX_TURNS else queue.join


def _leads_to_help(flow: Flow, to: str) -> bool:
    """Returns whether `to` transfers to an outside number or lets the caller choose one."""
    node = flow.nodes[to]
    for _ in flow.nodes:
        if not isinstance(node, SayNode):
            break
        node = flow.nodes[node.to]
    if isinstance(node, MenuNode):
        return any(isinstance(flow.nodes.get(choice.to), TransferNode) for choice in node.keys.values())
    return isinstance(node, TransferNode)
