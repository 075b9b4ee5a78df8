"""How a call comes from one node to the next place where something must happen. Pure; used by `engine` and `hearing`."""

from dataclasses import dataclass, field, replace

from hotline.rules.calls.flow_actions import FlowAction, JoinQueue, NoteTransfer
from ivr_flows.exits import NEXT
from ivr_flows.flow import Ask, Flow, HangUp, Input, Menu, Node, Queue, Say, Transfer, Voicemail
from ivr_flows.speech import Line, Lines, OneByOne
from ivr_flows.turn import AwaitAnswer, Connect, Listen, Over, Position, TakeMessage, Turn, Values

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
