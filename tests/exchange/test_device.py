"""The operator's softphone: registration, and several tabs of one identity."""

import time
from collections.abc import Callable

import pytest

from hotline.exchange.clients.telephone import LineError, Softphone, Telephone
from tests.exchange.application import Application
from tests.exchange.line import Line, token_for

DIAL = '<Dial action="/done" timeout="30"><Client>agent_7</Client></Dial>'


@pytest.mark.parametrize(
    "token",
    [
        "",
        "not.a.token",
        token_for("agent_7", secret="another-secret-of-sufficient-length!"),
        token_for("agent_7", ttl=-60),
        token_for("agent_7", incoming=False),
        token_for("张三"),
    ],
    ids=["none", "nonsense", "wrong secret", "expired", "no grant", "bad identity"],
)
def test_a_bad_token_is_refused(line: Line, token: str) -> None:
    with pytest.raises(LineError, match="4401"), Softphone(line.url, token):
        pass


def test_the_token_s_identity_is_registered(line: Line) -> None:
    assert line.softphone("agent_99").identity == "agent_99"


def test_all_tabs_ring_the_first_accept_wins_and_the_others_are_cancelled(
    line: Line, application: Application
) -> None:
    application.on("/voice", DIAL)
    tabs = [line.softphone() for _ in range(3)]
    telephone = line.calling()
    for tab in tabs:
        tab.wait_incoming()
    tabs[1].accept()
    tabs[1].wait_connected()
    assert [tabs[0].wait_ended(), tabs[2].wait_ended()] == ["canceled", "canceled"]
    telephone.hang_up()
    assert tabs[1].wait_ended() == "ended"


def test_an_operator_in_a_call_is_not_rung_and_the_caller_hears_no_answer(
    line: Line, application: Application
) -> None:
    application.on("/voice", DIAL)
    agent = line.softphone()
    line.calling()
    agent.wait_incoming()
    agent.accept()
    first = agent.call_sid
    line.calling("13900005678")
    done = application.wait_for("/done")[0]
    assert done["DialCallStatus"] == "no-answer"
    assert (agent.call_sid, agent.state) == (first, "talking")


def test_closing_the_tab_ends_the_call(line: Line, application: Application) -> None:
    application.on("/voice", DIAL)
    agent = line.softphone()
    line.calling()
    agent.wait_incoming()
    agent.accept()
    agent.wait_connected()
    agent.close()
    assert application.wait_for("/done")[0]["DialCallStatus"] == "completed"


def test_a_muted_operator_is_not_heard(line: Line, application: Application) -> None:
    application.on("/voice", DIAL)
    agent = line.softphone()
    telephone = line.calling()
    agent.wait_incoming()
    agent.accept()
    agent.wait_connected()
    agent.mute(muted=True)
    agent.say("听不见")
    agent.mute(muted=False)
    agent.say("听得见")
    telephone.hear("听得见")
    assert telephone.transcript == ["client:agent_7: 听得见"]


def test_a_call_over_rest_to_nobody_fails_at_once_and_says_why(line: Line, application: Application) -> None:
    call = line.client.calls.create(
        to="client:agent_7",
        from_=line.settings.number,
        twiml="<Response/>",
        status_callback=application.url("/leg"),
    )
    told = application.wait_for("/leg")[0]
    assert (told["CallStatus"], told["SipResponseCode"]) == ("no-answer", "480")
    assert line.client.calls(call.sid).fetch().status == "no-answer"


def test_a_telephone_answers_a_call_placed_over_rest(line: Line, application: Application) -> None:
    application.on("/outgoing", "<Say>您好，这里是市民热线</Say>")
    telephone = line.telephone()
    line.client.calls.create(
        to="+8613800001234",
        from_=line.settings.number,
        url=application.url("/outgoing"),
        status_callback=application.url("/leg"),
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    assert telephone.wait_for_ring() == line.settings.number
    telephone.answer()
    telephone.hear("市民热线")
    assert telephone.wait_ended() == "completed"
    request = application.wait_for("/outgoing")[0]
    assert (request["Direction"], request["CallStatus"]) == ("outbound-api", "in-progress")
    told = sorted(application.wait_for("/leg", count=4), key=lambda event: int(event["SequenceNumber"]))
    assert [event["CallStatus"] for event in told] == ["initiated", "ringing", "in-progress", "completed"]


def test_a_rejected_call_over_rest_was_busy(line: Line, application: Application) -> None:
    telephone = line.telephone()
    line.client.calls.create(
        to="+8613800001234",
        from_=line.settings.number,
        url=application.url("/outgoing"),
        status_callback=application.url("/leg"),
    )
    telephone.wait_for_ring()
    telephone.reject()
    told = application.wait_for("/leg")[0]
    assert (told["CallStatus"], told["SipResponseCode"]) == ("busy", "486")
    assert application.to("/outgoing") == []


def test_nobody_s_telephone_rings_until_the_time_is_up(line: Line, application: Application) -> None:
    line.client.calls.create(
        to="+8613700009999",
        from_=line.settings.number,
        url=application.url("/outgoing"),
        timeout=5,
        status_callback=application.url("/leg"),
        status_callback_event=["ringing", "completed"],
    )
    told = application.wait_for("/leg", lambda event: event["CallStatus"] == "no-answer")[0]
    assert (told["SequenceNumber"], told["SipResponseCode"]) == ("1", "487")


def test_a_new_telephone_takes_over_its_number(line: Line) -> None:
    old = line.telephone()
    line.telephone()
    with pytest.raises(LineError, match="4409"):
        old.wait_for_ring()
    with pytest.raises(LineError, match="4409"):
        old.hang_up()


def test_nonsense_from_a_telephone_is_answered_with_a_sentence(line: Line) -> None:
    telephone = line.telephone()
    telephone.send({"type": "dance"})
    telephone.send({"type": "keys", "digits": "1"})
    telephone.send({"type": "dial"})
    telephone.wait_for(lambda: len(telephone.errors) == 3, 5, "no errors")
    assert telephone.errors[1] == "there is no call"


@pytest.mark.parametrize("number", ["", "abc", "%2B0123", "110"])
def test_only_telephone_numbers_have_telephones(line: Line, number: str) -> None:
    with pytest.raises(LineError), Telephone(line.url, number):
        pass


def test_calls_over_rest_leave_one_by_one(make_line: Callable[..., Line], application: Application) -> None:
    line = make_line(calls_per_second=0.1, pace=0.02)
    began = time.monotonic()
    for number in ("+8613700009991", "+8613700009992", "+8613700009993"):
        line.client.calls.create(
            to=number,
            from_=line.settings.number,
            twiml="<Response/>",
            timeout=600,
            status_callback=application.url("/leg"),
            status_callback_event=["initiated"],
        )
    application.wait_for("/leg", count=3)
    assert time.monotonic() - began >= 20 * 0.02
    assert [call.to for call in line.client.calls.list(status="ringing")] == [
        "+8613700009993",
        "+8613700009992",
        "+8613700009991",
    ]


def test_a_device_whose_token_has_expired_is_told_so_and_not_rung_until_it_has_a_new_one(
    line: Line, application: Application
) -> None:
    application.on("/voice", DIAL)
    agent = line.softphone(ttl=2)
    assert agent.wait_error().startswith("20104")
    telephone = line.calling()
    application.wait_for("/done")
    assert agent.call_sid == ""
    telephone.hang_up()
    agent.renew(token_for("agent_7"))
    line.calling("13900005678")
    agent.wait_incoming()


def test_a_call_outlives_the_token_of_its_device(line: Line, application: Application) -> None:
    application.on("/voice", DIAL)
    agent = line.softphone(ttl=2)
    telephone = line.calling()
    agent.wait_incoming()
    agent.accept()
    assert agent.wait_error().startswith("20104")
    agent.say("还在吗")
    telephone.hear("还在吗")


def test_a_refused_new_token_changes_nothing(line: Line, application: Application) -> None:
    application.on("/voice", DIAL)
    agent = line.softphone()
    for token, code in (
        (token_for("agent_7", ttl=-60), "20104"),
        (token_for("agent_8"), "31212"),
        ("x", "20101"),
    ):
        agent.renew(token)
        assert agent.wait_error().startswith(code)
        agent.errors.clear()
    line.calling()
    agent.wait_incoming()
