"""What a flow takes for granted of the city: schedules, numbers, skills and lookups of config/city/example/callers.toml; kinds of call."""

from collections.abc import Iterable, Iterator

from hotline.rules.calls.flow_actions import (
    AskHours,
    ConfirmPerson,
    FlowAction,
    JoinQueue,
    LookUpOutside,
    RecordAnswer,
)
from hotline.rules.enums import CallPurpose
from hotline.rules.policies import Policies
from ivr_flows.bilingual import Pair
from ivr_flows.flow import Flow, Node, Transfer, wishes_of
from ivr_flows.source.problems import Nearest, Told
from ivr_flows.source.prompts import Prompts


def unknown_facts(flow: Flow, _prompts: Prompts, policies: Policies) -> Iterator[Told]:
    """Find names that the city's own file does not have."""
    callers = policies.callers
    for name, node in flow.nodes.items():
        for kind, asked, known in (
            ("schedule", _schedules(node), callers.schedules),
            ("number", [node.number] if isinstance(node, Transfer) else [], callers.numbers),
            ("skill", _skills(node), callers.skills),
            ("lookup", _lookups(node), callers.lookups),
        ):
            for each in asked:
                if each not in known:
                    yield _missing(name, kind, each, known)


CALLED = {"schedule": "时间表", "number": "号码", "skill": "技能", "lookup": "查询"}
"""Kinds of the city's facts in Chinese."""


def _missing(place: str, kind: str, asked: str, known: Iterable[str]) -> Told:
    called = CALLED[kind]
    return Told(
        place,
        Pair(f"{called} {asked!r} 不存在", f"{kind} {asked!r} does not exist"),
        Nearest(
            Pair("config/city/example/callers.toml 里有", "config/city/example/callers.toml has"),
            asked,
            tuple(known),
        ),
        Pair(f"写进那个文件，或者改用另一个{called}。", f"Write it there, or name another {kind}."),
    )


def _schedules(node: Node) -> list[str]:
    return [wish.schedule for wish in wishes_of(node) if isinstance(wish, AskHours)]


def _skills(node: Node) -> list[str]:
    return [wish.skill for wish in wishes_of(node) if isinstance(wish, JoinQueue) and wish.skill]


def _lookups(node: Node) -> list[str]:
    return [wish.source for wish in wishes_of(node) if isinstance(wish, LookUpOutside)]


def misplaced_wishes(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find wishes that only make sense in calls of another purpose."""
    for name, node in flow.nodes.items():
        for wish in wishes_of(node):
            purpose = _only_in(wish)
            if purpose not in {None, flow.purpose}:
                yield Told(
                    name,
                    Pair(f"请求 {type(wish).__name__}", f"wishes {type(wish).__name__}"),
                    Pair(f"只有 {purpose} 类的通话才能得到", f"only a {purpose} call can have it granted"),
                    Pair("去掉这个请求。", "Remove the wish."),
                )


def _only_in(wish: FlowAction) -> CallPurpose | None:
    match wish:
        case RecordAnswer(question="solved" | "satisfied"):
            return CallPurpose.FOLLOW_UP
        case ConfirmPerson():
            return CallPurpose.CALLBACK
        case _:
            return None
