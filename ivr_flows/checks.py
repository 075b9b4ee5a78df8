"""Whether the pieces of a flow fit together: every way leads somewhere, and a person can be reached from everywhere.

Shape was read before (`shapes`); these checks are what a telephone call would otherwise find out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from hotline.rules.wishes import ConfirmPerson, RecordAnswer, Wish
from hotline.rules.words import CallPurpose, Language
from ivr_flows.faults import Fault
from ivr_flows.flow import Flow, HangUp, Line, Menu, Node, Queue, lines_of, targets, unprompted, wishes_of
from ivr_flows.prompts import DOOR_PROMPTS, STANDING_ARGUMENTS, Prompts, arguments_of

MOST_CHINESE = 450
"""Characters of one prompt. The carrier refuses 4,500 URL-encoded ones, and a Chinese character takes nine."""
MOST_ENCODED = MOST_CHINESE * 9

_ONLY_IN: dict[type[Wish], CallPurpose] = {
    RecordAnswer: CallPurpose.FOLLOW_UP,
    ConfirmPerson: CallPurpose.CALLBACK,
}
"""Wishes that only make sense in calls of one purpose."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something wrong, before it is known in which file and line."""

    place: str
    what: str
    why: str
    mend: str

    def fault(self, file: str, line: int = 0) -> Fault:
        return Fault(file, self.place, self.what, self.why, self.mend, line)


def check_flow(flow: Flow, prompts: Prompts) -> list[Told]:
    """Return everything wrong with how `flow` is joined; empty when callers are safe in it."""
    broken = [*_broken_ends(flow), *_broken_lines(flow, prompts), *_misplaced_wishes(flow)]
    return broken or list(_circles(flow)) or list(_without_person(flow))


def check_prompts(prompts: Prompts) -> Iterator[tuple[Language, Told]]:
    """Yield what is wrong with the catalogues, each with the language whose file must be mended."""
    everywhere = frozenset().union(*(catalogue.texts for catalogue in prompts.values())).union(DOOR_PROMPTS)
    for language, catalogue in prompts.items():
        for key in sorted(everywhere - set(catalogue.texts)):
            yield (
                language,
                Told(
                    key,
                    f"prompt {key!r} is missing in {language}",
                    "other languages or the program speak it",
                    "Write it here, or remove it everywhere.",
                ),
            )
        for key, text in catalogue.texts.items():
            yield from ((language, told) for told in _bad_text(key, text))


def _bad_text(key: str, text: str) -> Iterator[Told]:
    try:
        arguments_of(text)
    except ValueError as error:
        yield Told(
            key, "broken braces", str(error), "Write {name} for an argument; other braces cannot be spoken."
        )
    if len(quote(text)) > MOST_ENCODED:
        yield Told(
            key,
            f"{len(text)} characters are too long to be spoken at once",
            f"the carrier stops at {MOST_CHINESE} Chinese characters",
            "Split it into two prompts.",
        )


def _broken_ends(flow: Flow) -> Iterator[Told]:
    known = ", ".join(sorted(flow.nodes))
    for place, target in (("entry", flow.entry), ("person", flow.person)):
        if target not in flow.nodes:
            yield Told("", f"{place} = {target!r} does not exist", f"nodes are {known}", "Name one of them.")
    if flow.person in flow.nodes and not isinstance(flow.nodes[flow.person], Queue):
        yield Told(
            flow.person,
            "`person` is not a queue",
            "callers go there whenever something fails",
            'Name a node of kind "queue".',
        )
    for name, node in flow.nodes.items():
        for target in sorted(set(targets(node)) - set(flow.nodes)):
            yield Told(
                name, f"leads to {target!r}, which does not exist", f"nodes are {known}", "Name one of them."
            )


def _broken_lines(flow: Flow, prompts: Prompts) -> Iterator[Told]:
    for name, node in flow.nodes.items():
        for line, arguments in lines_of(node):
            for language, catalogue in prompts.items():
                if line.language in (None, language):
                    yield from _bad_line(name, line, language, arguments, catalogue.texts)


def _bad_line(
    name: str, line: Line, language: Language, arguments: frozenset[str], texts: Mapping[str, str]
) -> Iterator[Told]:
    if line.prompt not in texts:
        yield Told(
            name,
            f"speaks {line.prompt!r}, which {language} does not have",
            "callers would hear nothing",
            f"Write it in prompts/{language}.toml, or name another prompt.",
        )
        return
    unknown = arguments_of(texts[line.prompt]) - arguments - STANDING_ARGUMENTS
    if unknown:
        yield Told(
            name,
            f"speaks {line.prompt!r} with {{{', '.join(sorted(unknown))}}}, which is not known there",
            f"known are {', '.join(sorted(arguments | STANDING_ARGUMENTS))}",
            f"Change the words in prompts/{language}.toml, or speak another prompt.",
        )


def _misplaced_wishes(flow: Flow) -> Iterator[Told]:
    for name, node in flow.nodes.items():
        for wish in wishes_of(node):
            purpose = _ONLY_IN.get(type(wish), flow.purpose)
            if purpose is not flow.purpose:
                yield Told(
                    name,
                    f"wishes {type(wish).__name__}",
                    f"only a {purpose} call can have it granted",
                    "Remove the wish.",
                )


def _circles(flow: Flow) -> Iterator[Told]:
    """Find circles a caller could be led round without ever pressing a key."""
    for start in flow.nodes:
        seen: set[str] = set()
        ahead = list(unprompted(flow.nodes[start]))
        while ahead:
            name = ahead.pop()
            if name == start:
                yield Told(
                    start,
                    "leads round in a circle",
                    "a silent caller would never get out",
                    "Lead one way to the queue or to a hang_up.",
                )
                break
            if name not in seen:
                seen.add(name)
                ahead.extend(unprompted(flow.nodes[name]))


def _without_person(flow: Flow) -> Iterator[Told]:
    for name, node in flow.nodes.items():
        if isinstance(node, Menu) and not _can_reach_person(flow, name):
            yield Told(
                name,
                "no key leads to a person",
                "a menu is a courtesy, not a wall",
                'Add a key such as 0 that leads to a node of kind "queue".',
            )
        if flow.purpose is CallPurpose.INBOUND and _may_lose_a_silent_caller(flow, name, node):
            yield Told(
                name,
                "hangs up on callers who press nothing or a wrong key",
                "who phones us and stays on the line must reach a person",
                "Lead on_silence and on_invalid to the queue.",
            )


def _can_reach_person(flow: Flow, start: str) -> bool:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if isinstance(flow.nodes[name], Queue):
            return True
        if name not in seen:
            seen.add(name)
            ahead.extend(targets(flow.nodes[name]))
    return False


def _may_lose_a_silent_caller(flow: Flow, name: str, node: Node) -> bool:
    starts = [flow.entry] if name == flow.entry else []
    if isinstance(node, Menu):
        starts += [node.on_silence.to, node.on_invalid.to]
    return any(_silence_ends_in_hang_up(flow, start) for start in starts)


def _silence_ends_in_hang_up(flow: Flow, name: str) -> bool:
    node = flow.nodes[name]
    if isinstance(node, Queue):
        return False
    return isinstance(node, HangUp) or any(_silence_ends_in_hang_up(flow, to) for to in unprompted(node))
