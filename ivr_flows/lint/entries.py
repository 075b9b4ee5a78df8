"""Digits callers type: sensible lengths, and no value asked for in vain or used without having been asked for."""

from collections.abc import Iterator, Mapping

from hotline.rules.policies import Policies
from hotline.rules.wishes import JoinQueue, LookUpBy, LookUpOutside, LookUpTicket, PromiseCallback, Wish
from ivr_flows.flow import Ask, Flow, Input, Node
from ivr_flows.hearing import USE_VALUES
from ivr_flows.lint.told import Told
from ivr_flows.prompts import Prompts
from ivr_flows.ways import ENTERED, Way, ways, wishes_of

USED = frozenset({"ticket", "code", "number", "desk"})
"""The values the program knows what to do with."""


def needed_by(wish: Wish) -> frozenset[str]:
    """Return the values that must have been typed before `wish` is made."""
    match wish:
        case LookUpTicket(by=LookUpBy.NUMBER):
            return frozenset({"ticket", "code"})
        case LookUpTicket():
            return frozenset({"code"})
        case JoinQueue(to_desk=True):
            return frozenset({"desk"})
        case _:
            return frozenset()


def _used_by(wish: Wish) -> frozenset[str]:
    match wish:
        case PromiseCallback():
            return frozenset({"number"})
        case LookUpOutside():
            return USED
        case _:
            return needed_by(wish)


def broken_entries(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find questions for digits that nothing fits, or whose answer nothing uses, and wishes for which nobody has typed."""
    wishes = [(name, wish) for name, node in flow.nodes.items() for wish in wishes_of(node)]
    asked = {node.name for node in flow.nodes.values() if isinstance(node, Input)}
    used = frozenset().union(*(_used_by(wish) for _, wish in wishes))
    for name, node in flow.nodes.items():
        if isinstance(node, Input):
            yield from _broken(name, node, used)
    for name, wish in wishes:
        for value in sorted(needed_by(wish) - asked):
            yield Told(
                name,
                f"needs {value!r}, which nobody has typed",
                "no input of this flow has that name",
                f'Ask for it before, in a node of kind "input" with name = "{value}".',
            )


def untyped_values(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find wishes to which some way leads past the question for what they need."""
    typed = _surely_typed(flow)
    asked = {node.name for node in flow.nodes.values() if isinstance(node, Input)}
    for name, node in flow.nodes.items():
        for wish in wishes_of(node):
            for value in sorted((needed_by(wish) & asked) - typed.get(name, USED)):
                yield Told(
                    name,
                    f"needs {value!r}, which not everybody has typed who comes here",
                    f"some way leads here past the input called {value!r}, or after it was used",
                    "Lead that way through the input first.",
                )


def _surely_typed(flow: Flow) -> Mapping[str, frozenset[str]]:
    """Return the values that have been typed, on whatever way a call came to a node."""
    typed = dict.fromkeys((flow.entry, flow.person, *([flow.after] if flow.after else [])), frozenset[str]())
    ahead = list(typed)
    while ahead:
        name = ahead.pop()
        for way in ways(name, flow.nodes[name]):
            left = _typed_after(flow.nodes[name], way, typed[name])
            known = typed.get(way.to)
            if known is None or not known <= left:
                typed[way.to] = left if known is None else known & left
                ahead.append(way.to)
    return typed


def _typed_after(node: Node, way: Way, before: frozenset[str]) -> frozenset[str]:
    if isinstance(node, Ask) and isinstance(node.wish, USE_VALUES):
        return frozenset()
    return before | {node.name} if isinstance(node, Input) and way.exit == ENTERED else before


def _broken(name: str, node: Input, used: frozenset[str]) -> Iterator[Told]:
    if node.most < node.least:
        yield Told(
            name,
            f"takes at least {node.least} and at most {node.most} digits",
            "nothing can be typed that fits",
            "Make most as large as least, or larger.",
        )
    if node.name not in USED:
        why, mend = f"values are {', '.join(sorted(USED))}", "Name one of them, or remove the question."
        yield Told(name, f"remembers {node.name!r}, which nothing uses", why, mend)
    elif node.name not in used:
        why, mend = "no node of this flow asks the hall anything with it", "Use it, or remove the question."
        yield Told(name, f"remembers {node.name!r}, which nothing uses", why, mend)
