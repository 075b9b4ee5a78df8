"""Generates a transcript for every path through a flow: each edge is reached with as few events as possible.

Breadth first over the states of a call. Bounded: every state is visited once, and there are only as many states as
nodes, attempts and ends of waiting. Deterministic: states are left in the order their nodes are written.
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
from ivr_flows.flow import (
    ActionNode,
    Flow,
    InputNode,
    MenuNode,
    QueueNode,
    Script,
    TransferNode,
    VoicemailNode,
)
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
    EndDialog,
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
    """The events, from the beginning, that take the edges `new_edges`, which no earlier walk takes."""

    events: tuple[TranscriptEvent, ...]
    new_edges: tuple[str, ...]


def walks(script: Script, language: Language) -> list[Walk]:
    """Returns walks that together take every edge that can be taken; none is the beginning of another."""
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
    """Yields for every edge the first, and so shortest, walk that takes it."""
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
    """Returns the state of a call as far as it decides which events are possible."""
    here = Position.parse(turn.position)
    return here.node, here.tries, PENDING_ENTRY in here.values, type(turn.then).__name__


def _possible(flow: Flow, turn: DialogTurn, language: Language) -> Iterator[TranscriptEvent]:
    """Yields the events that are possible at `turn` and differ in their effect."""
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
    """Yields every outcome of `action`, those without lines first, which keeps transcripts short."""
    exits = list(node.exits) if isinstance(node, ActionNode) else []
    every = dict.fromkeys([*exits, *sorted(OUTCOMES[type(action)])])
    yield from sorted(
        (ActionResult(each, _spoken_lines(action, each, language)) for each in every),
        key=lambda each: len(each.lines),
    )


def _spoken_lines(action: FlowAction, answer: str, language: Language) -> Lines:
    """Returns lines such as the application sends with an outcome."""
    match action:
        case LookUpTicket() if answer == ActionOutcome.FOUND:
            return (PromptLine("status_in_progress", None, (("due", _DUE),)),)
        case AnnounceOutages() if answer == ActionOutcome.YES:
            return (SpokenNotice("", ((language, _OUTAGE.in_(language)),)),)
        case _:
            return ()


def generate_transcripts(script: Script, language: Language, *, in_words: bool = False) -> Iterator[str]:
    """Yields transcripts of a flow that together take every edge and end with a party's hanging up.

    A transcript is titled by the edges that it is the first to take. `in_words`: with the words that callers hear,
    instead of
    the names of prompts.
    """
    for number, walk in enumerate(walks(script, language), 1):
        player = play_events(script, walk.events, language)
        if not isinstance(player.turn.then, EndDialog):
            player.play(CallerHangsUp())
        lines = [line.words if in_words else line.text for line in player.lines]
        yield write_transcript(f"{number}. {', '.join(walk.new_edges)}", script.flow.name, lines, language)
