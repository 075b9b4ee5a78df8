"""Speech in Gather: its end, partial results, and keys pressed at the same time."""

import pytest

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.devices.callers import Caller
from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.enums import DocumentContext
from tests.exchange.application import Application
from tests.exchange.simulation import run_script, settings_for

GATHER = '<Gather input="dtmf speech" {more} action="/heard"><Say>请说</Say></Gather><Say>没听到</Say>'
Step = tuple[float, str]


def gathered(application: Application, more: str, steps: list[Step]) -> float:
    """Says or presses each step so many seconds after the prompt; returns the time of the next document request."""
    application.on("/voice", GATHER.format(more=more))
    times: list[float] = []

    async def story(exchange: Exchange) -> None:
        caller = Caller(exchange, "+8613800001234")
        caller.dial()
        await caller.listen_for("请说")
        began = exchange.clock.seconds()
        for at, what in steps:
            await exchange.clock.sleep(began + at - exchange.clock.seconds())
            if what.isdigit():
                await caller.press(what)
            else:
                caller.say(what)
        await caller.over_and_done()
        times.append(exchange.clock.seconds() - began)

    run_script(settings_for(application), story)
    return times[0]


def test_speech_is_over_after_the_speech_time_out(application: Application) -> None:
    lasted = gathered(application, 'speechTimeout="2" language="cmn-Hans-CN"', [(3, "路灯坏了")])
    heard = application.to("/heard")[0]
    assert (heard["SpeechResult"], heard["Language"]) == ("路灯坏了", "cmn-Hans-CN")
    assert lasted == pytest.approx(5.0)


def test_what_is_said_within_the_speech_time_out_belongs_together(application: Application) -> None:
    lasted = gathered(application, 'speechTimeout="2"', [(1, "路灯"), (2.5, "坏了"), (4, "在东门")])
    assert application.to("/heard")[0]["SpeechResult"] == "路灯 坏了 在东门"
    assert lasted == pytest.approx(6.0)


def test_without_a_speech_time_out_the_time_out_counts_for_both(application: Application) -> None:
    assert gathered(application, 'timeout="4"', [(1, "路灯")]) == pytest.approx(5.0)


def test_a_recogniser_that_decides_itself_ends_at_a_pause(application: Application) -> None:
    more = 'speechTimeout="auto" speechModel="deepgram_nova-3"'
    assert gathered(application, more, [(1, "路灯")]) == pytest.approx(2.0)


def test_whoever_says_nothing_goes_on_after_the_time_out(application: Application) -> None:
    lasted = gathered(application, 'timeout="4" speechTimeout="2"', [])
    assert application.to("/heard") == []
    assert lasted == pytest.approx(0.44 + 4 + 0.66)


def test_speech_ends_after_a_minute(application: Application) -> None:
    steps = [(1 + 3.5 * place, "还有") for place in range(20)]
    gathered(application, 'speechTimeout="5"', steps)
    assert len(application.to("/heard")[0]["SpeechResult"].split()) == 18


def test_the_first_key_or_word_decides_and_the_other_kind_no_longer_counts(
    application: Application,
) -> None:
    gathered(application, 'speechTimeout="2"', [(1, "路灯"), (2, "5")])
    assert "Digits" not in application.to("/heard")[0].form
    application.received.clear()
    gathered(application, 'numDigits="2"', [(1, "5"), (2, "路灯"), (3, "6")])
    heard = application.to("/heard")[0]
    assert (heard["Digits"], "SpeechResult" in heard.form) == ("56", False)


def test_what_is_understood_is_told_while_the_caller_speaks(application: Application) -> None:
    more = 'speechTimeout="2" partialResultCallback="/partly" partialResultCallbackMethod="GET"'
    gathered(application, more, [(1, "路灯"), (2, "坏了")])
    partly = sorted(application.to("/partly"), key=lambda told: told["SequenceNumber"])
    assert [(told["StableSpeechResult"], told["UnstableSpeechResult"]) for told in partly] == [
        ("", "路灯"),
        ("路灯", "坏了"),
    ]
    assert {told["CallStatus"] for told in partly} == {"in-progress"}
    assert {told.method for told in partly} == {"GET"}


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ('speechTimeout="auto"', "13335"),
        ('speechTimeout="auto" speechModel="default"', "13335"),
        ('speechTimeout="0"', "12200"),
        (f'hints="{",".join(["词"] * 501)}"', "12200"),
        (f'hints="{"长" * 101}"', "12200"),
        ('partialResult="/x"', "12200"),
    ],
)
def test_what_the_recogniser_cannot_do_is_refused(attributes: str, code: str) -> None:
    document = f'<Response><Gather input="speech" {attributes}/></Response>'
    assert [problem.partition(":")[0] for problem in validate(document, DocumentContext.CALL)] == [code]


def test_five_hundred_hints_of_a_hundred_characters_are_allowed() -> None:
    hints = ",".join(["长" * 100] * 500)
    document = f'<Response><Gather input="speech" speechTimeout="2" speechModel="deepgram_nova-2" hints="{hints}"/></Response>'
    assert validate(document, DocumentContext.CALL) == ["11750: document longer than 64 kB"]
    document = document.replace("长", "x")
    assert validate(document, DocumentContext.CALL) == []
