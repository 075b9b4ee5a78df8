"""Transcripts: what is written can be read again, and the walks through a flow are few, short and complete."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.calls.flow_actions import (
    OUTCOMES,
    AnnounceOutages,
    CallerCondition,
    CheckCaller,
    CheckOpeningHours,
    FlowAction,
    JoinQueue,
    LookUpBy,
    LookUpExternal,
    LookUpTicket,
    MatchDialledNumber,
    PromiseCallback,
)
from hotline.rules.enums import Language
from ivr_flows.exit_labels import CALLER_LABELS, DIALLED, OUTCOME_LABELS
from ivr_flows.loader import read_draft
from ivr_flows.speech import PromptLine, SpokenMoment, SpokenNotice, spoken_deadline
from ivr_flows.transcripts.check import uncovered_edges
from ivr_flows.transcripts.events import (
    CallerHangsUp,
    CallerSays,
    OperatorAnswers,
    OperatorLeaves,
    TranscriptEvent,
    WaitingRound,
)
from ivr_flows.transcripts.generate import walks
from ivr_flows.transcripts.player import play_events
from ivr_flows.transcripts.transcript_format import (
    ANY_RECORDING,
    CALLER_PATTERNS,
    EVENT_PATTERNS,
    HOTLINE_PATTERNS,
    read_event,
    write_event,
)
from ivr_flows.turn import (
    PENDING,
    TOO_LATE,
    ActionResult,
    AwaitResult,
    Digits,
    Listen,
    NoInput,
    QueueFailed,
    Recorded,
    TransferEnded,
    Unclear,
    WaitedTooLong,
)
from tests.flows.simulated_calls import our_scripts
from tests.policies import city_policies

languages = st.sampled_from(list(Language))
counts = st.integers(min_value=0, max_value=9999)
deeds = st.one_of(
    st.text("0123456789*#", min_size=1, max_size=20).map(Digits),
    st.sampled_from(["我要投诉", "一一零", "nothing", "status of my ticket"]).map(CallerSays),
    st.builds(Recorded, st.just(ANY_RECORDING), counts),
    st.builds(WaitingRound, counts, counts, st.none() | counts, st.booleans()),
    st.sampled_from(
        [
            NoInput(),
            Unclear(),
            CallerHangsUp(),
            TransferEnded(reached=True),
            TransferEnded(reached=False),
            QueueFailed(),
            WaitedTooLong(),
            OperatorAnswers(),
            OperatorLeaves(),
        ]
    ),
)
ACTIONS: list[FlowAction] = [
    JoinQueue("dialect", 9),
    PromiseCallback(),
    CheckOpeningHours("staffed"),
    AnnounceOutages(),
    LookUpTicket(LookUpBy.CALLER),
    LookUpExternal("water"),
    *(CheckCaller(question) for question in CallerCondition),
    MatchDialledNumber(),
]


@given(deeds, languages)
def test_what_happens_can_be_read_as_it_was_written(event: TranscriptEvent, language: Language) -> None:
    assert read_event(write_event(event, Listen(4), language), language) == event


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_every_outcome_of_an_action_can_be_read_as_it_was_written(
    action: FlowAction, language: Language
) -> None:
    asked = AwaitResult(action, {"code": "482913"})
    exits = [ActionResult(str(each)) for each in OUTCOMES[type(action)]]
    if isinstance(action, MatchDialledNumber):
        exits.append(ActionResult("+865372100000"))
    for answer in (*exits, PENDING, TOO_LATE):
        assert read_event(write_event(answer, asked, language), language) == answer


@pytest.mark.parametrize("language", list(Language))
def test_words_that_come_with_an_answer_are_written_too(language: Language) -> None:
    due = SpokenMoment(datetime.fromisoformat("2026-11-26T14:05"))
    found = ActionResult("found", (PromptLine("status_in_progress", None, (("due", due),)),))
    looked_up = AwaitResult(LookUpTicket(LookUpBy.NUMBER), {"ticket": "20261123000123", "code": "482913"})
    assert read_event(write_event(found, looked_up, language), language) == found
    midnight = spoken_deadline(datetime.fromisoformat("2026-11-27T00:00"))
    found = ActionResult("found", (PromptLine("status_in_progress", None, (("due", midnight),)),))
    assert "due=2026-11-26 24:00" in write_event(found, looked_up, language)
    assert read_event(write_event(found, looked_up, language), language) == found
    notice = ActionResult("yes", (SpokenNotice("", ((language, "城东停水；八点恢复。"),)),))
    assert read_event(write_event(notice, AwaitResult(AnnounceOutages()), language), language) == notice


@pytest.mark.parametrize("language", list(Language))
def test_no_two_events_are_written_in_the_same_words(language: Language) -> None:
    directions = [words.in_(language) for words in (*EVENT_PATTERNS.values(), *HOTLINE_PATTERNS.values())]
    answers = {
        words.in_(language): exit_ for (_, exit_), words in (*OUTCOME_LABELS.items(), *CALLER_LABELS.items())
    }
    assert len(answers) == len(OUTCOME_LABELS) + len(CALLER_LABELS)
    told = [
        *directions,
        *answers,
        DIALLED.in_(language),
        *(words.in_(language) for words in CALLER_PATTERNS.values()),
    ]
    assert len(set(told)) == len(told)


def test_every_outcome_an_action_can_have_has_a_label() -> None:
    asked = {
        kind: answers for kind, answers in OUTCOMES.items() if answers != {"done"} and kind is not CheckCaller
    }
    assert set(OUTCOME_LABELS) == {(kind, answer) for kind, answers in asked.items() for answer in answers}
    assert set(CALLER_LABELS) == {(each, answer) for each in CallerCondition for answer in ("yes", "no")}


SMALL = """
name = "small"
purpose = "inbound"
entry = "menu"
person = "person"
include = ["person"]
[nodes.menu]
kind = "menu"
say = ["main_keys"]
timeout = 4
on_silence = { tries = 1, to = "person" }
on_invalid = { tries = 3, to = "person" }
[nodes.menu.keys]
1 = { to = "number" }
[nodes.number]
kind = "input"
name = "number"
say = ["callback_ask_number"]
confirm = ["callback_read_back"]
least = 5
most = 13
timeout = 8
to = "person"
on_silence = { tries = 1, to = "person" }
on_invalid = { tries = 2, to = "person" }
"""


def test_each_edge_is_reached_with_as_few_events_as_possible() -> None:
    small = read_draft(SMALL, city_policies())
    shortest = {way: walk.events for walk in walks(small, Language.ZH_CN) for way in walk.new_edges}
    assert shortest["menu>silence"] == (NoInput(), *shortest["menu>silence"][1:])
    assert shortest["number>entered"][:3] == (Digits("1"), Digits("13900001234"), Digits("1"))
    assert shortest["menu>invalid"][:3] == (Digits("7"), Digits("7"), Digits("7"))


@pytest.mark.parametrize("name", sorted(our_scripts()))
def test_walks_take_every_edge_and_none_is_the_beginning_of_another(name: str) -> None:
    script = our_scripts()[name]
    found = walks(script, Language.EN)
    assert found == walks(script, Language.EN)
    walked = {way for walk in found for way in play_events(script, walk.events, Language.EN).path}
    assert list(uncovered_edges(script.flow, frozenset(walked))) == []
    assert sum(len(walk.new_edges) for walk in found) == len(walked)
    beginnings = {walk.events[:length] for walk in found for length in range(len(walk.events))}
    assert beginnings.isdisjoint(walk.events for walk in found)
