"""Digits callers type: sensible lengths, and no value asked for in vain or used without having been asked for."""

from collections.abc import Iterator, Mapping

from hotline.rules.calls.flow_actions import (
    FlowAction,
    JoinQueue,
    LookUpBy,
    LookUpOutside,
    LookUpTicket,
    PromiseCallback,
)
from hotline.rules.policies import Policies
from ivr_flows.bilingual import Pair
from ivr_flows.engine import USE_VALUES
from ivr_flows.flow import ENTERED, Ask, Flow, Input, Node, Way, ways, wishes_of
from ivr_flows.source.problems import Told
from ivr_flows.source.prompts import Prompts

USED = frozenset({"ticket", "code", "number", "desk"})
"""The values the program knows what to do with."""


def needed_by(wish: FlowAction) -> frozenset[str]:
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


def _used_by(wish: FlowAction) -> frozenset[str]:
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
                Pair(f"需要 {value!r}，但没有人输入过", f"needs {value!r}, which nobody has typed"),
                Pair("这个流程里没有叫这个名字的 input", "no input of this flow has that name"),
                Pair(
                    f'在它之前问：加一个 kind = "input"、name = "{value}" 的节点。',
                    f'Ask for it before, in a node of kind "input" with name = "{value}".',
                ),
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
                    Pair(
                        f"需要 {value!r}，但不是每个走到这里的人都输入过",
                        f"needs {value!r}, which not everybody has typed who comes here",
                    ),
                    Pair(
                        f"有的路绕过了名为 {value!r} 的 input，或者它已经用掉了",
                        f"some way leads here past the input called {value!r}, or after it was used",
                    ),
                    Pair("让那条路先经过这个 input。", "Lead that way through the input first."),
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
            Pair(
                f"至少 {node.least} 位、至多 {node.most} 位",
                f"takes at least {node.least} and at most {node.most} digits",
            ),
            Pair("输入什么都不合适", "nothing can be typed that fits"),
            Pair("让 most 不小于 least。", "Make most as large as least, or larger."),
        )
    if node.name not in USED:
        why = Pair(f"能用的有 {'、'.join(sorted(USED))}", f"values are {', '.join(sorted(USED))}")
        mend = Pair("改成其中一个，或者去掉这个问题。", "Name one of them, or remove the question.")
        yield _in_vain(name, node, why, mend)
    elif node.name not in used:
        why = Pair(
            "这个流程里没有节点拿它去问系统", "no node of this flow asks the application anything with it"
        )
        yield _in_vain(
            name, node, why, Pair("把它用上，或者去掉这个问题。", "Use it, or remove the question.")
        )


def _in_vain(name: str, node: Input, why: Pair, mend: Pair) -> Told:
    what = Pair(f"记下 {node.name!r}，却没有用处", f"remembers {node.name!r}, which nothing uses")
    return Told(name, what, why, mend)
