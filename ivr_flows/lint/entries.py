"""Digits callers type: sensible lengths, and no value asked for in vain or used without having been asked for."""

from collections.abc import Iterator

from hotline.rules.policies import Policies
from hotline.rules.wishes import JoinQueue, LookUpBy, LookUpTicket, Wish
from ivr_flows.flow import Flow, Input
from ivr_flows.lint.told import Told
from ivr_flows.prompts import Prompts
from ivr_flows.walking import PENDING_ENTRY
from ivr_flows.ways import wishes_of

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


def broken_entries(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    asked = {node.name for node in flow.nodes.values() if isinstance(node, Input)}
    for name, node in flow.nodes.items():
        if isinstance(node, Input):
            yield from _broken(name, node)
        for wish in wishes_of(node):
            for value in sorted(needed_by(wish) - asked):
                yield Told(
                    name,
                    f"needs {value!r}, which nobody has typed",
                    "no input of this flow has that name",
                    f'Ask for it before, in a node of kind "input" with name = "{value}".',
                )


def _broken(name: str, node: Input) -> Iterator[Told]:
    if node.most < node.least:
        yield Told(
            name,
            f"takes at least {node.least} and at most {node.most} digits",
            "nothing can be typed that fits",
            "Make most as large as least, or larger.",
        )
    if node.name == PENDING_ENTRY or node.name not in USED:
        yield Told(
            name,
            f"remembers {node.name!r}, which nothing uses",
            f"values are {', '.join(sorted(USED))}",
            "Name one of them, or remove the question.",
        )
