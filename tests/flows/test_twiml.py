"""Every document we write is one the exchange (and so the carrier) accepts where it is heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.gateways.addresses import VoiceAddresses
from hotline.gateways.exchange.grammar import parse_tree, validate
from hotline.gateways.exchange.words import Context
from hotline.rules.wishes import JoinQueue
from hotline.rules.words import CallPurpose, Language
from ivr_flows.engine import again, place_lines, queue_of
from ivr_flows.flow import Line
from ivr_flows.loader import load_scripts
from ivr_flows.turns import AwaitVerdict, Turn, WaitInQueue
from ivr_flows.twiml import EMPTY, Speaker, Stage, goodbye, read_lines, write_lines
from tests.flows.plays import HOTLINE, Play

SCRIPTS = load_scripts()
STAGE = Stage(VoiceAddresses("https://hotline.example"), "hotline")


def speaker(purpose: CallPurpose = CallPurpose.INBOUND, language: Language = Language.ZH_CN) -> Speaker:
    return Speaker(SCRIPTS[purpose].prompts, language, HOTLINE)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("purpose", list(CallPurpose))
def test_every_node_of_every_flow_can_be_written_in_every_language(
    purpose: CallPurpose, language: Language
) -> None:
    script = SCRIPTS[purpose]
    for name in script.flow.nodes:
        call = Play(script)
        turn = again(script.flow, f"{name}:0:1")
        if isinstance(turn.then, AwaitVerdict):
            turn = Turn(turn.lines, (), WaitInQueue(), turn.position)
        document = STAGE.turn(speaker(purpose, language), turn)
        assert validate(document, Context.CALL) == [], name
        assert call.words


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
    queue = queue_of(SCRIPTS[CallPurpose.INBOUND].flow, "person:0:1")
    lines = place_lines(queue, ahead=ahead, waited=waited, expected=expected, may_be_called=may_press)
    document = STAGE.waiting(
        speaker(language=language), lines, seconds=queue.round_seconds, may_press=may_press
    )
    assert validate(document, Context.WAIT) == []
    root = parse_tree(document)
    assert root[-1].tag == "Redirect"
    listening = root.find("Gather")
    assert (listening is not None) == may_press
    pause = root.find("Pause")
    assert (listening if pause is None else pause).get("timeout" if pause is None else "length") == "20"


def test_documents_of_the_talk_are_valid_and_meet_in_one_conference() -> None:
    talk, desk = parse_tree(STAGE.talk(17)), parse_tree(STAGE.desk(17, 4))
    assert validate(STAGE.talk(17), Context.CALL) == validate(STAGE.desk(17, 4), Context.CALL) == []
    rooms = [document.find("Dial/Conference") for document in (talk, desk)]
    assert [room.text for room in rooms] == ["call-17", "call-17"]
    assert {room.get("endConferenceOnExit") for room in rooms} == {"true"}
    assert [room.get("participantLabel") for room in rooms] == ["caller", "operator-4"]


def test_small_documents_are_valid_where_they_are_heard() -> None:
    said = (Line("thanks_goodbye"),)
    assert validate(EMPTY, Context.CALL) == []
    assert validate(goodbye(speaker(), "caller_gone"), Context.CALL) == []
    assert validate(goodbye(speaker()), Context.WAIT) == []
    assert validate(STAGE.leave(speaker(), said), Context.WAIT) == []
    assert (
        validate(STAGE.try_again(speaker(), said, "https://hotline.example/x", seconds=5), Context.CALL) == []
    )


def test_a_menu_listens_for_any_single_key_while_it_speaks() -> None:
    gather = parse_tree(STAGE.turn(speaker(), again(SCRIPTS[CallPurpose.INBOUND].flow, "menu:0:3"))).find(
        "Gather"
    )
    assert gather is not None
    assert {
        name: gather.get(name) for name in ("numDigits", "finishOnKey", "actionOnEmptyResult", "timeout")
    } == {
        "numDigits": "1",
        "finishOnKey": "",
        "actionOnEmptyResult": "true",
        "timeout": "4",
    }
    assert gather.get("action") == "https://hotline.example/voice/heard?turn=3"
    assert [say.get("language") for say in gather] == ["cmn-CN", "cmn-CN", "cmn-CN", "en-US"]
    assert {say.get("voice") for say in gather} == {"Polly.Zhiyu-Neural", "Polly.Joanna-Neural"}


def test_words_on_the_way_to_the_queue_travel_as_keys_and_unknown_keys_are_left_out() -> None:
    lines = (Line("connecting"), Line("recording_notice", Language.EN))
    prompts = SCRIPTS[CallPurpose.INBOUND].prompts
    assert read_lines(write_lines(lines), prompts) == lines
    assert read_lines("connecting,no_such_prompt,,de:connecting", prompts) == (
        Line("connecting"),
        Line("connecting"),
    )


def test_an_unsettled_turn_is_never_written() -> None:
    with pytest.raises(ValueError, match="not settled"):
        STAGE.turn(speaker(), Turn((), (), AwaitVerdict(JoinQueue()), "person:0:0"))
