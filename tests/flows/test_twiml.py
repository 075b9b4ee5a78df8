"""Every document we render is accepted by the carrier simulator in its context."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.exchange.twiml.validation import parse_tree, validate
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.gateways.addresses import VoiceAddresses
from hotline.rules.calls.flow_actions import JoinQueue
from hotline.rules.enums import Language
from ivr_flows.engine import again, place_lines, queue_of
from ivr_flows.loader import load_scripts
from ivr_flows.speech import PromptLine, SpokenDigits, SpokenNotice
from ivr_flows.turn import AwaitResult, DialogTurn, Listen, WaitInQueue
from ivr_flows.webhooks.narrow import NarrowTwimlRenderer
from ivr_flows.webhooks.twiml import (
    EMPTY,
    Speaker,
    TwimlRenderer,
    goodbye,
    read_lines,
    split_carried,
    write_lines,
)
from tests.policies import CALLERS, city_policies

SCRIPTS = load_scripts(city_policies())
MENU = SCRIPTS["menu"]
ADDRESSES = VoiceAddresses("https://hotline.example")
STAGE = TwimlRenderer(ADDRESSES, "hotline", CALLERS)
NARROW = NarrowTwimlRenderer(ADDRESSES, "hotline", CALLERS)
HEARING = TwimlRenderer(ADDRESSES, "hotline", replace(CALLERS, hear_words=True))
STANDING = {"hotline": SpokenDigits("05374412345")}
OUTAGE = SpokenNotice("n17", ((Language.ZH_CN, "城区今天停水。"),))


def speaker(name: str = "menu", language: Language = Language.ZH_CN) -> Speaker:
    return Speaker(SCRIPTS[name].prompts, language, STANDING, ADDRESSES.sounds())


def test_the_recording_notice_is_spoken_where_talks_are_recorded_and_nowhere_else() -> None:
    silent = TwimlRenderer(ADDRESSES, "hotline", replace(CALLERS, record_talks=False))
    said = (PromptLine("greeting"), PromptLine("recording_notice"))
    assert [renderer.records_talks for renderer in (STAGE, silent, NARROW)] == [True, False, False]
    for renderer in (STAGE, silent, NARROW):
        voice = replace(speaker(), talks_are_recorded=renderer.records_talks)
        document = renderer.waiting(voice, said, seconds=5, may_press=False)
        assert ("录音" in document) is renderer.records_talks


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", sorted(SCRIPTS))
@pytest.mark.parametrize("renderer", [STAGE, NARROW, HEARING], ids=["full", "narrow", "hearing words"])
def test_every_node_of_every_flow_can_be_written_in_every_language(
    renderer: TwimlRenderer, name: str, language: Language
) -> None:
    script = SCRIPTS[name]
    for node in script.flow.nodes:
        turn = again(script.flow, f"{node}:0:1")
        if isinstance(turn.then, AwaitResult):
            turn = DialogTurn((*turn.lines, OUTAGE), (), WaitInQueue(), turn.position)
        document = renderer.turn(speaker(name, language), turn, 17)
        assert validate(document, DocumentContext.CALL, narrow=renderer is NARROW) == [], node


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_no_key_cuts_the_recording_notice_short(name: str, language: Language) -> None:
    notice = SCRIPTS[name].prompts[language].texts["recording_notice"]
    for node in SCRIPTS[name].flow.nodes:
        turn = again(SCRIPTS[name].flow, f"{node}:0:1")
        if not isinstance(turn.then, AwaitResult):
            root = parse_tree(STAGE.turn(speaker(name, language), turn, 17))
            assert all(notice != said.text for said in root.iterfind("Gather/Say")), node


@given(
    ahead=st.integers(0, 300),
    waited=st.integers(0, 7200),
    expected=st.none() | st.integers(0, 7200),
    may_press=st.booleans(),
    language=st.sampled_from(Language),
)
def test_every_round_of_waiting_is_a_wait_document_of_twenty_odd_seconds(
    ahead: int, waited: int, expected: int | None, may_press: bool, language: Language
) -> None:
    queue = queue_of(MENU.flow, "person:0:1")
    lines = place_lines(queue, ahead=ahead, waited=waited, expected=expected, may_be_called=may_press)
    document = STAGE.waiting(
        speaker(language=language), lines, seconds=queue.round_seconds, may_press=may_press
    )
    assert validate(document, DocumentContext.WAIT) == []
    root = parse_tree(document)
    assert root[-1].tag == "Redirect"
    listening = root.find("Gather")
    assert (listening is not None) == may_press
    pause = root.find("Pause")
    assert (listening if pause is None else pause).get("timeout" if pause is None else "length") == "20"


def test_documents_of_the_talk_are_valid_and_meet_in_one_conference() -> None:
    talk, desk = parse_tree(STAGE.talk(17)), parse_tree(STAGE.desk(17, 4))
    assert (
        validate(STAGE.talk(17), DocumentContext.CALL)
        == validate(STAGE.desk(17, 4), DocumentContext.CALL)
        == []
    )
    rooms = [document.find("Dial/Conference") for document in (talk, desk)]
    assert [room.text for room in rooms] == ["call-17", "call-17"]
    assert {room.get("endConferenceOnExit") for room in rooms} == {"true"}
    assert [room.get("participantLabel") for room in rooms] == ["caller", "operator-4"]


def test_small_documents_are_valid_where_they_are_heard() -> None:
    said = (PromptLine("thanks_goodbye"),)
    assert validate(EMPTY, DocumentContext.CALL) == []
    assert validate(goodbye(speaker(), "caller_gone"), DocumentContext.CALL) == []
    assert validate(goodbye(speaker()), DocumentContext.WAIT) == []
    assert validate(STAGE.leave(speaker(), said), DocumentContext.WAIT) == []
    assert (
        validate(
            STAGE.try_again(speaker(), said, "https://hotline.example/x", seconds=5), DocumentContext.CALL
        )
        == []
    )


def listening(renderer: TwimlRenderer, position: str) -> ET.Element:
    gather = parse_tree(renderer.turn(speaker(), again(MENU.flow, position), 17)).find("Gather")
    assert gather is not None
    return gather


def test_a_menu_listens_for_any_single_key_while_it_speaks() -> None:
    gather = listening(STAGE, "menu:0:3")
    assert {
        name: gather.get(name)
        for name in ("numDigits", "finishOnKey", "actionOnEmptyResult", "timeout", "input")
    } == {
        "numDigits": "1",
        "finishOnKey": "",
        "actionOnEmptyResult": "true",
        "timeout": "4",
        "input": "dtmf",
    }
    assert gather.get("action") == "https://hotline.example/voice/heard?turn=3"
    assert [say.get("language") for say in gather] == ["cmn-CN", "en-US"]
    assert {say.get("voice") for say in gather} == {"Polly.Zhiyu-Neural", "Polly.Joanna-Neural"}


def test_where_the_carrier_hears_words_keys_are_heard_beside_them() -> None:
    gather = listening(HEARING, "menu:0:3")
    assert (gather.get("input"), gather.get("language")) == ("dtmf speech", "cmn-Hans-CN")
    assert "投诉" in (gather.get("hints") or "").split(",")
    assert listening(HEARING, "status.code:0:3").get("input") == "dtmf speech"


def test_several_digits_are_ended_by_the_pound_key_and_read_back_digits_need_one() -> None:
    typing = listening(STAGE, "callback.number:0:3")
    assert (typing.get("numDigits"), typing.get("finishOnKey")) == ("17", "#")
    read = listening(STAGE, "callback.number:0:4?entered=13800001234")
    assert (read.get("numDigits"), read.get("finishOnKey")) == ("1", "")
    assert read[0].text == "回电号码是幺三八零零零零幺二三四。正确请按1，重新输入请按2。"


def test_words_on_the_way_to_the_queue_travel_as_keys_and_unknown_keys_are_left_out() -> None:
    lines = (PromptLine("connecting"), OUTAGE, PromptLine("recording_notice", Language.EN))
    known = {"n17": OUTAGE}.get
    assert write_lines(lines) == "connecting,!n17,en:recording_notice"
    assert read_lines(write_lines(lines), MENU.prompts, known) == lines
    assert read_lines("connecting,no_such_prompt,,de:connecting,!n99", MENU.prompts, known) == (
        PromptLine("connecting"),
        PromptLine("connecting"),
    )


def test_what_a_line_tells_of_a_caller_never_rides_in_an_address() -> None:
    told = PromptLine("status_dispatched", None, (("due", SpokenDigits("20261130")),))
    lines = (PromptLine("connecting"), told, PromptLine("sorry"), OUTAGE)
    assert split_carried(lines) == (lines[:2], lines[2:])
    document = parse_tree(STAGE.turn(speaker(), DialogTurn(lines, (), WaitInQueue(), "person:0:1"), 17))
    assert [verb.tag for verb in document] == ["Say", "Say", "Enqueue"]
    assert document[2].get("waitUrl") == "https://hotline.example/voice/wait?say=sorry%2C%21n17"


def test_a_recorded_prompt_is_played_from_our_own_folder_or_from_where_it_lies() -> None:
    for file, played in (
        ("greeting.wav", "https://hotline.example/voice/sounds/greeting.wav"),
        ("https://cdn.example/greeting.mp3", "https://cdn.example/greeting.mp3"),
    ):
        whole = MENU.prompts[Language.ZH_CN]
        prompts = {**MENU.prompts, Language.ZH_CN: replace(whole, sounds={"greeting": file})}
        voice = Speaker(prompts, Language.ZH_CN, STANDING, ADDRESSES.sounds())
        document = STAGE.turn(voice, DialogTurn((PromptLine("greeting"),), (), Listen(4), "menu:0:3"), 17)
        assert validate(document, DocumentContext.CALL) == []
        assert [play.text for play in parse_tree(document).iter("Play")] == [played]


def test_an_unsettled_turn_is_never_written() -> None:
    with pytest.raises(ValueError, match="not settled"):
        STAGE.turn(speaker(), DialogTurn((), (), AwaitResult(JoinQueue()), "person:0:0"), 17)
