"""Plays on paper: what is written can be read again, and the walks through a flow are few, short and complete."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.calls.flow_actions import (
    OUTCOMES,
    AskCaller,
    AskDialled,
    AskHours,
    CallerQuestion,
    FlowAction,
    JoinQueue,
    LookUpBy,
    LookUpOutside,
    LookUpTicket,
    PromiseCallback,
    TellNotices,
)
from hotline.rules.enums import Language
from ivr_flows.exit_labels import ANSWERS, DIALLED, OF_CALLERS
from ivr_flows.loader import read_draft
from ivr_flows.speech import Line, Moment, Notice
from ivr_flows.transcripts.check import not_walked
from ivr_flows.transcripts.events import Cue, HangsUp, OperatorAnswers, OperatorLeaves, Round, Says
from ivr_flows.transcripts.generate import walks
from ivr_flows.transcripts.player import perform
from ivr_flows.transcripts.transcript_format import (
    OF_CALLER,
    OF_HOTLINE,
    OF_WORLD,
    PLAYED,
    read_cue,
    write_cue,
)
from ivr_flows.turn import (
    PENDING,
    TOO_LATE,
    Answer,
    AwaitAnswer,
    Digits,
    Listen,
    Parted,
    QueueFailed,
    Recorded,
    Silence,
    Unclear,
    WaitedTooLong,
)
from tests.flows.plays import our_scripts
from tests.policies import city_policies

languages = st.sampled_from(list(Language))
counts = st.integers(min_value=0, max_value=9999)
deeds = st.one_of(
    st.text("0123456789*#", min_size=1, max_size=20).map(Digits),
    st.sampled_from(["我要投诉", "一一零", "nothing", "status of my ticket"]).map(Says),
    st.builds(Recorded, st.just(PLAYED), counts),
    st.builds(Round, counts, counts, st.none() | counts, st.booleans()),
    st.sampled_from(
        [
            Silence(),
            Unclear(),
            HangsUp(),
            Parted(reached=True),
            Parted(reached=False),
            QueueFailed(),
            WaitedTooLong(),
            OperatorAnswers(),
            OperatorLeaves(),
        ]
    ),
)
WISHES: list[FlowAction] = [
    JoinQueue("dialect", 9),
    PromiseCallback(),
    AskHours("staffed"),
    TellNotices(),
    LookUpTicket(LookUpBy.CALLER),
    LookUpOutside("water"),
    *(AskCaller(question) for question in CallerQuestion),
    AskDialled(),
]


@given(deeds, languages)
def test_what_happens_can_be_read_as_it_was_written(cue: Cue, language: Language) -> None:
    assert read_cue(write_cue(cue, Listen(4), language), language) == cue


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_every_answer_of_the_hall_can_be_read_as_it_was_written(wish: FlowAction, language: Language) -> None:
    asked = AwaitAnswer(wish, {"code": "482913"})
    exits = [Answer(str(each)) for each in OUTCOMES[type(wish)]]
    if isinstance(wish, AskDialled):
        exits.append(Answer("+865372100000"))
    for answer in (*exits, PENDING, TOO_LATE):
        assert read_cue(write_cue(answer, asked, language), language) == answer


@pytest.mark.parametrize("language", list(Language))
def test_words_that_come_with_an_answer_are_written_too(language: Language) -> None:
    due = Moment(datetime.fromisoformat("2026-11-26T14:05"))
    found = Answer("found", (Line("status_in_progress", None, (("due", due),)),))
    looked_up = AwaitAnswer(LookUpTicket(LookUpBy.NUMBER), {"ticket": "20261123000123", "code": "482913"})
    assert read_cue(write_cue(found, looked_up, language), language) == found
    notice = Answer("yes", (Notice("", ((language, "城东停水；八点恢复。"),)),))
    assert read_cue(write_cue(notice, AwaitAnswer(TellNotices()), language), language) == notice


@pytest.mark.parametrize("language", list(Language))
def test_no_two_things_are_told_in_the_same_words(language: Language) -> None:
    directions = [words.in_(language) for words in (*OF_WORLD.values(), *OF_HOTLINE.values())]
    answers = {words.in_(language): exit_ for (_, exit_), words in (*ANSWERS.items(), *OF_CALLERS.items())}
    assert len(answers) == len(ANSWERS) + len(OF_CALLERS)
    told = [
        *directions,
        *answers,
        DIALLED.in_(language),
        *(words.in_(language) for words in OF_CALLER.values()),
    ]
    assert len(set(told)) == len(told)


def test_every_answer_a_wish_can_get_has_words() -> None:
    asked = {
        kind: answers for kind, answers in OUTCOMES.items() if answers != {"done"} and kind is not AskCaller
    }
    assert set(ANSWERS) == {(kind, answer) for kind, answers in asked.items() for answer in answers}
    assert set(OF_CALLERS) == {(each, answer) for each in CallerQuestion for answer in ("yes", "no")}


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


def test_each_way_is_walked_with_as_little_happening_as_can_be() -> None:
    small = read_draft(SMALL, city_policies())
    shortest = {way: walk.cues for walk in walks(small, Language.ZH_CN) for way in walk.new}
    assert shortest["menu>silence"] == (Silence(), *shortest["menu>silence"][1:])
    assert shortest["number>entered"][:3] == (Digits("1"), Digits("13900001234"), Digits("1"))
    assert shortest["menu>invalid"][:3] == (Digits("7"), Digits("7"), Digits("7"))


@pytest.mark.parametrize("name", sorted(our_scripts()))
def test_walks_take_every_way_and_none_is_the_beginning_of_another(name: str) -> None:
    script = our_scripts()[name]
    found = walks(script, Language.EN)
    assert found == walks(script, Language.EN)
    walked = {way for walk in found for way in perform(script, walk.cues, Language.EN).path}
    assert list(not_walked(script.flow, frozenset(walked))) == []
    assert sum(len(walk.new) for walk in found) == len(walked)
    beginnings = {walk.cues[:length] for walk in found for length in range(len(walk.cues))}
    assert beginnings.isdisjoint(walk.cues for walk in found)
