"""Numbers that answer automatically, and numbers that the account may not call."""

from collections.abc import Callable

import pytest

from hotline.exchange.vocabulary.answer_modes import (
    AlwaysBusy,
    AnsweringMachine,
    Barred,
    CallRestriction,
    FaxMachine,
    NeverAnswers,
    StaffedDesk,
    Unreachable,
)
from tests.exchange.application import Application
from tests.exchange.line import HOTLINE, Line, api_error

POLICE, MACHINE, FAX, BUSY, NOBODY, GONE = (f"+8653722000{place:02d}" for place in range(6))
SIP = "sip:duty@unit.example"
ANSWERS = {
    POLICE: StaffedDesk("110 接警台"),
    SIP: StaffedDesk("值班室"),
    MACHINE: AnsweringMachine("请留言"),
    FAX: FaxMachine(),
    BUSY: AlwaysBusy(),
    NOBODY: NeverAnswers(),
    GONE: Unreachable(),
}


@pytest.fixture
def city(make_line: Callable[..., Line]) -> Line:
    return make_line(answers=ANSWERS, virtual=True)


@pytest.mark.parametrize(
    ("noun", "said"),
    [
        (f"<Number>{POLICE}</Number>", f"{POLICE}: 110 接警台"),
        (f"<Sip>{SIP}</Sip>", f"{SIP}: 值班室"),
        (f"<Number>{MACHINE}</Number>", f"{MACHINE}: 请留言"),
        (f"<Number>{FAX}</Number>", f"{FAX}: ♪ fax"),
    ],
)
def test_a_dialled_desk_answers_with_its_name(
    city: Line, application: Application, noun: str, said: str
) -> None:
    application.on("/voice", f'<Dial action="/done">{noun}</Dial>')
    telephone = city.calling()
    assert telephone.hear(said) == said
    telephone.hang_up()
    telephone.wait_ended()
    done = application.wait_for("/done")[0]
    assert (done["DialCallStatus"], done["DialBridged"]) == ("completed", "true")


@pytest.mark.parametrize(
    ("number", "status"),
    [(BUSY, "busy"), (NOBODY, "no-answer"), (GONE, "failed"), ("sip:nobody@unit.example", "failed")],
)
def test_a_number_that_does_not_answer_says_how(
    city: Line, application: Application, number: str, status: str
) -> None:
    noun = "Sip" if number.startswith("sip:") else "Number"
    application.on("/voice", f'<Dial action="/done" timeout="20"><{noun}>{number}</{noun}></Dial>')
    city.calling()
    assert application.wait_for("/done")[0]["DialCallStatus"] == status


def test_a_machine_hangs_up_once_its_tape_is_full(city: Line, application: Application) -> None:
    application.on("/voice", f'<Dial action="/done"><Number>{MACHINE}</Number></Dial>')
    telephone = city.calling()
    telephone.hear("♪ beep")
    assert 119 <= int(application.wait_for("/done")[0]["DialCallDuration"]) <= 122


def test_a_registered_telephone_goes_before_the_table(city: Line, application: Application) -> None:
    application.on("/voice", f"<Dial>{POLICE}</Dial>")
    desk = city.telephone(POLICE)
    city.calling()
    assert desk.wait_for_ring() == "+8613800001234"


def test_a_short_code_is_not_a_number_the_carrier_dials(city: Line, application: Application) -> None:
    application.on("/voice", '<Dial action="/done"><Number>110</Number></Dial>')
    city.calling()
    assert application.wait_for("/done")[0]["DialCallStatus"] == "failed"
    assert "13223" in board(city)


@pytest.mark.parametrize("bar", list(CallRestriction), ids=[bar.name for bar in CallRestriction])
def test_a_barred_number_is_refused_by_its_own_codes(
    make_line: Callable[..., Line], application: Application, bar: CallRestriction
) -> None:
    line = make_line(answers={POLICE: Barred(bar)}, virtual=True)
    application.on("/voice", f'<Dial action="/done">{POLICE}</Dial>')
    rest, dial = bar.value
    assert api_error(lambda: line.client.calls.create(to=POLICE, from_=HOTLINE, twiml="<Response/>")) == (
        400,
        rest,
    )
    line.calling()
    assert application.wait_for("/done")[0]["DialCallStatus"] == "failed"
    assert str(dial) in board(line)


def test_a_caller_id_that_is_no_number_fails_the_dial(city: Line, application: Application) -> None:
    application.on("/voice", f'<Dial action="/done" callerId="12345">{POLICE}</Dial>')
    city.calling()
    assert application.wait_for("/done")[0]["DialCallStatus"] == "failed"
    assert "13214" in board(city)


def test_a_call_over_rest_reaches_what_the_table_says(city: Line, application: Application) -> None:
    for number in (BUSY, NOBODY, GONE, SIP):
        city.client.calls.create(
            to=number, from_=HOTLINE, twiml="<Response/>", status_callback=application.url(f"/{number[-2:]}")
        )
    told = {number: application.wait_for(f"/{number[-2:]}")[0] for number in (BUSY, NOBODY, GONE, SIP)}
    assert {number: request["CallStatus"] for number, request in told.items()} == {
        BUSY: "busy",
        NOBODY: "no-answer",
        GONE: "failed",
        SIP: "completed",
    }
    assert told[GONE]["SipResponseCode"] == "404"


def board(line: Line) -> str:
    """Returns the values of the status page, which show every alert with its code."""
    return line.page("/board.json")
