"""Checks that callers reach an operator from every question, by silence too, and soon, and never end without a word.

GB/T 33358-2016 discourages menus.
"""

from collections.abc import Iterator

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AnnounceOutages,
    CallerCondition,
    CheckCaller,
    LookUpExternal,
    LookUpTicket,
    NameMatter,
    PromiseCallback,
)
from hotline.rules.enums import CallPurpose
from hotline.rules.policies import Policies
from ivr_flows.bilingual import BilingualText
from ivr_flows.flow import (
    TRANSFERRED,
    ActionNode,
    Edge,
    Flow,
    HangUpNode,
    InputNode,
    MenuNode,
    Node,
    QueueNode,
    SayNode,
    TransferNode,
    VoicemailNode,
    edges_of,
    unprompted_targets,
)
from ivr_flows.lint.searches import Targets, leading_to, on_cycles, reach
from ivr_flows.source.problems import LintFinding
from ivr_flows.speech import Prompts

# Nodes that may speak to a silent caller before an operator; a menu that asks again counts once.
MOST_PROMPTS = 2


def without_person(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds questions from which no path leads to an operator, except after a talk with one."""
    after = reach([flow.after], _all_targets(flow)) if flow.after else set()
    queues = [name for name, node in flow.nodes.items() if isinstance(node, QueueNode)]
    heard = leading_to(queues, flow.nodes, _all_targets(flow))
    for name, node in flow.nodes.items():
        if isinstance(node, MenuNode | InputNode) and name not in after | heard:
            yield LintFinding(
                name,
                BilingualText("没有一个按键通往人工", "no key leads to an operator"),
                BilingualText("每个菜单都要能转到人工", "every menu must offer a way to an operator"),
                BilingualText(
                    '加一个按键（例如 0），通往 kind = "queue" 的节点。',
                    'Add a key such as 0 that leads to a node of kind "queue".',
                ),
            )


def silent_callers_lost(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds questions of an incoming call after which silence or a wrong key ends the call without a result.

    A queue, a recorder and a promised callback are results. After a talk, silence may end the call.
    """
    if flow.purpose is not CallPurpose.INBOUND:
        return
    ends = [name for name, node in flow.nodes.items() if isinstance(node, HangUpNode)]
    in_vain = leading_to(ends, flow.nodes, lambda name: _in_vain(flow.nodes[name]))
    for name in sorted(reach([flow.entry, flow.person], _all_targets(flow))):
        node = flow.nodes[name]
        starts = {flow.entry} if name == flow.entry else set()
        if isinstance(node, MenuNode | InputNode):
            starts |= {node.on_silence.to, node.on_invalid.to}
        if starts & in_vain:
            yield LintFinding(
                name,
                BilingualText(
                    "不按键或按错键的来电人会被挂断", "hangs up on callers who press nothing or a wrong key"
                ),
                BilingualText(
                    "打进来又没有挂断的人，一定要转到人工",
                    "a caller who stays on the line must reach an operator",
                ),
                BilingualText(
                    "让 on_silence 和 on_invalid 通往排队。", "Lead on_silence and on_invalid to the queue."
                ),
            )


def _in_vain(node: Node) -> tuple[str, ...]:
    """Returns where a caller who does nothing is led on without a result: no queue, recorder or promise."""
    match node:
        case QueueNode() | VoicemailNode():
            return ()
        case ActionNode(action=PromiseCallback()):
            return (node.exits[ActionOutcome.IMPOSSIBLE],)
        case TransferNode():
            return (node.on_failed,)
        case _:
            return unprompted_targets("", node)


def late_people(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds an incoming call that hears more than MOST_PROMPTS speaking nodes before it waits for an operator."""
    place = _too_late(flow) if flow.purpose is CallPurpose.INBOUND else ""
    if place:
        yield LintFinding(
            place,
            BilingualText(
                f"是转人工之前的第 {MOST_PROMPTS + 1} 段提示",
                f"is the prompt number {MOST_PROMPTS + 1} before an operator",
            ),
            BilingualText(
                "不按键的来电人，这时应该已经在等人工了",
                "a silent caller should be waiting for an operator by then",
            ),
            BilingualText(
                "少说一段，或者让前面的 on_silence 通往排队。",
                "Say less, or lead an earlier on_silence to the queue.",
            ),
        )


def _too_late(flow: Flow) -> str:
    """Returns the node that speaks once too often on a silent path from the entry, or an empty text."""
    seen: set[tuple[str, int]] = set()
    circled = on_cycles(flow.nodes, lambda name: unprompted_targets(name, flow.nodes[name]))
    ahead = [(flow.entry, 0)]
    while ahead:
        name, before = ahead.pop()
        node = flow.nodes[name]
        heard = before + (
            isinstance(node, MenuNode | InputNode) or (isinstance(node, SayNode) and bool(node.say))
        )
        if name in circled or (name, before) in seen:
            continue
        if heard > MOST_PROMPTS:
            return name
        seen.add((name, before))
        ahead.extend((to, heard) for to in reversed(_still_waiting(node)))
    return ""


def _still_waiting(node: Node) -> tuple[str, ...]:
    """Returns where a caller who does nothing is led on without an operator.

    A recorder counts as an answer, and a caller who has phoned too often within the hour has had an operator.
    """
    match node:
        case QueueNode() | VoicemailNode():
            return ()
        case ActionNode(action=CheckCaller(condition=CallerCondition.OFTEN)):
            return (node.exits[ActionOutcome.NO],)
        case _:
            return unprompted_targets("", node)


def _all_targets(flow: Flow) -> Targets:
    return lambda name: [edge.to for edge in edges_of(name, flow.nodes[name])]


def silent_ends(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds silent `hang_up` nodes that a caller can reach without hearing a word since their last input."""
    begins = [edge.to for name, node in flow.nodes.items() if _is_heard(node) for edge in _heard(name, node)]
    wordless = reach(begins, lambda name: _wordless(name, flow.nodes[name]))
    for name, node in flow.nodes.items():
        if name in wordless and isinstance(node, HangUpNode) and not node.say:
            yield LintFinding(
                name,
                BilingualText("一声不响就挂断", "hangs up without a word"),
                BilingualText(
                    "有的来电人按键、说话或等候之后，到这里还没有听到一句话",
                    "a caller can come here who has heard nothing since their last input",
                ),
                BilingualText(
                    "加上 say，或者让他们先经过一个说话的节点。",
                    "Add say, or lead them here through a node that speaks.",
                ),
            )


def _is_heard(node: Node) -> bool:
    """Returns whether the caller does something at `node`; waiting counts."""
    return not isinstance(node, SayNode | ActionNode | HangUpNode)


def _heard(name: str, node: Node) -> Iterator[Edge]:
    return (
        edge
        for edge in edges_of(name, node)
        if not (isinstance(node, TransferNode) and edge.exit == TRANSFERRED)
    )


def _wordless(name: str, node: Node) -> list[str]:
    """Returns the nodes to which `node` leads a caller without a word."""
    match node:
        case SayNode(say=()):
            return [node.to]
        case ActionNode():
            return [edge.to for edge in edges_of(name, node) if not _is_spoken(node, edge.exit)]
        case _:
            return []


def _is_spoken(node: ActionNode, answer: str) -> bool:
    """Returns whether the outcome itself is spoken: an outage, a ticket's status, another system's reply."""
    finding = {
        AnnounceOutages: ActionOutcome.YES,
        LookUpTicket: ActionOutcome.FOUND,
        NameMatter: ActionOutcome.FOUND,
        LookUpExternal: ActionOutcome.FOUND,
    }
    return finding.get(type(node.action)) == answer
