"""Every way through a flow: each way of each node is reached with as few things happening as possible.

Breadth first over the places a call can stand in. Bounded: every place is looked at once, and there are only as many
places as nodes, askings and ends of waiting; deterministic: places are left in the order their nodes are written.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hotline.rules.calls.flow_actions import (
    OUTCOMES,
    ActionOutcome,
    AnnounceOutages,
    FlowAction,
    LookUpTicket,
)
from hotline.rules.enums import Language
from ivr_flows.bilingual import BilingualText
from ivr_flows.engine import PENDING_ENTRY, enter
from ivr_flows.flow import ActionNode, Flow, InputNode, MenuNode, QueueNode, TransferNode, VoicemailNode
from ivr_flows.loader import Script
from ivr_flows.speech import Lines, PromptLine, SpokenMoment, SpokenNotice
from ivr_flows.transcripts.events import CallerHangsUp, OperatorLeaves, TranscriptEvent, turn_after
from ivr_flows.transcripts.files import write_transcript
from ivr_flows.transcripts.player import play_events
from ivr_flows.transcripts.transcript_format import ANY_RECORDING
from ivr_flows.turn import (
    ActionResult,
    AwaitResult,
    DialogTurn,
    Digits,
    EndCall,
    NoInput,
    Position,
    QueueFailed,
    Recorded,
    TransferEnded,
    Unclear,
    WaitedTooLong,
)

_DUE = SpokenMoment(datetime.fromisoformat("2026-11-26T14:00"))
_OUTAGE = BilingualText(
    "城东片区正在抢修供水管道，预计今晚八点恢复。",
    "A water main is being repaired in the east of the city; supply should return at 8 p.m.",
)
_TYPED = {"ticket": "20261123000123", "code": "482913", "number": "13900001234", "desk": "017"}
_KEYS = "7568901234*#"


@dataclass(frozen=True, slots=True)
class Walk:
    """What must happen, from the beginning, to come through the ways `new` that no walk before it took."""

    events: tuple[TranscriptEvent, ...]
    new_edges: tuple[str, ...]


def walks(script: Script, language: Language) -> list[Walk]:
    """Return walks that together take every way of a flow that can be taken, none the beginning of another."""
    found = list(_shortest(script, language))
    inner = {walk.events[:length] for walk in found for length in range(len(walk.events))}
    kept: list[Walk] = []
    for walk in found:
        if walk.events in inner:
            continue
        new = [each.new_edges for each in found if each.events == walk.events[: len(each.events)]]
        spoken = {edge for each in kept for edge in each.new_edges}
        kept.append(Walk(walk.events, tuple(edge for edges in new for edge in edges if edge not in spoken)))
    return kept


def _shortest(script: Script, language: Language) -> Iterator[Walk]:
    """Yield for every way the first, and so shortest, walk that takes it."""
    flow, catalogue = script.flow, script.prompts[language]
    begun = enter(flow)
    taken = set(begun.path)
    seen = {_place(begun)}
    ahead: deque[tuple[DialogTurn, tuple[TranscriptEvent, ...]]] = deque([(begun, ())])
    yield Walk((), begun.path)
    while ahead:
        turn, events = ahead.popleft()
        for event in _possible(flow, turn, language):
            after = turn_after(flow, turn, event, catalogue)
            here = (*events, event)
            new = tuple(dict.fromkeys(edge for edge in after.path if edge not in taken))
            if new:
                taken.update(new)
                yield Walk(here, new)
            if _place(after) not in seen:
                seen.add(_place(after))
                ahead.append((after, here))


def _place(turn: DialogTurn) -> tuple[str, int, bool, str]:
    """Return where a call stands, as far as that decides what may come next."""
    here = Position.parse(turn.position)
    return here.node, here.tries, PENDING_ENTRY in here.values, type(turn.then).__name__


def _possible(flow: Flow, turn: DialogTurn, language: Language) -> Iterator[TranscriptEvent]:
    """Yield what may happen to a call at `turn`, as far as it makes a difference."""
    here = Position.parse(turn.position)
    node = flow.nodes[here.node]
    match turn.then:
        case AwaitResult(action=action):
            yield from _results(node, action, language)
            return
        case _:
            pass
    match node:
        case MenuNode():
            yield from (Digits(key) for key in node.keys)
            wrong = next((key for key in _KEYS if key not in node.keys), "")
            yield from (NoInput(), Digits(wrong) if wrong else Unclear())
        case InputNode() if PENDING_ENTRY in here.values:
            yield from (Digits("1"), Digits("2"), NoInput())
        case InputNode():
            typed = _TYPED.get(node.name, "")
            fits = node.least <= len(typed) <= node.most
            yield from (Digits(typed if fits else "1" * node.least), NoInput(), Digits("*"))
        case VoicemailNode():
            yield from (Recorded(ANY_RECORDING, 25), NoInput())
        case TransferNode():
            yield from (TransferEnded(reached=True), TransferEnded(reached=False))
        case QueueNode():
            yield from (Digits(key) for key in (*node.keys, node.callback_key))
            yield from (QueueFailed(), WaitedTooLong(), OperatorLeaves())
        case _:
            return


def _results(node: object, action: FlowAction, language: Language) -> Iterator[ActionResult]:
    """Yield every answer `wish` can get, those without words first: a play should not be longer than it must."""
    exits = list(node.exits) if isinstance(node, ActionNode) else []
    every = dict.fromkeys([*exits, *sorted(OUTCOMES[type(action)])])
    yield from sorted(
        (ActionResult(each, _spoken_lines(action, each, language)) for each in every),
        key=lambda each: len(each.lines),
    )


def _spoken_lines(action: FlowAction, answer: str, language: Language) -> Lines:
    """Return words such as the application sends with an answer."""
    match action:
        case LookUpTicket() if answer == ActionOutcome.FOUND:
            return (PromptLine("status_in_progress", None, (("due", _DUE),)),)
        case AnnounceOutages() if answer == ActionOutcome.YES:
            return (SpokenNotice("", ((language, _OUTAGE.in_(language)),)),)
        case _:
            return ()


def generate_transcripts(script: Script, language: Language) -> Iterator[str]:
    """Yield the scenes of a flow that together take every way; each ends with the last word or the caller's hanging up.

    A scene is called by the ways that it is the first to take.
    """
    for number, walk in enumerate(walks(script, language), 1):
        player = play_events(script, walk.events, language)
        if not isinstance(player.turn.then, EndCall):
            player.play(CallerHangsUp())
        yield write_transcript(
            f"{number}. {', '.join(walk.new_edges)}", script.flow.name, player.lines, language
        )
