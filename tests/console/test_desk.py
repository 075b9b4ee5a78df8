"""The desk of an operator, from the first ring to the complete record."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from agent_console.app import ConsoleOptions, SoftphoneOptions, register
from hotline.events import CallHangUpAsked, Event
from hotline.rules.enums import CallState, NoMatterReason, OfferState, PresenceState, Role, TicketState
from hotline.rules.people.actors import Machine
from hotline.services.queueing.offers import settle_offer
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Disclosure, Presence
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn, sign_in_to
from tests.console.desk_scenes import (
    CALLER,
    CALLER_AT_HOME,
    MASKED,
    finished_talking,
    ringing_desk,
    talking_desk,
)
from tests.stopped_clock import StoppedClock

STATE = "/console/desk/state"


def test_opening_the_page_opens_the_desk_but_takes_no_calls_yet(
    application: Application, signed_in: SignIn, session: Session
) -> None:
    person = person_of(make_user(application, Role.OPERATOR))
    browser = signed_in(person)
    assert "未签入" in browser.get("/console").text
    assert browser.post("/console/desk/beat").status_code == 204
    assert session.get_one(Presence, person.id).state is PresenceState.NOT_READY


def test_an_operator_whose_telephone_is_cut_off_is_offered_no_call_until_it_is_back(
    application: Application, signed_in: SignIn, clock: StoppedClock
) -> None:
    browser = signed_in(make_operator(application, PresenceState.NOT_READY))

    def state_after(phone: str) -> str:
        assert browser.post("/console/desk/beat", json={"phone": phone}).status_code == 204
        return str(browser.get(STATE).get_json()["presence"])

    assert state_after("on") == "not_ready"
    assert state_after("off") == "not_ready"
    assert "您的话机断线了" not in browser.get(STATE).get_json()["html"]["card"]
    browser.post("/console/desk/presence", json={"state": "ready"})
    assert state_after("on") == "ready"
    assert state_after("off") == "not_ready"
    assert "您的话机断线了" in browser.get(STATE).get_json()["html"]["card"]
    clock.advance(60)
    assert state_after("on") == "ready"
    assert state_after("off") == "not_ready"
    clock.advance(61)
    assert state_after("on") == "not_ready"
    assert browser.post("/console/desk/beat", json={"phone": "perhaps"}).status_code == 400
    assert browser.post("/console/desk/presence", json={"state": "ready"}).status_code == 204


def test_every_other_page_says_that_the_desk_was_left_until_the_operator_is_ready_again(
    application: Application, signed_in: SignIn
) -> None:
    browser = signed_in(make_operator(application))
    note = 'id="left-desk" role="status"'
    assert f"{note} hidden" in browser.get("/console/tickets").text
    assert browser.post("/console/desk/leave").status_code == 204
    for page in ("/console/tickets", "/console/calls", "/console/callbacks"):
        assert f"{note}>" in browser.get(page).text
    desk = browser.get("/console").text
    assert note not in desk
    assert "您刚才离开了话务台" in desk
    browser.post("/console/desk/presence", json={"state": "ready"})
    assert f"{note} hidden" in browser.get("/console/tickets").text
    assert (
        note not in signed_in(person_of(make_user(application, Role.SUPERVISOR))).get("/console/tickets").text
    )


@pytest.mark.parametrize(
    ("how", "words"), [(OfferState.DECLINED, "您拒接了一通来电"), (OfferState.MISSED, "您漏接了一通来电")]
)
def test_a_declined_call_is_not_called_missed(
    application: Application, signed_in: SignIn, how: OfferState, words: str
) -> None:
    person, _, offer = ringing_desk(application)
    with application.unit_of_work(Machine.CARRIER) as work:
        settle_offer(work, offer.id, how)
    card = signed_in(person).get(STATE).get_json()["html"]["card"]
    assert [each for each in ("您拒接了一通来电", "您漏接了一通来电") if each in card] == [words]


def test_an_operator_becomes_ready_and_away_for_a_reason(application: Application, signed_in: SignIn) -> None:
    browser = signed_in(make_operator(application, PresenceState.NOT_READY))
    assert browser.post("/console/desk/presence", json={"state": "ready"}).status_code == 204
    state = browser.get(STATE).get_json()
    assert state["presence"] == "ready"
    assert "等待来电" in state["html"]["card"]
    away = {"state": "not_ready", "reason": "meal"}
    assert browser.post("/console/desk/presence", json=away).status_code == 204
    assert "就餐" in browser.get(STATE).get_json()["html"]["presence"]


@pytest.mark.parametrize(
    "body",
    [
        {"state": "not_ready"},
        {"state": "not_ready", "reason": "missed_call"},
        {"state": "asleep"},
        {"state": 1},
        ["ready"],
        None,
    ],
)
def test_a_state_nobody_may_choose_is_refused(
    application: Application, signed_in: SignIn, body: object
) -> None:
    browser = signed_in(make_operator(application))
    assert browser.post("/console/desk/presence", json=body).status_code == 400


def test_a_ringing_call_takes_the_left_column(application: Application, signed_in: SignIn) -> None:
    person, call, offer = ringing_desk(application)
    state = signed_in(person).get(STATE).get_json()
    assert (state["stage"], state["offer_id"], state["call_id"]) == ("ringing", offer.id, call.id)
    card = state["html"]["card"]
    assert MASKED in card
    assert "投诉求助类" in card
    assert "接听" in card
    assert "显示号码" not in card, "not before the call is theirs"


def test_a_caller_who_withholds_the_number_is_shown_as_such(
    application: Application, signed_in: SignIn
) -> None:
    person, _call, _offer = ringing_desk(application, number=None, number_raw="anonymous")
    state = signed_in(person).get(STATE).get_json()
    assert "未显示号码" in state["html"]["card"]
    assert "无法查找" in state["html"]["history"]


def test_a_reload_in_the_middle_of_a_call_shows_everything_again(
    application: Application, signed_in: SignIn, clock: StoppedClock
) -> None:
    person, call = talking_desk(application)
    browser = signed_in(person)
    ticket = browser.post(f"/console/desk/calls/{call.id}/draft").get_json()
    saved = {"revision": ticket["revision"], "facts": {"title": "路灯不亮", "place": "春秋路"}}
    browser.post(f"/console/desk/tickets/{ticket['ticket_id']}/save", json=saved)
    began = clock.at
    clock.advance(134)
    page = browser.get("/console").text
    assert 'data-stage="talking"' in page
    assert f'data-since="{int(began.timestamp() * 1000)}"' in page
    assert 'value="路灯不亮"' in page
    assert 'value="春秋路"' in page
    state = browser.get(STATE).get_json()
    assert (state["stage"], state["ticket_id"], state["revision"]) == ("talking", ticket["ticket_id"], 2)
    assert state["now"] == int(clock.at.timestamp() * 1000)


def test_the_form_is_not_sent_again_to_a_page_that_has_it(
    application: Application, signed_in: SignIn
) -> None:
    person, call = talking_desk(application)
    browser = signed_in(person)
    browser.post(f"/console/desk/calls/{call.id}/draft")
    state = browser.get(STATE).get_json()
    assert "work" in state["html"]
    assert "work" not in browser.get(STATE, query_string={"work": state["work_key"]}).get_json()["html"]


def test_the_pressed_class_is_preselected_and_marked(application: Application, signed_in: SignIn) -> None:
    person, call = talking_desk(application)
    browser = signed_in(person)
    browser.post(f"/console/desk/calls/{call.id}/draft")
    form = browser.get(STATE).get_json()["html"]["work"]
    assert 'value="complaint" checked>投诉<span class="pressed">按键</span>' in form


def test_a_call_has_one_draft_however_often_it_is_opened(
    application: Application, signed_in: SignIn, session: Session
) -> None:
    person, call = talking_desk(application)
    browser = signed_in(person)
    first = browser.post(f"/console/desk/calls/{call.id}/draft").get_json()
    assert browser.post(f"/console/desk/calls/{call.id}/draft").get_json() == first
    assert session.scalars(select(Ticket)).one().call_id == call.id


def test_nobody_opens_hangs_up_or_looks_into_the_call_of_another(
    application: Application, signed_in: SignIn
) -> None:
    _person, call = talking_desk(application)
    other = signed_in(make_operator(application))
    for step in ("draft", "hang-up", "number", "no-matter"):
        body = {"no_matter": "silent"} if step == "no-matter" else {}
        answer = other.post(f"/console/desk/calls/{call.id}/{step}", json=body)
        assert answer.status_code == 403, step
    assert other.post("/console/desk/calls/999/draft").status_code == 404


def test_the_number_is_masked_until_it_is_shown_and_the_look_is_recorded(
    application: Application, signed_in: SignIn, session: Session
) -> None:
    person, call = talking_desk(application)
    make_ticket(application, caller_number=CALLER, state=TicketState.CLOSED)
    browser = signed_in(person)
    browser.post(f"/console/desk/calls/{call.id}/draft")
    seen = browser.get("/console").text + browser.get(STATE).text
    assert MASKED in seen
    assert CALLER_AT_HOME not in seen
    assert browser.post(f"/console/desk/calls/{call.id}/number", json={}).get_json() == {
        "number": CALLER_AT_HOME
    }
    look = session.scalars(select(Disclosure)).one()
    assert (look.user_id, look.subject, look.subject_id) == (person.id, "call", call.id)
    assert CALLER_AT_HOME not in browser.get(STATE).text, "a new page is masked again"


def test_the_callers_history_comes_with_the_call(
    application: Application, signed_in: SignIn, clock: StoppedClock
) -> None:
    earlier = clock.at - timedelta(days=3)
    make_ticket(
        application, caller_number=CALLER, state=TicketState.CLOSED, title="井盖松动", received_at=earlier
    )
    make_ticket(application, caller_number="+8613900000000", title="与此人无关")
    make_call(application, number=CALLER, arrived_at=earlier, state=CallState.ENDED)
    person, _call, _offer = ringing_desk(application)
    history = signed_in(person).get(STATE).get_json()["html"]["history"]
    assert "井盖松动" in history
    assert "11月20日 周五" in history
    assert "与此人无关" not in history


def test_hanging_up_asks_the_carrier(
    application: Application, signed_in: SignIn, announced: list[Event]
) -> None:
    person, call = talking_desk(application)
    assert signed_in(person).post(f"/console/desk/calls/{call.id}/hang-up").status_code == 204
    assert CallHangUpAsked(call.id, person.id) in announced


def test_wrap_up_counts_down_to_its_limit(
    application: Application, signed_in: SignIn, clock: StoppedClock
) -> None:
    person, call = talking_desk(application)
    finished_talking(application, person, call)
    state = signed_in(person).get(STATE).get_json()
    ends = int(clock.at.timestamp() * 1000) + application.policies.queue.wrap_up_seconds * 1000
    assert state["stage"] == "wrap_up"
    assert f'data-until="{ends}"' in state["html"]["card"]


def test_nobody_is_ready_before_the_last_call_has_its_record(
    application: Application, signed_in: SignIn, session: Session
) -> None:
    person, call = talking_desk(application)
    finished_talking(application, person, call)
    browser = signed_in(person)
    refused = browser.post("/console/desk/presence", json={"state": "ready"})
    assert refused.status_code == 409
    assert "请先提交上一通来电的工单" in refused.get_json()["message"]
    assert browser.get(STATE).get_json()["stage"] == "wrap_up"
    reasoned = browser.post(
        f"/console/desk/calls/{call.id}/no-matter", json={"no_matter": "silent", "note": "无声"}
    )
    assert reasoned.status_code == 204
    assert browser.get(STATE).get_json()["presence"] == "ready"
    done = session.get_one(Call, call.id)
    assert (done.no_matter, done.no_matter_note) == (NoMatterReason.SILENT, "无声")
    assert done.finished_at is not None


def test_a_call_is_still_owed_its_record_after_the_desk_fell_silent(
    application: Application, signed_in: SignIn
) -> None:
    person = make_operator(application, PresenceState.OFFLINE)
    at = application.clock()
    make_call(
        application, state=CallState.ENDED, operator_id=person.id, answered_at=at, ended_at=at, number=CALLER
    )
    browser = signed_in(person)
    assert browser.get(STATE).get_json()["stage"] == "wrap_up"
    assert browser.post("/console/desk/presence", json={"state": "ready"}).status_code == 409


def test_no_matter_needs_a_reason_and_discards_the_draft(
    application: Application, signed_in: SignIn, session: Session
) -> None:
    person, call = talking_desk(application)
    finished_talking(application, person, call)
    browser = signed_in(person)
    browser.post(f"/console/desk/calls/{call.id}/draft")
    path = f"/console/desk/calls/{call.id}/no-matter"
    assert browser.post(path, json={}).get_json() == {"errors": {"no_matter": "请填写"}}
    assert browser.post(path, json={"no_matter": "boring"}).status_code == 422
    assert browser.post(path, json={"no_matter": "prank"}).status_code == 204
    assert session.scalars(select(Ticket)).one().state is TicketState.DISCARDED


def test_a_call_without_a_matter_shows_its_reason_and_nothing_of_a_number(
    application: Application, signed_in: SignIn
) -> None:
    person, call = talking_desk(application)
    browser = signed_in(person)
    browser.post(f"/console/desk/calls/{call.id}/draft")
    browser.post(f"/console/desk/calls/{call.id}/no-matter", json={"no_matter": "wrong_number"})
    work = browser.get(STATE).get_json()["html"]["work"]
    assert work.count("已登记为无诉求") == 1
    assert "打错电话" in work
    assert "通话仍在进行" in work
    assert not any(words in work for words in ("已作废", "查询码", "工单已提交", "draft-"))
    calls = browser.get("/console/calls").text
    assert "无诉求：打错电话" in calls
    assert ">draft-" not in calls


def test_the_bar_tells_who_waits_and_the_rate_with_its_base(
    application: Application, signed_in: SignIn, clock: StoppedClock
) -> None:
    began = clock.at
    for seconds in (3, 12, 40):
        make_call(
            application, state=CallState.ENDED, queued_at=began, answered_at=began, wait_seconds=seconds
        )
    make_call(application, state=CallState.QUEUED, queued_at=began, place_since=began)
    clock.advance(41)
    bar = signed_in(make_operator(application)).get("/console/desk/queue").get_json()["queue"]
    assert "66.67% (2/3)" in bar
    assert '<b class="num">1</b>' in bar
    assert f'data-since="{int(began.timestamp() * 1000)}"' in bar


def test_units_are_found_by_name_initials_and_code(application: Application, signed_in: SignIn) -> None:
    make_unit(
        application, "municipal-works", name_zh="市政工程服务中心", name_en="Municipal Works Service Centre"
    )
    make_unit(application, "closed-down", name_zh="已撤销单位", active=False)
    page = signed_in(make_operator(application)).get("/console").get_data(as_text=True)
    assert "szgcfwzx" in page
    assert "municipal-works" in page
    assert "closed-down" not in page


def test_a_telephone_token_is_made_for_operators_only(application: Application, signed_in: SignIn) -> None:
    person = make_operator(application)
    told = signed_in(person).post("/console/softphone/token").get_json()
    assert (told["identity"], told["token"]) == (f"op_{person.id}", f"token of op_{person.id}")
    leader = signed_in(person_of(make_user(application, Role.LEADER)))
    assert leader.post("/console/softphone/token").status_code == 403


def test_no_telephone_token_after_signing_out(application: Application, signed_in: SignIn) -> None:
    browser = signed_in(make_operator(application))
    browser.post("/logout")
    answer = browser.post("/console/softphone/token", headers={"Accept": "application/json"})
    assert answer.status_code in {400, 401}


def with_softphone(
    application: Application, console_options: ConsoleOptions, softphone: SoftphoneOptions
) -> Flask:
    app = Flask("another-carrier", static_folder=None)
    register(app, application, replace(console_options, softphone=softphone))
    return app


@pytest.mark.parametrize(
    ("softphone", "allowed", "told"),
    [
        (
            SoftphoneOptions("twilio", "", str, edges=("singapore", "tokyo")),
            ("connect-src 'self' wss://*.twilio.com https://*.twilio.com;", "'"),
            {"driver": "twilio", "sdk": {"edge": ["singapore", "tokyo"]}, "address": ""},
        ),
        (
            SoftphoneOptions(
                "twilio", "wss://voice.example:8443", str, script="https://sdk.example/voice.js?v=2"
            ),
            (
                "connect-src 'self' wss://*.twilio.com https://*.twilio.com wss://voice.example:8443;",
                "' https://sdk.example;",
            ),
            {
                "driver": "twilio",
                "script": "https://sdk.example/voice.js?v=2",
                "sdk": {"chunderw": "voice.example:8443"},
            },
        ),
        (
            SoftphoneOptions("sip", "", str, sip_host="pbx.example", desk_reports_answer=True),
            ("connect-src 'self';", "'"),
            {"driver": "sip", "script": None, "sdk": {}, "reports_answer": True},
        ),
        (
            SoftphoneOptions("exchange", "wss://exchange.example", str),
            ("connect-src 'self' wss://exchange.example;", "'"),
            {"driver": "exchange"},
        ),
    ],
    ids=["edges", "own signalling", "sip", "exchange"],
)
def test_the_browser_may_reach_what_its_telephone_needs_and_nothing_more(
    application: Application,
    console_options: ConsoleOptions,
    softphone: SoftphoneOptions,
    allowed: tuple[str, str],
    told: dict[str, object],
) -> None:
    person = make_operator(application)
    browser = sign_in_to(with_softphone(application, console_options, softphone), application, person)
    policy = browser.get("/console").headers["Content-Security-Policy"]
    assert allowed[0] in policy
    [scripts] = [part for part in policy.split("; ") if part.startswith("script-src")]
    assert allowed[1] in f"{scripts};"
    answer = browser.post("/console/softphone/token").get_json()
    assert {name: answer[name] for name in told} == told
    if softphone.driver == "sip":
        assert answer["address"] == f"sip:op_{person.id}@pbx.example"


def test_a_desk_reports_its_answer_only_where_the_carrier_does_not(
    application: Application, console_options: ConsoleOptions, signed_in: SignIn, session: Session
) -> None:
    person, call, _offer = ringing_desk(application)
    path = f"/console/desk/calls/{call.id}/answered"
    assert signed_in(person).post(path).status_code == 403
    outside = SoftphoneOptions("sip", "", str, sip_host="pbx.example", desk_reports_answer=True)
    app = with_softphone(application, console_options, outside)
    assert sign_in_to(app, application, make_operator(application)).post(path).status_code == 409
    browser = sign_in_to(app, application, person)
    assert [browser.post(path).status_code for _ in range(2)] == [204, 409]
    assert session.get_one(Call, call.id).state is CallState.TALKING
