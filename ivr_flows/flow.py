"""Nodes of a flow, and the graph they form: edges, spoken lines, actions.

A flow is data: cities write it in TOML, `loader` checks it, `engine` plays it. The file format has more kinds of nodes
(`source.schema`); each becomes one of the eight here. Checks, diagrams, transcripts and coverage read the graph
through the functions below, so that a new kind of node is added in one place.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from hotline.rules.calls.flow_actions import FlowAction, JoinQueue
from hotline.rules.enums import CallPurpose, Language
from ivr_flows.speech import Lines, PromptLine, Prompts


@dataclass(frozen=True, slots=True)
class SayNode:
    """Speaks, performs actions in passing, and goes on."""

    say: Lines
    to: str
    actions: tuple[FlowAction, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """The effect of one key: actions performed in passing, the language from here on, and the next node.

    `words` names the list of words, in each language's prompt file, that mean the same as the key where speech is
    heard.
    """

    to: str
    actions: tuple[FlowAction, ...] = ()
    language: Language | None = None
    words: str = ""
    announced: bool = True


@dataclass(frozen=True, slots=True)
class RetryLimit:
    """Leaves a question for `to` after `tries` attempts without a usable answer; 1 leaves it at once."""

    tries: int
    to: str


@dataclass(frozen=True, slots=True)
class MenuNode:
    """Speaks, then listens for one key. `timeout` is the silence in seconds that counts as no answer."""

    say: Lines
    keys: Mapping[str, KeyChoice]
    timeout: int
    on_silence: RetryLimit
    on_invalid: RetryLimit
    # Spoken in place of `say` when the question is repeated; empty: `say` is repeated.
    again: Lines = ()


@dataclass(frozen=True, slots=True)
class InputNode:
    """Takes `least` to `most` digits, ended by #, and keeps them as the value `name` until an action uses them.

    With `confirm` the digits are read back as {entered}: 1 accepts them, any other key asks again. * always asks
    again.
    """

    say: Lines
    name: str
    least: int
    most: int
    timeout: int
    confirm: Lines
    to: str
    on_silence: RetryLimit
    on_invalid: RetryLimit
    again: Lines = ()


@dataclass(frozen=True, slots=True)
class VoicemailNode:
    """Records a message of at most `seconds`, ended by # or by `silence` seconds of silence.

    `on_nothing` is the next node when nothing was said.
    """

    say: Lines
    seconds: int
    silence: int
    to: str
    on_nothing: str


@dataclass(frozen=True, slots=True)
class TransferNode:
    """Connects the caller to `number`, a name in the city's files, ringing for `ring_seconds`.

    `to` follows when they have talked and the caller is still on the line, `on_failed` when the call was not
    answered.
    """

    say: Lines
    number: str
    ring_seconds: int
    to: str
    on_failed: str


@dataclass(frozen=True, slots=True)
class QueueNode:
    """Lets the caller wait for an operator. The wait document is spoken once a round; all times are in seconds.

    `join` is the kind of operator. `place` is spoken with {ahead} and {wait}, `place_only` with {ahead} while the
    waiting time is unknown, `next_in_line` to the first in the queue, `unserved` after these while no desk takes calls,
    `say` once after joining and `music` at the end of each round. From `policies.queue.offer_callback_after` on, `callback_key` leads to `callback`. `keys` work in
    every round.
    """

    join: JoinQueue
    say: Lines
    next_in_line: PromptLine
    place: PromptLine
    place_only: PromptLine
    sorry: PromptLine
    sorry_after: int
    offer: PromptLine
    callback_key: str
    callback: str
    # Next node when the queue is full or the carrier could not keep the call in it.
    on_full: str
    round_seconds: int
    # After this many seconds the call goes to `on_timeout`; 0: never.
    longest_wait: int
    on_timeout: str
    # Next node when no operator is on duty; empty: the call waits all the same.
    on_off_duty: str
    keys: Mapping[str, KeyChoice]
    music: Lines = ()
    unserved: PromptLine | None = None


@dataclass(frozen=True, slots=True)
class ActionNode:
    """Performs an action and goes on by its outcome. An outcome without an exit leads to an operator."""

    action: FlowAction
    exits: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HangUpNode:
    """Speaks a last time and ends the call."""

    say: Lines


Node = SayNode | MenuNode | InputNode | VoicemailNode | TransferNode | QueueNode | ActionNode | HangUpNode


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole conversation.

    `version` is a short hash of its content, prompts included. `person` names the queue for callers of whom nothing
    else is known. `after` is the node for callers whose operator left first; empty: they are thanked and the call
    ends.
    """

    name: str
    version: str
    purpose: CallPurpose
    entry: str
    person: str
    nodes: Mapping[str, Node]
    after: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A flow with the prompts it speaks. `source` is JSON of all tables it was read from, enough to read it again."""

    flow: Flow
    prompts: Prompts
    source: str


NEXT, SILENCE, INVALID, AGAIN = "next", "silence", "invalid", "again"
ENTERED, RECORDED, NOTHING, TRANSFERRED, FAILED = "entered", "recorded", "nothing", "parted", "failed"
# The exits of nodes that are neither a key nor an outcome. Paths of calls are stored with these names.
CALLBACK, FULL, TIMEOUT, OFF_DUTY = "callback", "full", "timeout", "off_duty"


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge from a node to `to`. `exit` is a key, an outcome, or one of the names above."""

    exit: str
    to: str


def edges_of(name: str, node: Node) -> tuple[Edge, ...]:
    """Returns the outgoing edges of `node`, called `name`, in the order they are written."""
    match node:
        case SayNode():
            return (Edge(NEXT, node.to),)
        case MenuNode():
            return (*_keyed(name, node.keys), *_limit_edges(name, node.on_silence, node.on_invalid))
        case InputNode():
            return (Edge(ENTERED, node.to), *_limit_edges(name, node.on_silence, node.on_invalid))
        case VoicemailNode():
            return (Edge(RECORDED, node.to), Edge(NOTHING, node.on_nothing))
        case TransferNode():
            return (Edge(TRANSFERRED, node.to), Edge(FAILED, node.on_failed))
        case QueueNode():
            found = (*_keyed(name, node.keys), Edge(CALLBACK, node.callback), Edge(FULL, node.on_full))
            if node.longest_wait:
                found = (*found, Edge(TIMEOUT, node.on_timeout))
            return (*found, Edge(OFF_DUTY, node.on_off_duty)) if node.on_off_duty else found
        case ActionNode():
            return tuple(Edge(answer, to) for answer, to in node.exits.items())
        case HangUpNode():  # pragma: no branch - exhaustive
            return ()


def edges(flow: Flow) -> Iterator[tuple[str, Edge]]:
    """Yields every edge of `flow` with the node it leaves."""
    for name, node in flow.nodes.items():
        yield from ((name, edge) for edge in edges_of(name, node))


def unprompted_targets(name: str, node: Node) -> tuple[str, ...]:
    """Returns the nodes that `node` may lead to while the caller only stays on the line.

    The end of the longest wait does not count: time has passed there, and an operator could have answered.
    """
    match node:
        case MenuNode() | InputNode():
            return (node.on_silence.to,)
        case QueueNode():
            return tuple(edge.to for edge in edges_of(name, node) if edge.exit in {FULL, OFF_DUTY})
        case _:
            return tuple(edge.to for edge in edges_of(name, node))


def retarget(node: Node, rename: Callable[[str], str]) -> Node:
    """Returns `node` with `rename` applied to every target, as it is placed into another flow."""
    match node:
        case SayNode():
            return replace(node, to=rename(node.to))
        case MenuNode():
            silence, invalid = (_exit(edge, rename) for edge in (node.on_silence, node.on_invalid))
            return replace(node, keys=_renamed(node.keys, rename), on_silence=silence, on_invalid=invalid)
        case InputNode():
            silence, invalid = (_exit(edge, rename) for edge in (node.on_silence, node.on_invalid))
            return replace(node, to=rename(node.to), on_silence=silence, on_invalid=invalid)
        case VoicemailNode():
            return replace(node, to=rename(node.to), on_nothing=rename(node.on_nothing))
        case TransferNode():
            return replace(node, to=rename(node.to), on_failed=rename(node.on_failed))
        case QueueNode():
            return replace(
                node,
                keys=_renamed(node.keys, rename),
                callback=rename(node.callback),
                on_full=rename(node.on_full),
                on_timeout=rename(node.on_timeout) if node.on_timeout else "",
                on_off_duty=rename(node.on_off_duty) if node.on_off_duty else "",
            )
        case ActionNode():
            return replace(node, exits={answer: rename(to) for answer, to in node.exits.items()})
        case HangUpNode():  # pragma: no branch - exhaustive
            return node


def lines_of(node: Node) -> Iterator[tuple[PromptLine, frozenset[str]]]:
    """Yields every prompt that `node` can speak, with the names of the arguments it is given."""
    nothing: frozenset[str] = frozenset()
    if not isinstance(node, ActionNode):
        yield from ((line, nothing) for line in _prompts(node.say))
    if isinstance(node, MenuNode | InputNode):
        yield from ((line, nothing) for line in _prompts(node.again))
    if isinstance(node, InputNode):
        yield from ((line, frozenset({"entered"})) for line in _prompts(node.confirm))
    if isinstance(node, QueueNode):
        yield node.place, frozenset({"ahead", "wait"})
        yield node.place_only, frozenset({"ahead"})
        yield node.offer, frozenset({"key"})
        spoken = (node.next_in_line, node.sorry, node.unserved)
        yield from ((line, nothing) for line in spoken if line is not None)
        yield from ((line, nothing) for line in _prompts(node.music))


def actions_of(node: Node) -> tuple[FlowAction, ...]:
    """Returns every action that the file of `node` states; those the engine adds itself are left out."""
    match node:
        case MenuNode():
            return tuple(action for choice in node.keys.values() for action in choice.actions)
        case QueueNode():
            return (node.join, *(action for choice in node.keys.values() for action in choice.actions))
        case SayNode():
            return node.actions
        case ActionNode():
            return (node.action,)
        case _:
            return ()


def _prompts(lines: Lines) -> Iterator[PromptLine]:
    return (line for line in lines if isinstance(line, PromptLine))


def _keyed(name: str, keys: Mapping[str, KeyChoice]) -> tuple[Edge, ...]:
    return tuple(Edge(key, choice.to or name) for key, choice in keys.items())


def _limit_edges(name: str, silence: RetryLimit, invalid: RetryLimit) -> tuple[Edge, ...]:
    out = (Edge(SILENCE, silence.to), Edge(INVALID, invalid.to))
    return (*out, Edge(AGAIN, name)) if max(silence.tries, invalid.tries) > 1 else out


def _exit(edge: RetryLimit, rename: Callable[[str], str]) -> RetryLimit:
    return replace(edge, to=rename(edge.to))


def _renamed(keys: Mapping[str, KeyChoice], rename: Callable[[str], str]) -> Mapping[str, KeyChoice]:
    return {
        key: replace(choice, to=rename(choice.to)) if choice.to else choice for key, choice in keys.items()
    }
