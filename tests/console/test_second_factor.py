"""The second factor as a browser sees it: set up, asked for, guessed at, lost."""

import re
from collections.abc import Callable
from dataclasses import replace

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hotline.rules.enums import LinkKind, Role
from hotline.rules.people.actors import Machine, Person
from hotline.rules.policies import Policies
from hotline.services.people import passwords, second_factors
from hotline.store.people.tables import User
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of
from tests.console.conftest import arm_with_csrf_token
from tests.policies import city_policies
from tests.stopped_clock import StoppedClock

SignInAs = Callable[[Person], FlaskClient]
PASSWORD = "an invented password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PAGE = "/console/profile/second-factor"


@pytest.fixture
def policies() -> Policies:
    city = city_policies()
    accounts = replace(city.accounts, second_factor_roles=frozenset({Role.SUPERVISOR}))
    return replace(city, accounts=accounts)


@pytest.fixture
def user(application: Application, clock: StoppedClock) -> User:
    """An operator with an authenticator app."""
    made = make_user(application, name="li", password=PASSWORD)
    cipher = second_factors.totp_cipher("only for tests")
    with application.unit_of_work(person_of(made)) as work:
        second_factors.add_totp(work, person_of(made), SECRET, pyotp.TOTP(SECRET).at(clock.at), cipher)
    clock.advance(2 * 60)
    return made


@pytest.fixture
def visitor(app: Flask, browser: FlaskClient) -> FlaskClient:
    arm_with_csrf_token(app, browser)
    return browser


def with_password(browser: FlaskClient, name: str = "li", back: str = "") -> str:
    answer = browser.post("/login", data={"name": name, "password": PASSWORD, "next": back})
    assert answer.status_code == 303
    return answer.location


def code(clock: StoppedClock) -> str:
    return pyotp.TOTP(SECRET).at(clock.at)


def locked(application: Application) -> bool:
    with application.read_session() as session:
        return session.scalar(select(User.locked_until).where(User.name == "li")) is not None


def test_the_password_alone_opens_nothing(visitor: FlaskClient, user: User, clock: StoppedClock) -> None:
    assert with_password(visitor, back="/console/tickets") == "/login/second-factor"
    assert visitor.get("/console").location.startswith("/login")
    assert "验证器上的六位数字" in visitor.get("/login/second-factor").text
    wrong = visitor.post("/login/second-factor", data={"code": "000000"})
    assert (wrong.status_code, "验证码不正确" in wrong.text) == (422, True)
    right = visitor.post("/login/second-factor", data={"code": code(clock)})
    assert (right.status_code, right.location) == (303, "/console/tickets")
    assert visitor.get("/console/tickets").status_code == 200


def test_a_code_that_was_used_logs_nobody_in_again(app: Flask, user: User, clock: StoppedClock) -> None:
    for status in (303, 422):
        browser = app.test_client()
        arm_with_csrf_token(app, browser)
        with_password(browser)
        assert browser.post("/login/second-factor", data={"code": code(clock)}).status_code == status


def test_after_five_wrong_codes_the_password_is_asked_for_again(
    visitor: FlaskClient, user: User, clock: StoppedClock
) -> None:
    with_password(visitor)
    for _ in range(5):
        assert visitor.post("/login/second-factor", data={"code": "000000"}).status_code == 422
    over = visitor.post("/login/second-factor", data={"code": code(clock)})
    assert (over.status_code, over.location) == (303, "/login")
    assert "验证码输错次数过多" in visitor.get("/login").text
    assert visitor.get("/console").location.startswith("/login")


def test_wrong_codes_lock_the_account_and_the_people_page_shows_it(
    visitor: FlaskClient, user: User, clock: StoppedClock, application: Application, signed_in: SignInAs
) -> None:
    for _ in range(2):
        with_password(visitor)
        for _ in range(5):
            visitor.post("/login/second-factor", data={"code": "000000"})
    assert locked(application)
    admin = signed_in(person_of(make_user(application, Role.ADMIN)))
    assert "已锁定至" in admin.get("/console/people").text
    assert visitor.post("/login", data={"name": "li", "password": PASSWORD}).status_code == 422


def test_without_a_password_before_it_the_second_step_leads_to_the_first(visitor: FlaskClient) -> None:
    assert visitor.get("/login/second-factor").location == "/login"
    assert visitor.post("/login/second-factor", data={"code": "1"}).location == "/login"


def test_a_step_that_waited_too_long_is_over(visitor: FlaskClient, user: User, clock: StoppedClock) -> None:
    with_password(visitor)
    clock.advance(10 * 60)
    assert visitor.post("/login/second-factor", data={"code": code(clock)}).location == "/login"


def test_who_is_disabled_between_the_steps_does_not_get_in(
    visitor: FlaskClient, user: User, clock: StoppedClock, application: Application
) -> None:
    with_password(visitor)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.get_one(User, user.id).active = False
    assert visitor.post("/login/second-factor", data={"code": code(clock)}).status_code == 422
    assert visitor.get("/console").location.startswith("/login")


def test_a_link_for_a_new_password_does_not_replace_the_second_factor(
    visitor: FlaskClient, user: User, application: Application
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        token = passwords.make_link(work, user.id, LinkKind.RESET)
    chosen = visitor.post(f"/account/{token}", data={"new": "Another-horse-7", "again": "Another-horse-7"})
    assert chosen.location == "/login/second-factor"
    assert visitor.get("/console").location.startswith("/login")


def test_who_needs_a_second_factor_sets_one_up_first_and_gets_recovery_codes_once(
    visitor: FlaskClient, application: Application, clock: StoppedClock, app: Flask
) -> None:
    make_user(application, Role.SUPERVISOR, name="gu", password=PASSWORD)
    with_password(visitor, "gu")
    assert visitor.get("/console/tickets").location == PAGE
    assert visitor.get("/console/tickets", headers={"HX-Request": "true"}).status_code == 401
    page = visitor.get(PAGE).text
    assert "您的角色登录时须有第二验证" in page
    assert "data:image/svg+xml" in page
    secret = re.search(r'totp-secret">([A-Z2-7-]+)<', page)
    assert secret is not None
    assert secret[1] in visitor.get(PAGE).text
    totp = pyotp.TOTP(secret[1].replace("-", ""))
    arm_with_csrf_token(app, visitor)
    wrong = visitor.post(f"{PAGE}/totp", data={"code": "000000"})
    assert (wrong.status_code, secret[1] in wrong.text) == (422, True)
    assert visitor.post(f"{PAGE}/totp", data={"code": totp.at(clock.at)}).status_code == 303
    codes = re.findall(r"<li>((?:[A-Z2-7]{4}-){3}[A-Z2-7]{4})</li>", visitor.get(PAGE).text)
    assert len(codes) == 10
    assert codes[0] not in visitor.get(PAGE).text
    assert visitor.get("/console/tickets").status_code == 200
    # A code of the app logs in, and so does a recovery code, once.
    again = app.test_client()
    arm_with_csrf_token(app, again)
    for status in (303, 422):
        arm_with_csrf_token(app, again)
        with_password(again, "gu")
        assert again.post("/login/second-factor", data={"code": codes[0]}).status_code == status
    assert visitor.post(f"{PAGE}/remove", data={"code": codes[1]}).status_code == 303
    assert "不能停用" in visitor.get(PAGE).text


def test_the_owner_removes_the_app_and_makes_new_codes_with_a_code_alone(
    signed_in: SignInAs, user: User, clock: StoppedClock
) -> None:
    browser = signed_in(person_of(user))
    for step in ("recovery-codes", "remove"):
        wrong = browser.post(f"{PAGE}/{step}", data={"code": "000000"})
        assert (wrong.status_code, "验证码不正确" in wrong.text) == (422, True)
    made = browser.post(f"{PAGE}/recovery-codes", data={"code": code(clock)})
    assert made.status_code == 303
    codes = re.findall(r"<li>([A-Z2-7-]+)</li>", browser.get(PAGE).text)
    assert browser.post(f"{PAGE}/remove", data={"code": codes[0]}).status_code == 303
    assert "设置验证器" in browser.get(PAGE).text
    assert "未设置" in browser.get("/console/profile").text


def test_an_administrator_resets_a_lost_factor_and_the_record_tells_it(
    signed_in: SignInAs, user: User, application: Application, visitor: FlaskClient
) -> None:
    browser = signed_in(person_of(user))
    admin = signed_in(person_of(make_user(application, Role.ADMIN)))
    address = f"/console/people/{user.id}"
    assert "第二验证：验证器" in admin.get(address).text
    assert admin.post(f"{address}/reset-factors").status_code == 303
    page = admin.get(address).text
    assert "停用第二验证：全部" in page
    assert "没有第二验证" in page
    assert browser.get("/console").location.startswith("/login")
    assert with_password(visitor) == "/console"
    assert browser.post(f"{address}/reset-factors").status_code == 303


def test_with_another_secret_key_the_page_says_why_the_app_does_not_fit(
    visitor: FlaskClient, user: User, application: Application, clock: StoppedClock
) -> None:
    other = second_factors.totp_cipher("the key before")
    with application.unit_of_work(Machine.SYSTEM) as work:
        second_factors.reset_factors(work, work.session.get_one(User, user.id))
        second_factors.add_totp(work, person_of(user), SECRET, code(clock), other)
    clock.advance(2 * 60)
    with_password(visitor)
    answer = visitor.post("/login/second-factor", data={"code": code(clock)})
    assert (answer.status_code, "系统密钥已更换" in answer.text) == (422, True)
