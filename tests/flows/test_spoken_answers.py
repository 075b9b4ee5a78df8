"""Speech beside keys, where the carrier recognises it; speech without a meaning counts as a wrong key."""

from dataclasses import replace

import pytest

from hotline.rules.enums import CallState, RequestClass
from hotline.rules.policies import Policies
from tests.flows.conftest import Answer, Carrier, Ledger
from tests.policies import city_policies


@pytest.fixture
def policies() -> Policies:
    base = city_policies()
    return replace(base, callers=replace(base.callers, hear_words=True))


def says(carrier: Carrier, menu: Answer, words: str) -> Answer:
    return carrier.follow(menu, "Gather", "action", SpeechResult=words, Confidence="0.91")


@pytest.mark.parametrize(
    ("words", "request_class"),
    [
        ("我要投诉。", RequestClass.COMPLAINT),
        ("你好，我想咨询一下", RequestClass.CONSULTATION),
        ("提个建议", RequestClass.SUGGESTION),
        ("一", RequestClass.COMPLAINT),
        ("2", RequestClass.CONSULTATION),
    ],
)
def test_a_word_is_as_good_as_its_key(
    carrier: Carrier, ledger: Ledger, words: str, request_class: RequestClass
) -> None:
    assert says(carrier, carrier.arrives(), words).verbs == ["Enqueue"]
    assert ledger.call().pressed is request_class


@pytest.mark.parametrize("words", ["喂？", "投诉还是咨询呢", "呃", "…", "8 8 8"])
def test_speech_that_means_nothing_or_two_things_leads_to_a_person(
    carrier: Carrier, ledger: Ledger, words: str
) -> None:
    assert says(carrier, carrier.arrives(), words).verbs == ["Enqueue"]
    assert (ledger.state(), ledger.call().pressed) == (CallState.QUEUED, None)


def test_digits_may_be_spoken_where_digits_are_asked_for(carrier: Carrier) -> None:
    asked = carrier.presses(carrier.arrives(From="anonymous"), "4")
    code = says(carrier, asked, "二零二六幺幺二三零零零幺七零")
    assert code.words == "请输入6位查询码，以井号键结束。"
    assert says(carrier, code, "我不记得了").words == "请输入6位查询码，以井号键结束。"


def test_english_words_are_heard_in_english(carrier: Carrier, ledger: Ledger) -> None:
    menu = carrier.arrives()
    ledger.change_language("en")
    assert says(carrier, menu, "I have a QUESTION").verbs == ["Enqueue"]
    assert ledger.call().pressed is RequestClass.CONSULTATION
