"""The human at the end: reachable from every question, by silence too, and soon (GB/T 33358-2016 discourages menus)."""

from collections.abc import Iterator

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AskCaller,
    CallerQuestion,
    LookUpOutside,
    LookUpTicket,
    PromiseCallback,
    TellNotices,
)
from hotline.rules.enums import CallPurpose
from hotline.rules.policies import Policies
from ivr_flows.bilingual import Pair
from ivr_flows.flow import (
    PARTED,
    Ask,
    Flow,
    HangUp,
    Input,
    Menu,
    Node,
    Queue,
    Say,
    Transfer,
    Voicemail,
    Way,
    unprompted,
    ways,
)
from ivr_flows.lint.searches import Onward, leading_to, on_circles, reach
from ivr_flows.source.problems import Told
from ivr_flows.source.prompts import Prompts

MOST_PROMPTS = 2
"""So many nodes may speak to a silent caller before a person; a menu that asks again counts once."""


def without_person(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find questions from which no way leads to a person. What follows a talk is no wall: they have had one."""
    after = reach([flow.after], _every_way(flow)) if flow.after else set()
    queues = [name for name, node in flow.nodes.items() if isinstance(node, Queue)]
    heard = leading_to(queues, flow.nodes, _every_way(flow))
    for name, node in flow.nodes.items():
        if isinstance(node, Menu | Input) and name not in after | heard:
            yield Told(
                name,
                Pair("没有一个按键通往人工", "no key leads to a person"),
                Pair("菜单是为了方便，不是一堵墙", "a menu is a courtesy, not a wall"),
                Pair(
                    '加一个按键（例如 0），通往 kind = "queue" 的节点。',
                    'Add a key such as 0 that leads to a node of kind "queue".',
                ),
            )


def silent_callers_lost(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find the questions of an incoming call after which silence or a wrong key ends it with nothing gained.

    A person, a recorder and the promise of a call are gains. What follows a talk may end in silence.
    """
    if flow.purpose is not CallPurpose.INBOUND:
        return
    ends = [name for name, node in flow.nodes.items() if isinstance(node, HangUp)]
    in_vain = leading_to(ends, flow.nodes, lambda name: _in_vain(flow.nodes[name]))
    for name in sorted(reach([flow.entry, flow.person], _every_way(flow))):
        node = flow.nodes[name]
        starts = {flow.entry} if name == flow.entry else set()
        if isinstance(node, Menu | Input):
            starts |= {node.on_silence.to, node.on_invalid.to}
        if starts & in_vain:
            yield Told(
                name,
                Pair(
                    "不按键或按错键的来电人会被挂断", "hangs up on callers who press nothing or a wrong key"
                ),
                Pair(
                    "打进来又没有挂断的人，一定要转到人工",
                    "who phones us and stays on the line must reach a person",
                ),
                Pair(
                    "让 on_silence 和 on_invalid 通往排队。", "Lead on_silence and on_invalid to the queue."
                ),
            )


def _in_vain(node: Node) -> tuple[str, ...]:
    """Return where a caller who does nothing is led on with nothing gained by it: no queue, recorder or promise."""
    match node:
        case Queue() | Voicemail():
            return ()
        case Ask(wish=PromiseCallback()):
            return (node.exits[ActionOutcome.IMPOSSIBLE],)
        case Transfer():
            return (node.on_failed,)
        case _:
            return unprompted("", node)


def late_people(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find an incoming call that must listen to more than MOST_PROMPTS speaking nodes before it waits for a person."""
    place = _too_late(flow) if flow.purpose is CallPurpose.INBOUND else ""
    if place:
        yield Told(
            place,
            Pair(
                f"是转人工之前的第 {MOST_PROMPTS + 1} 段提示",
                f"is the prompt number {MOST_PROMPTS + 1} before a person",
            ),
            Pair(
                "不按键的来电人，这时应该已经在等人工了",
                "a silent caller should be waiting for a person by then",
            ),
            Pair(
                "少说一段，或者让前面的 on_silence 通往排队。",
                "Say less, or lead an earlier on_silence to the queue.",
            ),
        )


def _too_late(flow: Flow) -> str:
    """Return the node that speaks once too often on some silent way from the entry, or an empty text.

    What matters of a way is only where it has come to and how much was heard on it, so nothing is walked twice. Circles
    are not entered: they are told on their own, and in them everything would be heard once too often.
    """
    seen: set[tuple[str, int]] = set()
    circled = on_circles(flow.nodes, lambda name: unprompted(name, flow.nodes[name]))
    ahead = [(flow.entry, 0)]
    while ahead:
        name, before = ahead.pop()
        node = flow.nodes[name]
        heard = before + (isinstance(node, Menu | Input) or (isinstance(node, Say) and bool(node.say)))
        if name in circled or (name, before) in seen:
            continue
        if heard > MOST_PROMPTS:
            return name
        seen.add((name, before))
        ahead.extend((to, heard) for to in reversed(_still_waiting(node)))
    return ""


def _still_waiting(node: Node) -> tuple[str, ...]:
    """Return where a caller who does nothing is led on without a person.

    A recorder is an answer, too; and whoever has phoned too often within the hour has had a person.
    """
    match node:
        case Queue() | Voicemail():
            return ()
        case Ask(wish=AskCaller(question=CallerQuestion.OFTEN)):
            return (node.exits[ActionOutcome.NO],)
        case _:
            return unprompted("", node)


def _every_way(flow: Flow) -> Onward:
    return lambda name: [way.to for way in ways(name, flow.nodes[name])]


def silent_ends(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find a `hang_up` without a word to which a caller comes who has heard none since they last did something.

    Who has had a talk has heard somebody; and an answering machine that picks up our own call needs no word.
    """
    begins = [way.to for name, node in flow.nodes.items() if _is_heard(node) for way in _heard(name, node)]
    wordless = reach(begins, lambda name: _wordless(name, flow.nodes[name]))
    for name, node in flow.nodes.items():
        if name in wordless and isinstance(node, HangUp) and not node.say:
            yield Told(
                name,
                Pair("一声不响就挂断", "hangs up without a word"),
                Pair(
                    "有的来电人按键、说话或等候之后，到这里还没有听到一句话",
                    "some caller comes here who has heard nothing since they did something",
                ),
                Pair(
                    "加上 say，或者让他们先经过一个说话的节点。",
                    "Add say, or lead them here through a node that speaks.",
                ),
            )


def _is_heard(node: Node) -> bool:
    """Say whether the caller does something there, if only wait."""
    return not isinstance(node, Say | Ask | HangUp)


def _heard(name: str, node: Node) -> Iterator[Way]:
    return (way for way in ways(name, node) if not (isinstance(node, Transfer) and way.exit == PARTED))


def _wordless(name: str, node: Node) -> list[str]:
    """Return where a caller is led on by `node` without hearing a word."""
    match node:
        case Say(say=()):
            return [node.to]
        case Ask():
            return [way.to for way in ways(name, node) if not _is_told(node, way.exit)]
        case _:
            return []


def _is_told(node: Ask, answer: str) -> bool:
    """Say whether the answer itself is spoken: an outage, the state of a ticket, what another system knows."""
    told = {
        TellNotices: ActionOutcome.YES,
        LookUpTicket: ActionOutcome.FOUND,
        LookUpOutside: ActionOutcome.FOUND,
    }
    return told.get(type(node.wish)) == answer
