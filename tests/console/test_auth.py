"""Signing in and out: who gets in, who does not, how often one may guess, and what is left behind."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from agent_console.app import ConsoleOptions, register
from config.processes.serve import limiter_storage
from hotline.rules.enums import CallState, PresenceState, Role
from hotline.store.calls.tables import Call
from hotline.store.engine import open_engine
from hotline.store.people.tables import Presence, SignIn, User
from hotline.unit_of_work import Application
from tests.builders import make_call, make_unit, make_user, person_of
from tests.console.conftest import SignIn as SignInAs
from tests.console.conftest import arm_with_csrf_token
from tests.ports import free_port
from tests.stopped_clock import StoppedClock

PASSWORD = "an invented password"


@pytest.fixture
def operator(application: Application) -> User:
    return make_user(application, Role.OPERATOR, name="zhang", password=PASSWORD, display_name="张晓岚")


def log_in(browser: FlaskClient, name: str, password: str, **more: str) -> int:
    page = browser.get("/login").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    form = {"name": name, "password": password, "csrf_token": token[1], **more}
    return browser.post("/login", data=form).status_code


def test_nobody_is_sent_to_the_sign_in_page_and_back_afterwards(browser: FlaskClient, operator: User) -> None:
    answer = browser.get("/console?x=1")
    assert answer.status_code == 303
    assert answer.location == "/login?next=/console?x%3D1"
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(answer.location).text)
    assert token
    form = {"name": "zhang", "password": PASSWORD, "csrf_token": token[1], "next": "/console?x=1"}
    assert browser.post("/login", data=form).location == "/console?x=1"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_signing_in_never_leads_to_a_foreign_address(
    app: Flask, browser: FlaskClient, operator: User, elsewhere: str
) -> None:
    arm_with_csrf_token(app, browser)
    form = {"name": "zhang", "password": PASSWORD, "next": elsewhere}
    assert browser.post("/login", data=form).location == "/console"


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.OPERATOR, "/console"),
        (Role.SHIFT_LEADER, "/console"),
        (Role.DISPATCHER, "/console/tickets"),
        (Role.HANDLER, "/console/unit"),
        (Role.SUPERVISOR, "/console/tickets"),
        (Role.LEADER, "/console/tickets"),
        (Role.INSPECTOR, "/console/tickets"),
        (Role.ADMIN, "/console/tickets"),
    ],
)
def test_everybody_lands_where_their_work_is(
    application: Application, signed_in: SignInAs, role: Role, home: str
) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    browser = signed_in(person_of(make_user(application, role, unit_code=unit)))
    assert browser.get("/").location == home
    assert browser.get(home).status_code == 200


def test_a_wrong_password_keeps_the_name_and_says_neither_which_was_wrong(
    browser: FlaskClient, operator: User
) -> None:
    assert log_in(browser, "zhang", "wrong password") == 422
    assert log_in(browser, "nobody", "wrong password") == 422
    assert log_in(browser, "zhang", PASSWORD) == 303


def test_an_account_is_locked_for_a_while_after_ten_wrong_passwords(
    browser: FlaskClient, operator: User
) -> None:
    assert {log_in(browser, "zhang", f"wrong {n}") for n in range(10)} == {422}
    assert log_in(browser, "zhang", PASSWORD) == 429
    assert log_in(browser, "ZHANG ", PASSWORD) == 429


def test_successful_sign_ins_do_not_use_up_the_limit(app: Flask, operator: User) -> None:
    assert {log_in(app.test_client(), "zhang", PASSWORD) for _ in range(12)} == {303}


def test_an_address_is_locked_whatever_names_it_guesses(
    application: Application, console_options: ConsoleOptions, operator: User
) -> None:
    app = Flask("hotline-with-a-small-limit", static_folder=None)
    register(app, application, replace(console_options, address_login_limit="3 per minute"))
    browser = app.test_client()
    assert {log_in(browser, f"guess{n}", "wrong") for n in range(3)} == {422}
    assert log_in(browser, "zhang", PASSWORD) == 429


def test_the_limit_holds_although_redis_is_away(
    application: Application, console_options: ConsoleOptions, operator: User
) -> None:
    app = Flask("hotline-without-redis", static_folder=None)
    register(app, application, replace(console_options, limiter_storage="redis://127.0.0.1:1/0"))
    browser = app.test_client()
    answers = [log_in(browser, "zhang", "wrong") for _ in range(12)]
    assert answers[0] == 422
    assert answers[-1] == 429


def test_two_web_processes_count_the_same_failures(
    application: Application, console_options: ConsoleOptions, operator: User, redis_url: str
) -> None:
    browsers = []
    for name in ("hotline-one", "hotline-two"):
        app = Flask(name, static_folder=None)
        register(app, application, replace(console_options, limiter_storage=limiter_storage(redis_url)))
        browsers.append(app.test_client())
    assert {log_in(browser, "zhang", f"wrong {n}") for browser in browsers for n in range(5)} == {422}
    assert [log_in(browser, "zhang", PASSWORD) for browser in browsers] == [429, 429]


def test_a_lock_of_one_account_locks_no_other(browser: FlaskClient, operator: User) -> None:
    assert {log_in(browser, "li", f"wrong {n}") for n in range(11)} == {422, 429}
    assert log_in(browser, "zhang", PASSWORD) == 303


def test_signing_out_ends_the_session_for_good(
    application: Application, signed_in: SignInAs, operator: User, session: Session
) -> None:
    browser = signed_in(person_of(operator))
    stolen = browser.get_cookie("hotline")
    assert stolen
    assert browser.post("/logout").location == "/login"
    browser.set_cookie("hotline", stolen.value)
    assert browser.get("/console").status_code == 303
    assert session.scalars(select(SignIn)).one().revoked_at is not None


@pytest.mark.parametrize("used", ["page", "heartbeat"])
def test_a_session_in_use_never_ends_and_an_unused_one_ends_by_itself(
    signed_in: SignInAs, operator: User, clock: StoppedClock, used: str
) -> None:
    browser = signed_in(person_of(operator))
    for _ in range(4):
        clock.advance(11 * 3600)
        if used == "page":
            assert browser.get("/console").status_code == 200
        else:
            assert browser.post("/console/desk/beat").status_code == 204
    clock.advance(12 * 3600 + 1)
    assert browser.get("/console").status_code == 303


def test_a_dismissed_person_is_out_at_once(
    application: Application, signed_in: SignInAs, operator: User, session: Session
) -> None:
    browser = signed_in(person_of(operator))
    session.get_one(User, operator.id).active = False
    session.commit()
    assert browser.get("/console").status_code == 303


def test_signing_out_closes_the_desk(
    application: Application, signed_in: SignInAs, operator: User, session: Session
) -> None:
    browser = signed_in(person_of(operator))
    browser.post("/console/desk/beat")
    browser.post("/logout")
    assert session.get_one(Presence, operator.id).state is PresenceState.OFFLINE


def test_nobody_signs_out_of_an_unfinished_call(
    application: Application, signed_in: SignInAs, operator: User, session: Session
) -> None:
    browser = signed_in(person_of(operator))
    browser.post("/console/desk/beat")
    at = application.clock()
    make_call(application, state=CallState.ENDED, operator_id=operator.id, answered_at=at, ended_at=at)
    answer = browser.post("/logout")
    assert answer.location == "/console"
    assert "请先结束并处理完当前来电" in browser.get("/console").text
    assert session.scalars(select(Call)).one().finished_at is None


def test_a_forged_form_changes_nothing(
    application: Application, signed_in: SignInAs, operator: User, session: Session
) -> None:
    browser = signed_in(person_of(operator))
    del browser.environ_base["HTTP_X_CSRFTOKEN"]
    answer = browser.post("/logout")
    assert answer.status_code == 400
    assert "页面已过期" in answer.text
    assert session.scalars(select(SignIn)).one().revoked_at is None


def test_the_cookie_is_not_for_scripts_nor_for_other_sites(
    application: Application, console_options: ConsoleOptions
) -> None:
    app = Flask("hotline-behind-https", static_folder=None)
    register(app, application, replace(console_options, public_url="https://hotline.example"))
    answer = app.test_client().get("/login", base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert answer.headers["Strict-Transport-Security"]


def test_pages_forbid_foreign_scripts_and_frames(browser: FlaskClient) -> None:
    first, second = browser.get("/login"), browser.get("/login")
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert policy != second.headers["Content-Security-Policy"], "the nonce is new every time"
    for script in re.findall(r"<script[^>]*src[^>]*>", first.text):
        nonce = re.search(r'nonce="([^"]+)"', script)
        assert nonce
        assert f"'nonce-{nonce[1]}'" in policy
    assert not re.search(r"\son[a-z]+=|style=", first.text)


def test_the_chosen_language_stays_with_the_person(
    application: Application, signed_in: SignInAs, operator: User, app: Flask, session: Session
) -> None:
    browser = signed_in(person_of(operator))
    assert 'lang="zh-CN"' in browser.get("/console").text
    assert browser.post("/locale", data={"locale": "en", "back": "/console"}).location == "/console"
    assert "Not signed in" in browser.get("/console").text
    elsewhere = app.test_client()
    log_in(elsewhere, "zhang", PASSWORD)
    assert "Not signed in" in elsewhere.get("/console").text
    assert session.get_one(User, operator.id).locale == "en"


def test_an_unknown_language_or_address_is_refused(signed_in: SignInAs, operator: User) -> None:
    browser = signed_in(person_of(operator))
    assert browser.post("/locale", data={"locale": "tlh"}).status_code == 400
    assert browser.post("/locale", data={"locale": "en", "back": "//evil.example"}).location == "/"


@pytest.mark.parametrize(("language", "words"), [("zh_CN", "页面不存在"), ("en", "Page not found")])
def test_an_unknown_page_is_told_in_plain_words(browser: FlaskClient, language: str, words: str) -> None:
    browser.set_cookie("locale", language)
    answer = browser.get("/console/nowhere")
    assert answer.status_code == 404
    assert words in answer.text


@pytest.mark.parametrize("address", ["/console/calls", "/api/v1/units"])
def test_a_database_that_does_not_answer_is_unavailable_and_no_fault(
    app: Flask, browser: FlaskClient, address: str
) -> None:
    def unreachable() -> str:
        open_engine(f"postgresql+psycopg://hotline:secret-word@127.0.0.1:{free_port()}/hotline").connect()
        return "reached"

    app.before_request_funcs[None].append(unreachable)
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    is_program = address.startswith("/api/")
    assert answer.mimetype == ("application/problem+json" if is_program else "text/html")
    assert is_program or "系统暂时不可用" in answer.text
    assert "secret-word" not in answer.text


def test_a_fault_of_ours_shows_a_number_and_nothing_internal(app: Flask, browser: FlaskClient) -> None:
    def broken() -> str:
        raise RuntimeError("13800001234 must not be shown")

    app.add_url_rule("/broken", "broken", broken)
    answer = browser.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.text
    assert "1380000" not in answer.text
