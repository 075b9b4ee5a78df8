"""What a conversation on the telephone is made of: a few kinds of nodes, joined by names.

A flow is data: cities write it in TOML, `loader` checks it, `engine` plays it. Many kinds can be written in a file
(`shapes`); each becomes one of these eight. A new kind here is one more dataclass in the union `Node`; the type checker
then names every place that must learn it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from hotline.rules.calls.flow_actions import FlowAction, JoinQueue
from hotline.rules.enums import CallPurpose, Language
from ivr_flows.speech import Line, Lines


@dataclass(frozen=True, slots=True)
class Say:
    """Speak, wish something in passing, and go on."""

    say: Lines
    to: str
    wishes: tuple[FlowAction, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What one key does: wishes made in passing, the language from here on, and where it leads.

    `words` names the list of words (in each language's prompt file) that mean the same as the key, where speech is heard.
    """

    to: str
    wishes: tuple[FlowAction, ...] = ()
    language: Language | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Exit:
    """The way out after `tries` askings without a usable answer; 1 = at once. No menu is a wall."""

    tries: int
    to: str


@dataclass(frozen=True, slots=True)
class Menu:
    """Speak, then listen for one key. `timeout` is the silence in seconds after which nobody answered."""

    say: Lines
    keys: Mapping[str, Choice]
    timeout: int
    on_silence: Exit
    on_invalid: Exit
    again: Lines = ()
    """Spoken instead of `say` when asking again; empty: the same words."""


@dataclass(frozen=True, slots=True)
class Input:
    """Take `least` to `most` digits, ended by #, and remember them as `name` until they are used.

    With `confirm` they are read back as {entered}: 1 takes them, anything else asks anew. * always asks anew.
    """

    say: Lines
    name: str
    least: int
    most: int
    timeout: int
    confirm: Lines
    to: str
    on_silence: Exit
    on_invalid: Exit
    again: Lines = ()


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Record a message of at most `seconds`; # or `silence` seconds of silence end it. `on_nothing`: no word was said."""

    say: Lines
    seconds: int
    silence: int
    to: str
    on_nothing: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Connect the caller to somebody outside, known to the city's files as `number`, ringing for `ring_seconds`.

    `to`: they have talked and the caller is still on the line. `on_failed`: nobody answered there.
    """

    say: Lines
    number: str
    ring_seconds: int
    to: str
    on_failed: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Wait for a person. The wait document is spoken anew every round; seconds throughout.

    `join` says whom for. `place` is told with {ahead} and {wait}, `place_only` with {ahead} while no wait is known,
    `next_in_line` to whoever is next; `say` once, when the caller has joined; `music` at the end of each round. From
    `policies.queue.offer_callback_after` on `callback_key` leads to `callback`. `keys` are heard in every round.
    """

    join: JoinQueue
    say: Lines
    next_in_line: Line
    place: Line
    place_only: Line
    sorry: Line
    sorry_after: int
    offer: Line
    callback_key: str
    callback: str
    on_full: str
    """Where the call goes when the queue is full or the carrier could not keep it there."""
    round_seconds: int
    longest_wait: int
    """After so many seconds of waiting in vain the call goes to `on_timeout`; 0 = never."""
    on_timeout: str
    on_off_duty: str
    """Where the call goes when nobody is on duty; empty: it waits all the same."""
    keys: Mapping[str, Choice]
    music: Lines = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Wish something and go on by the answer. An answer that is no exit leads to a person."""

    wish: FlowAction
    exits: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HangUp:
    """Speak a last word and end the call."""

    say: Lines


Node = Say | Menu | Input | Voicemail | Transfer | Queue | Ask | HangUp


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole conversation. `version` is a short hash of its content, words included; `person` names a Queue.

    `after` names the node of those whose operator has left first; empty: they are thanked.
    """

    name: str
    version: str
    purpose: CallPurpose
    entry: str
    person: str
    nodes: Mapping[str, Node]
    after: str = ""


NEXT, SILENCE, INVALID, AGAIN = "next", "silence", "invalid", "again"
ENTERED, RECORDED, NOTHING, PARTED, FAILED = "entered", "recorded", "nothing", "parted", "failed"
CALLBACK, FULL, TIMEOUT, OFF_DUTY = "callback", "full", "timeout", "off_duty"
"""Names of ways that are not a key or an answer."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way on from a node: `exit` is a key, an answer, or one of the names above."""

    exit: str
    to: str


def ways(name: str, node: Node) -> tuple[Way, ...]:
    """Return every way on from `node`, called `name`, in the order they are written."""
    match node:
        case Say():
            return (Way(NEXT, node.to),)
        case Menu():
            return (*_keyed(name, node.keys), *_ways_out(name, node.on_silence, node.on_invalid))
        case Input():
            return (Way(ENTERED, node.to), *_ways_out(name, node.on_silence, node.on_invalid))
        case Voicemail():
            return (Way(RECORDED, node.to), Way(NOTHING, node.on_nothing))
        case Transfer():
            return (Way(PARTED, node.to), Way(FAILED, node.on_failed))
        case Queue():
            found = (*_keyed(name, node.keys), Way(CALLBACK, node.callback), Way(FULL, node.on_full))
            if node.longest_wait:
                found = (*found, Way(TIMEOUT, node.on_timeout))
            return (*found, Way(OFF_DUTY, node.on_off_duty)) if node.on_off_duty else found
        case Ask():
            return tuple(Way(answer, to) for answer, to in node.exits.items())
        case HangUp():  # pragma: no branch - exhaustive
            return ()


def edges(flow: Flow) -> Iterator[tuple[str, Way]]:
    """Yield every way of every node of `flow`, with the node it leaves."""
    for name, node in flow.nodes.items():
        yield from ((name, way) for way in ways(name, node))


def unprompted(name: str, node: Node) -> tuple[str, ...]:
    """Return where `node` may lead while the caller does nothing but stay on the line.

    That a queue was waited in to its end does not count: time has passed there, and a person might have answered.
    """
    match node:
        case Menu() | Input():
            return (node.on_silence.to,)
        case Queue():
            return tuple(way.to for way in ways(name, node) if way.exit in {FULL, OFF_DUTY})
        case _:
            return tuple(way.to for way in ways(name, node))


def retarget(node: Node, rename: Callable[[str], str]) -> Node:
    """Return `node` with every target renamed, as its flow is laid into another."""
    match node:
        case Say():
            return replace(node, to=rename(node.to))
        case Menu():
            silence, invalid = (_exit(way, rename) for way in (node.on_silence, node.on_invalid))
            return replace(node, keys=_renamed(node.keys, rename), on_silence=silence, on_invalid=invalid)
        case Input():
            silence, invalid = (_exit(way, rename) for way in (node.on_silence, node.on_invalid))
            return replace(node, to=rename(node.to), on_silence=silence, on_invalid=invalid)
        case Voicemail():
            return replace(node, to=rename(node.to), on_nothing=rename(node.on_nothing))
        case Transfer():
            return replace(node, to=rename(node.to), on_failed=rename(node.on_failed))
        case Queue():
            return replace(
                node,
                keys=_renamed(node.keys, rename),
                callback=rename(node.callback),
                on_full=rename(node.on_full),
                on_timeout=rename(node.on_timeout) if node.on_timeout else "",
                on_off_duty=rename(node.on_off_duty) if node.on_off_duty else "",
            )
        case Ask():
            return replace(node, exits={answer: rename(to) for answer, to in node.exits.items()})
        case HangUp():  # pragma: no branch - exhaustive
            return node


def lines_of(node: Node) -> Iterator[tuple[Line, frozenset[str]]]:
    """Yield every line of the catalogue that `node` can speak, with the names of the arguments it is given."""
    nothing: frozenset[str] = frozenset()
    if not isinstance(node, Ask):
        yield from ((line, nothing) for line in _prompts(node.say))
    if isinstance(node, Menu | Input):
        yield from ((line, nothing) for line in _prompts(node.again))
    if isinstance(node, Input):
        yield from ((line, frozenset({"entered"})) for line in _prompts(node.confirm))
    if isinstance(node, Queue):
        yield node.place, frozenset({"ahead", "wait"})
        yield node.place_only, frozenset({"ahead"})
        yield node.offer, frozenset({"key"})
        yield from ((line, nothing) for line in (node.next_in_line, node.sorry))
        yield from ((line, nothing) for line in _prompts(node.music))


def wishes_of(node: Node) -> tuple[FlowAction, ...]:
    """Return every wish `node` can make that its file has written down."""
    match node:
        case Menu():
            return tuple(wish for choice in node.keys.values() for wish in choice.wishes)
        case Queue():
            return (node.join, *(wish for choice in node.keys.values() for wish in choice.wishes))
        case Say():
            return node.wishes
        case Ask():
            return (node.wish,)
        case _:
            return ()


def _prompts(lines: Lines) -> Iterator[Line]:
    return (line for line in lines if isinstance(line, Line))


def _keyed(name: str, keys: Mapping[str, Choice]) -> tuple[Way, ...]:
    return tuple(Way(key, choice.to or name) for key, choice in keys.items())


def _ways_out(name: str, silence: Exit, invalid: Exit) -> tuple[Way, ...]:
    out = (Way(SILENCE, silence.to), Way(INVALID, invalid.to))
    return (*out, Way(AGAIN, name)) if max(silence.tries, invalid.tries) > 1 else out


def _exit(way: Exit, rename: Callable[[str], str]) -> Exit:
    return replace(way, to=rename(way.to))


def _renamed(keys: Mapping[str, Choice], rename: Callable[[str], str]) -> Mapping[str, Choice]:
    return {
        key: replace(choice, to=rename(choice.to)) if choice.to else choice for key, choice in keys.items()
    }
