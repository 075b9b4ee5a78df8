"""What a conversation on the telephone is made of: a few kinds of nodes, joined by names.

A flow is data: cities write it in TOML, `loader` checks it, `engine` plays it. A new kind of node is one more
dataclass in the union `Node`; the type checker then names every place that must learn it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hotline.rules.wishes import Wish
from hotline.rules.words import CallPurpose, Language


@dataclass(frozen=True, slots=True)
class Callers:
    """A number of people, spoken naturally: 两位, two callers."""

    count: int


@dataclass(frozen=True, slots=True)
class Wait:
    """A waiting time in seconds, spoken in whole minutes: 约一分钟, about one minute."""

    seconds: int


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Digits spoken one by one: telephone and ticket numbers."""

    digits: str


Argument = Callers | Wait | OneByOne


@dataclass(frozen=True, slots=True)
class Line:
    """One prompt to be spoken. `language` None: the language of the call."""

    prompt: str
    language: Language | None = None
    arguments: tuple[tuple[str, Argument], ...] = ()


Lines = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Say:
    """Speak and go on."""

    say: Lines
    to: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What one key does: wishes made in passing, the language from here on, and where it leads."""

    to: str
    wishes: tuple[Wish, ...] = ()
    language: Language | None = None


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
class Queue:
    """Wait for a person. The wait document is spoken anew every round; seconds throughout.

    `place` is told with {ahead} and {wait}, `place_only` with {ahead} while no wait is known, `next_in_line` to
    whoever is next; `say` once, when the caller has joined. From `policies.queue.offer_callback_after` on `callback_key` leads to `callback`.
    """

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


@dataclass(frozen=True, slots=True)
class Do:
    """Wish something and go on by the answer."""

    wish: Wish
    granted: str
    refused: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Speak a last word and end the call."""

    say: Lines


Node = Say | Menu | Queue | Do | HangUp


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole conversation. `version` is a short hash of its content, words included; `person` names a Queue."""

    name: str
    version: str
    purpose: CallPurpose
    entry: str
    person: str
    nodes: Mapping[str, Node]


def unprompted(node: Node) -> tuple[str, ...]:
    """Return where `node` may lead without the caller doing anything but staying on the line."""
    match node:
        case Say():
            return (node.to,)
        case Menu():
            return (node.on_silence.to,)
        case Queue():
            return (node.on_full,)
        case Do():
            return (node.granted, node.refused)
        case HangUp():  # pragma: no branch - exhaustive
            return ()


def targets(node: Node) -> tuple[str, ...]:
    """Return every node that `node` may lead to."""
    match node:
        case Menu():
            keyed = tuple(choice.to for choice in node.keys.values())
            return (*keyed, node.on_silence.to, node.on_invalid.to)
        case Queue():
            return (node.callback, node.on_full)
        case _:
            return unprompted(node)


def lines_of(node: Node) -> Iterator[tuple[Line, frozenset[str]]]:
    """Yield every line `node` can speak, with the names of the arguments it is given."""
    nothing: frozenset[str] = frozenset()
    if not isinstance(node, Do):
        yield from ((line, nothing) for line in node.say)
    if isinstance(node, Menu):
        yield from ((line, nothing) for line in node.again)
    if isinstance(node, Queue):
        yield node.place, frozenset({"ahead", "wait"})
        yield node.place_only, frozenset({"ahead"})
        yield from ((line, nothing) for line in (node.next_in_line, node.sorry, node.offer))


def wishes_of(node: Node) -> tuple[Wish, ...]:
    """Return every wish `node` can make of its own (that a queue is joined goes without saying)."""
    match node:
        case Menu():
            return tuple(wish for choice in node.keys.values() for wish in choice.wishes)
        case Do():
            return (node.wish,)
        case _:
            return ()
