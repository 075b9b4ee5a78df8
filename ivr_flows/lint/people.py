"""The human at the end: reachable from every question, by silence too, and soon (GB/T 33358-2016 discourages menus)."""

from collections.abc import Iterator

from hotline.rules.policies import Policies
from hotline.rules.wishes import Answered, AskCaller, CallerQuestion, PromiseCallback
from hotline.rules.words import CallPurpose
from ivr_flows.flow import Ask, Flow, HangUp, Input, Menu, Queue, Say, Transfer, Voicemail
from ivr_flows.lint.told import Told
from ivr_flows.prompts import Prompts
from ivr_flows.ways import unprompted, ways

MOST_PROMPTS = 2
"""So many nodes may speak to a silent caller before a person; a menu that asks again counts once."""


def without_person(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find questions from which no way leads to a person. What follows a talk is no wall: they have had one."""
    after = _reach(flow, flow.after) if flow.after else set()
    for name, node in flow.nodes.items():
        if not isinstance(node, Menu | Input) or name in after:
            continue
        if not any(isinstance(flow.nodes[to], Queue) for to in _reach(flow, name)):
            yield Told(
                name,
                "no key leads to a person",
                "a menu is a courtesy, not a wall",
                'Add a key such as 0 that leads to a node of kind "queue".',
            )


def silent_callers_lost(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find the questions of an incoming call after which silence or a wrong key ends it with nothing gained.

    A person, a recorder and the promise of a call are gains. What follows a talk may end in silence.
    """
    if flow.purpose is not CallPurpose.INBOUND:
        return
    for name in sorted(_reach(flow, flow.entry) | _reach(flow, flow.person)):
        node = flow.nodes[name]
        starts = [flow.entry] if name == flow.entry else []
        if isinstance(node, Menu | Input):
            starts += [node.on_silence.to, node.on_invalid.to]
        if any(_ends_in_vain(flow, start, frozenset()) for start in starts):
            yield Told(
                name,
                "hangs up on callers who press nothing or a wrong key",
                "who phones us and stays on the line must reach a person",
                "Lead on_silence and on_invalid to the queue.",
            )


def late_people(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find an incoming call that must listen to more than MOST_PROMPTS speaking nodes before it waits for a person."""
    if flow.purpose is not CallPurpose.INBOUND:
        return
    place = _too_late(flow, flow.entry, 0, frozenset())
    if place:
        yield Told(
            place,
            f"is the prompt number {MOST_PROMPTS + 1} before a person",
            "a silent caller should be waiting for a person by then",
            "Say less, or lead an earlier on_silence to the queue.",
        )


def _too_late(flow: Flow, name: str, heard: int, passed: frozenset[str]) -> str:
    """Return the node that speaks once too often on some silent way from `name`, or an empty text.

    A recorder is an answer, too; and whoever has phoned too often within the hour has had a person.
    """
    node = flow.nodes[name]
    if isinstance(node, Queue | Voicemail) or name in passed:
        return ""
    speaks = isinstance(node, Menu | Input) or (isinstance(node, Say) and bool(node.say))
    if heard + speaks > MOST_PROMPTS:
        return name
    onward = unprompted(name, node)
    if isinstance(node, Ask) and node.wish == AskCaller(CallerQuestion.OFTEN):
        onward = (node.exits[Answered.NO],)
    after = (_too_late(flow, to, heard + speaks, passed | {name}) for to in onward)
    return next((place for place in after if place), "")


def _reach(flow: Flow, start: str) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead.extend(way.to for way in ways(name, flow.nodes[name]))
    return seen


def _ends_in_vain(flow: Flow, name: str, passed: frozenset[str]) -> bool:
    """Say whether silence from `name` on can end the call before any queue, recorder or promise."""
    node = flow.nodes[name]
    if isinstance(node, Queue | Voicemail) or name in passed:
        return False
    if isinstance(node, HangUp):
        return True
    onward = unprompted(name, node)
    if isinstance(node, Ask) and isinstance(node.wish, PromiseCallback):
        onward = (node.exits[Answered.IMPOSSIBLE],)
    if isinstance(node, Transfer):
        onward = (node.on_failed,)
    return any(_ends_in_vain(flow, to, passed | {name}) for to in onward)
