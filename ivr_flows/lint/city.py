"""Checks the names that a flow takes from the city's callers.toml, and that its actions fit the purpose of its calls."""

from collections.abc import Iterable, Iterator

from hotline.rules.calls.flow_actions import (
    CheckOpeningHours,
    ConfirmPerson,
    FlowAction,
    JoinQueue,
    LookUpExternal,
    RecordAnswer,
)
from hotline.rules.enums import CallPurpose
from hotline.rules.policies import Policies
from ivr_flows.bilingual import BilingualText
from ivr_flows.flow import Flow, Node, TransferNode, actions_of
from ivr_flows.source.problems import LintFinding, Suggestions
from ivr_flows.speech import Prompts


def unknown_city_names(flow: Flow, _prompts: Prompts, policies: Policies) -> Iterator[LintFinding]:
    """Finds schedules, numbers, skills and lookups that the city's own file does not have."""
    callers = policies.callers
    for name, node in flow.nodes.items():
        for kind, names, known in (
            ("schedule", _schedules(node), callers.schedules),
            ("number", [node.number] if isinstance(node, TransferNode) else [], callers.numbers),
            ("skill", _skills(node), callers.skills),
            ("lookup", _lookups(node), callers.lookups),
        ):
            for each in names:
                if each not in known:
                    yield _missing(name, kind, each, known)


# Kinds of the city's names in Chinese.
CALLED = {"schedule": "时间表", "number": "号码", "skill": "技能", "lookup": "查询"}


def _missing(place: str, kind: str, unknown: str, known: Iterable[str]) -> LintFinding:
    called = CALLED[kind]
    return LintFinding(
        place,
        BilingualText(f"{called} {unknown!r} 不存在", f"{kind} {unknown!r} does not exist"),
        Suggestions(
            BilingualText("callers.toml 里有", "callers.toml has"),
            unknown,
            tuple(known),
        ),
        BilingualText(f"写进那个文件，或者改用另一个{called}。", f"Write it there, or name another {kind}."),
    )


def _schedules(node: Node) -> list[str]:
    return [action.schedule for action in actions_of(node) if isinstance(action, CheckOpeningHours)]


def _skills(node: Node) -> list[str]:
    return [action.skill for action in actions_of(node) if isinstance(action, JoinQueue) and action.skill]


def _lookups(node: Node) -> list[str]:
    return [action.source for action in actions_of(node) if isinstance(action, LookUpExternal)]


def misplaced_actions(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds actions that are only possible in calls of another purpose."""
    for name, node in flow.nodes.items():
        for action in actions_of(node):
            purpose = _only_in(action)
            if purpose not in {None, flow.purpose}:
                yield LintFinding(
                    name,
                    BilingualText(f"动作 {type(action).__name__}", f"performs {type(action).__name__}"),
                    BilingualText(f"只有 {purpose} 类的通话能执行", f"only a {purpose} call can perform it"),
                    BilingualText("去掉这个动作。", "Remove the action."),
                )


def _only_in(action: FlowAction) -> CallPurpose | None:
    match action:
        case RecordAnswer(question="solved" | "satisfied"):
            return CallPurpose.FOLLOW_UP
        case ConfirmPerson():
            return CallPurpose.CALLBACK
        case _:
            return None
