"""Passkeys: added on one's own page, used as second factor, alone, and as a proof before dangerous steps."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from agent_console.app import ConsoleOptions
from hotline.rules.enums import Role
from hotline.rules.people.actors import Machine, Person
from hotline.rules.policies import Policies
from hotline.services.people import passkeys
from hotline.store.people.tables import User
from hotline.unit_of_work import Application
from tests.authenticator import Authenticator, options_on
from tests.builders import make_user, person_of
from tests.console.conftest import arm_with_csrf_token
from tests.policies import city_policies
from tests.stopped_clock import StoppedClock

SignInAs = Callable[[Person], FlaskClient]
PASSWORD = "an invented password"
PAGE = "/console/profile/second-factor"


@pytest.fixture
def policies() -> Policies:
    city = city_policies()
    chosen = replace(city.accounts, second_factor_roles=frozenset({Role.ADMIN}), reauthenticate_minutes=10)
    return replace(city, accounts=chosen)


@pytest.fixture
def user(application: Application) -> User:
    return make_user(application, name="li", password=PASSWORD)


@pytest.fixture
def key() -> Authenticator:
    return Authenticator()


@pytest.fixture
def desk(signed_in: SignInAs, user: User) -> FlaskClient:
    return signed_in(person_of(user))


@pytest.fixture
def visitor(app: Flask, browser: FlaskClient) -> FlaskClient:
    arm_with_csrf_token(app, browser)
    return browser


def add(browser: FlaskClient, key: Authenticator, name: str = "办公电脑") -> int:
    answer = key.make(options_on(browser.get(PAGE).text))
    form = {"credential": answer, "passkey_name": name}
    return browser.post(f"{PAGE}/passkeys", data=form).status_code


def with_password(browser: FlaskClient) -> str:
    answer = browser.post("/login", data={"name": "li", "password": PASSWORD})
    return answer.location or ""


def is_signed_in(browser: FlaskClient) -> bool:
    return browser.get("/console/profile").status_code == 200


def test_a_passkey_is_added_named_listed_and_removed(desk: FlaskClient, key: Authenticator) -> None:
    assert add(desk, key) == 303
    page = desk.get(PAGE).text
    assert "办公电脑" in page
    assert "没有用过" in page
    # The first factor brings recovery codes, the second one none.
    assert "恢复码只显示这一次" in page
    assert add(desk, Authenticator(), "手机") == 303
    assert "恢复码只显示这一次" not in desk.get(PAGE).text
    assert desk.post(f"{PAGE}/passkeys/1/remove").status_code == 303
    assert "办公电脑" not in desk.get(PAGE).text
    assert "通行密钥" in desk.get("/console/profile").text


def test_the_same_passkey_is_added_once_and_a_name_is_needed(desk: FlaskClient, key: Authenticator) -> None:
    assert add(desk, key) == 303
    assert add(desk, key) == 422
    assert add(desk, Authenticator(), "  ") == 422
    assert add(desk, Authenticator(), "x" * 61) == 422


def test_after_the_password_a_passkey_is_the_second_factor(
    desk: FlaskClient, visitor: FlaskClient, key: Authenticator
) -> None:
    add(desk, key)
    key.verifies = False
    assert with_password(visitor) == "/login/second-factor"
    answer = key.sign(options_on(visitor.get("/login/second-factor").text))
    assert visitor.post("/login/second-factor", data={"credential": answer}).status_code == 303
    assert is_signed_in(visitor)
    assert "最近使用" in desk.get(PAGE).text


def test_a_passkey_that_asks_for_a_pin_logs_in_alone(
    desk: FlaskClient, visitor: FlaskClient, key: Authenticator
) -> None:
    assert "通行密钥" not in visitor.get("/login").text
    add(desk, key)
    answer = key.sign(options_on(visitor.get("/login?next=/console/tickets").text))
    entered = visitor.post("/login/passkey", data={"credential": answer, "next": "/console/tickets"})
    assert (entered.status_code, entered.location) == (303, "/console/tickets")
    assert is_signed_in(visitor)


def test_without_a_pin_it_does_not_log_in_alone(
    desk: FlaskClient, visitor: FlaskClient, key: Authenticator
) -> None:
    add(desk, key)
    key.verifies = False
    answer = key.sign(options_on(visitor.get("/login").text))
    assert visitor.post("/login/passkey", data={"credential": answer}).status_code == 422
    assert not is_signed_in(visitor)


def test_an_answer_counts_once_even_with_the_cookie_of_the_time(
    app: Flask, desk: FlaskClient, visitor: FlaskClient, key: Authenticator
) -> None:
    add(desk, key)
    answer = key.sign(options_on(visitor.get("/login").text))
    cookie = visitor.get_cookie("hotline")
    assert cookie is not None
    assert visitor.post("/login/passkey", data={"credential": answer}).status_code == 303
    thief = app.test_client()
    thief.set_cookie("hotline", cookie.value)
    thief.environ_base["HTTP_X_CSRFTOKEN"] = visitor.environ_base["HTTP_X_CSRFTOKEN"]
    assert thief.post("/login/passkey", data={"credential": answer}).status_code == 422


def test_a_copied_authenticator_whose_count_falls_back_is_refused(
    desk: FlaskClient, visitor: FlaskClient, key: Authenticator
) -> None:
    key.count = 7
    add(desk, key)
    key.count = 5
    answer = key.sign(options_on(visitor.get("/login").text))
    assert visitor.post("/login/passkey", data={"credential": answer}).status_code == 422


def test_an_answer_to_another_challenge_or_from_another_site_is_refused(
    desk: FlaskClient, visitor: FlaskClient, key: Authenticator, clock: StoppedClock
) -> None:
    add(desk, key)
    old = options_on(visitor.get("/login").text)
    new = options_on(visitor.get("/login").text)
    assert visitor.post("/login/passkey", data={"credential": key.sign(old)}).status_code == 422
    key.origin = "http://evil.example"
    for options in (new, {**new, "rpId": "evil.example"}):
        visitor.get("/login")
        assert visitor.post("/login/passkey", data={"credential": key.sign(options)}).status_code == 422
    key.origin = "http://localhost"
    late = key.sign(options_on(visitor.get("/login").text))
    clock.advance(601)
    assert visitor.post("/login/passkey", data={"credential": late}).status_code == 422


def test_the_passkey_of_another_person_is_no_second_factor(
    desk: FlaskClient, visitor: FlaskClient, key: Authenticator, signed_in: SignInAs, application: Application
) -> None:
    add(desk, Authenticator())
    add(signed_in(person_of(make_user(application))), key)
    with_password(visitor)
    answer = key.sign(options_on(visitor.get("/login/second-factor").text))
    assert visitor.post("/login/second-factor", data={"credential": answer}).status_code == 422
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    "nonsense",
    [
        "x",
        "{}",
        "[]",
        "null",
        '"text"',
        "5",
        '{"id": 5}',
        '{"id":"AA","rawId":"AA","type":"public-key","response":{}}',
        (
            '{"id":"AA","rawId":"!!","type":"public-key","response":{"clientDataJSON":"AA","attestationObject":"oA",'
            '"authenticatorData":"AA","signature":"AA"}}'
        ),
        "\ud800",
        "{" * 30_000,
    ],
    ids=lambda text: text[:12].encode(errors="replace").decode(),
)
def test_nonsense_is_refused_everywhere(
    desk: FlaskClient, visitor: FlaskClient, key: Authenticator, nonsense: str
) -> None:
    add(desk, key)
    nonsense = nonsense.encode(errors="replace").decode()
    desk.get(PAGE)
    form = {"credential": nonsense, "passkey_name": "x"}
    assert desk.post(f"{PAGE}/passkeys", data=form).status_code == 422
    visitor.get("/login")
    assert visitor.post("/login/passkey", data={"credential": nonsense}).status_code == 422
    with_password(visitor)
    visitor.get("/login/second-factor")
    assert visitor.post("/login/second-factor", data={"credential": nonsense}).status_code == 422


def test_a_changed_answer_is_refused(desk: FlaskClient, visitor: FlaskClient, key: Authenticator) -> None:
    made = key.make(options_on(desk.get(PAGE).text))
    broken = made.replace('"attestationObject": "o', '"attestationObject": "p')
    assert desk.post(f"{PAGE}/passkeys", data={"credential": broken, "passkey_name": "x"}).status_code == 422
    add(desk, key)
    answer = key.sign(options_on(visitor.get("/login").text))
    broken = answer.replace('"signature": "M', '"signature": "N')
    assert broken != answer
    assert visitor.post("/login/passkey", data={"credential": broken}).status_code == 422


def test_a_locked_or_disabled_person_does_not_get_in_by_passkey(
    desk: FlaskClient, visitor: FlaskClient, key: Authenticator, user: User, application: Application
) -> None:
    add(desk, key)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.get_one(User, user.id).active = False
    answer = key.sign(options_on(visitor.get("/login").text))
    assert visitor.post("/login/passkey", data={"credential": answer}).status_code == 422


def test_the_last_factor_of_who_needs_one_stays(
    signed_in: SignInAs, application: Application, key: Authenticator, visitor: FlaskClient
) -> None:
    admin = signed_in(person_of(make_user(application, Role.ADMIN)))
    assert admin.get("/console/people").location == PAGE
    assert add(admin, key) == 303
    assert admin.get("/console/people").status_code == 200
    admin.post(f"{PAGE}/passkeys/1/remove")
    assert "办公电脑" in admin.get(PAGE).text


def test_a_passkey_is_a_proof_before_a_dangerous_step(
    signed_in: SignInAs, application: Application, key: Authenticator, clock: StoppedClock
) -> None:
    admin, other = make_user(application, Role.ADMIN), make_user(application)
    browser = signed_in(person_of(admin))
    add(browser, key)
    clock.advance(11 * 60)
    address = f"/console/people/{other.id}/disable"
    asked = browser.post(address, data={"reason": "离职"})
    assert asked.status_code == 403
    assert browser.post(address, data={"proof_passkey": "{}"}).status_code == 422
    asked = browser.post(address, data={"reason": "离职"})
    answer = key.sign(options_on(asked.text))
    assert browser.post(address, data={"reason": "离职", "proof_passkey": answer}).status_code == 303
    assert "离职" in browser.get(f"/console/people/{other.id}").text


def test_adding_a_passkey_goes_on_after_the_proof(
    desk: FlaskClient, key: Authenticator, clock: StoppedClock
) -> None:
    made = key.make(options_on(desk.get(PAGE).text))
    clock.advance(9 * 60)
    # The page was opened in time; the proof became too old while the browser asked for the fingerprint.
    clock.advance(59)
    desk.get(PAGE)
    made = key.make(options_on(desk.get(PAGE).text))
    clock.advance(5)
    form = {"credential": made, "passkey_name": "手机"}
    assert desk.post(f"{PAGE}/passkeys", data=form).status_code == 403
    assert desk.post(f"{PAGE}/passkeys", data={**form, "proof_password": PASSWORD}).status_code == 303


class TestAtAnAddress:
    """Browsers know no passkeys at an IP address."""

    @pytest.fixture
    def console_options(self, console_options: ConsoleOptions) -> ConsoleOptions:
        return replace(console_options, public_url="https://10.0.0.11")

    def test_no_passkey_is_offered(self, signed_in: SignInAs, user: User) -> None:
        browser = signed_in(person_of(user))
        assert "data-passkey" not in browser.get(PAGE, base_url="https://10.0.0.11").text


def test_a_person_has_ten_passkeys_at_most(desk: FlaskClient) -> None:
    for _ in range(passkeys.MAX_PASSKEYS):
        assert add(desk, Authenticator()) == 303
    add(desk, Authenticator(), "第十一个")
    assert "第十一个" not in desk.get(PAGE).text
