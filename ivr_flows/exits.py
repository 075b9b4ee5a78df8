"""What can be read off a node without playing it: its ways on, the lines it speaks, the wishes it makes.

Checks, pictures, walks and coverage all ask here, so a new kind of node is told to them in one place.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from hotline.rules.calls.flow_actions import FlowAction
from ivr_flows.flow import Ask, Choice, Exit, Flow, HangUp, Input, Menu, Node, Queue, Say, Transfer, Voicemail
from ivr_flows.speech import Line, Lines

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
