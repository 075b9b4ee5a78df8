"""What a conversation on the telephone is made of: a few kinds of nodes, joined by names.

A flow is data: cities write it in TOML, `loader` checks it, `engine` plays it. Many kinds can be written in a file
(`shapes`); each becomes one of these eight. A new kind here is one more dataclass in the union `Node`; the type checker
then names every place that must learn it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

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
