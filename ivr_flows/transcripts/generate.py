"""Every way through a flow: each way of each node is reached with as few things happening as possible.

Breadth first over the places a call can stand in. Bounded: every place is looked at once, and there are only as many
places as nodes, askings and ends of waiting; deterministic: places are left in the order their nodes are written.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hotline.rules.calls.flow_actions import OUTCOMES, ActionOutcome, FlowAction, LookUpTicket, TellNotices
from hotline.rules.enums import Language
from ivr_flows.bilingual import Pair
from ivr_flows.engine import PENDING_ENTRY, enter
from ivr_flows.flow import Ask, Flow, Input, Menu, Queue, Transfer, Voicemail
from ivr_flows.loader import Script
from ivr_flows.speech import Line, Lines, Moment, Notice
from ivr_flows.transcripts.events import Cue, HangsUp, OperatorLeaves, step
from ivr_flows.transcripts.files import write_scene
from ivr_flows.transcripts.player import perform
from ivr_flows.transcripts.transcript_format import PLAYED
from ivr_flows.turn import (
    Answer,
    AwaitAnswer,
    Digits,
    Over,
    Parted,
    Position,
    QueueFailed,
    Recorded,
    Silence,
    Turn,
    Unclear,
    WaitedTooLong,
)

_DUE = Moment(datetime.fromisoformat("2026-11-26T14:00"))
_OUTAGE = Pair(
    "城东片区正在抢修供水管道，预计今晚八点恢复。",
    "A water main is being repaired in the east of the city; supply should return at 8 p.m.",
)
_TYPED = {"ticket": "20261123000123", "code": "482913", "number": "13900001234", "desk": "017"}
_KEYS = "7568901234*#"


@dataclass(frozen=True, slots=True)
class Walk:
    """What must happen, from the beginning, to come through the ways `new` that no walk before it took."""

    cues: tuple[Cue, ...]
    new: tuple[str, ...]


def walks(script: Script, language: Language) -> list[Walk]:
    """Return walks that together take every way of a flow that can be taken, none the beginning of another."""
    found = list(_shortest(script, language))
    inner = {walk.cues[:length] for walk in found for length in range(len(walk.cues))}
    kept: list[Walk] = []
    for walk in found:
        if walk.cues in inner:
            continue
        new = [each.new for each in found if each.cues == walk.cues[: len(each.cues)]]
        told = {way for each in kept for way in each.new}
        kept.append(Walk(walk.cues, tuple(way for ways in new for way in ways if way not in told)))
    return kept


def _shortest(script: Script, language: Language) -> Iterator[Walk]:
    """Yield for every way the first, and so shortest, walk that takes it."""
    flow, catalogue = script.flow, script.prompts[language]
    begun = enter(flow)
    taken = set(begun.path)
    seen = {_place(begun)}
    ahead: deque[tuple[Turn, tuple[Cue, ...]]] = deque([(begun, ())])
    yield Walk((), begun.path)
    while ahead:
        turn, cues = ahead.popleft()
        for cue in _possible(flow, turn, language):
            after = step(flow, turn, cue, catalogue)
            here = (*cues, cue)
            new = tuple(dict.fromkeys(way for way in after.path if way not in taken))
            if new:
                taken.update(new)
                yield Walk(here, new)
            if _place(after) not in seen:
                seen.add(_place(after))
                ahead.append((after, here))


def _place(turn: Turn) -> tuple[str, int, bool, str]:
    """Return where a call stands, as far as that decides what may come next."""
    here = Position.parse(turn.position)
    return here.node, here.tries, PENDING_ENTRY in here.values, type(turn.then).__name__


def _possible(flow: Flow, turn: Turn, language: Language) -> Iterator[Cue]:
    """Yield what may happen to a call at `turn`, as far as it makes a difference."""
    here = Position.parse(turn.position)
    node = flow.nodes[here.node]
    match turn.then:
        case AwaitAnswer(wish=wish):
            yield from _answers(node, wish, language)
            return
        case _:
            pass
    match node:
        case Menu():
            yield from (Digits(key) for key in node.keys)
            wrong = next((key for key in _KEYS if key not in node.keys), "")
            yield from (Silence(), Digits(wrong) if wrong else Unclear())
        case Input() if PENDING_ENTRY in here.values:
            yield from (Digits("1"), Digits("2"), Silence())
        case Input():
            typed = _TYPED.get(node.name, "")
            fits = node.least <= len(typed) <= node.most
            yield from (Digits(typed if fits else "1" * node.least), Silence(), Digits("*"))
        case Voicemail():
            yield from (Recorded(PLAYED, 25), Silence())
        case Transfer():
            yield from (Parted(reached=True), Parted(reached=False))
        case Queue():
            yield from (Digits(key) for key in (*node.keys, node.callback_key))
            yield from (QueueFailed(), WaitedTooLong(), OperatorLeaves())
        case _:
            return


def _answers(node: object, wish: FlowAction, language: Language) -> Iterator[Answer]:
    """Yield every answer `wish` can get, those without words first: a play should not be longer than it must."""
    exits = list(node.exits) if isinstance(node, Ask) else []
    every = dict.fromkeys([*exits, *sorted(OUTCOMES[type(wish)])])
    yield from sorted(
        (Answer(each, _told(wish, each, language)) for each in every), key=lambda each: len(each.lines)
    )


def _told(wish: FlowAction, answer: str, language: Language) -> Lines:
    """Return words such as the application sends with an answer."""
    match wish:
        case LookUpTicket() if answer == ActionOutcome.FOUND:
            return (Line("status_in_progress", None, (("due", _DUE),)),)
        case TellNotices() if answer == ActionOutcome.YES:
            return (Notice("", ((language, _OUTAGE.in_(language)),)),)
        case _:
            return ()


def recite(script: Script, language: Language) -> Iterator[str]:
    """Yield the scenes of a flow that together take every way; each ends with the last word or the caller's hanging up.

    A scene is called by the ways that it is the first to take.
    """
    for number, walk in enumerate(walks(script, language), 1):
        stage = perform(script, walk.cues, language)
        if not isinstance(stage.turn.then, Over):
            stage.plays(HangsUp())
        yield write_scene(f"{number}. {', '.join(walk.new)}", script.flow.name, stage.lines, language)
