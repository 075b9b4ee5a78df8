"""Logging in through the identity provider: who gets in, and what an answer must be for that."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from sqlalchemy import select

from agent_console.app import ConsoleOptions
from agent_console.web.console_context import ProviderOptions
from hotline.gateways.openid import OpenIdProvider
from hotline.rules.enums import Role
from hotline.rules.people.actors import Machine
from hotline.rules.people.provider_claims import ClaimMapping
from hotline.rules.policies import LocalLogIn, Policies, ProviderAccounts
from hotline.services.people import accounts, provider_log_ins
from hotline.store.people.factors import ProviderLink
from hotline.store.people.tables import User
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user
from tests.console.conftest import arm_with_csrf_token
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.policies import city_policies
from tests.stopped_clock import StoppedClock

PASSWORD = "an invented password"
MAPPING = ClaimMapping(
    "preferred_username",
    "groups",
    "unit",
    {"it": Role.ADMIN, "control": Role.SUPERVISOR, "desk": Role.OPERATOR, "office": Role.HANDLER},
)


@pytest.fixture
def policies() -> Policies:
    city = city_policies()
    chosen = replace(
        city.accounts,
        provider_accounts=ProviderAccounts.NAMED,
        local_log_in=LocalLogIn.EMERGENCY,
        emergency_accounts=frozenset({"root"}),
        second_factor_roles=frozenset({Role.SUPERVISOR}),
    )
    return replace(city, accounts=chosen)


@pytest.fixture
def provider(clock: StoppedClock) -> Iterator[Provider]:
    with running_provider(clock) as running:
        yield running


@pytest.fixture
def mapping() -> ClaimMapping:
    return ClaimMapping("preferred_username")


@pytest.fixture
def console_options(
    console_options: ConsoleOptions, provider: Provider, mapping: ClaimMapping
) -> ConsoleOptions:
    ours = OpenIdProvider(provider.issuer, CLIENT_ID, CLIENT_SECRET, "openid profile")
    return replace(console_options, provider=ProviderOptions(ours, mapping))


@pytest.fixture
def user(application: Application) -> User:
    return make_user(application, name="li", password=PASSWORD)


def answer(browser: FlaskClient, provider: Provider, back: str = "") -> str:
    """Asks the provider in this browser; returns the callback's address on our side."""
    begun = browser.get("/login/provider", query_string={"next": back} if back else {})
    assert begun.status_code == 303, begun.text
    return provider.authorize(begun.location).removeprefix("http://localhost")


def log_in(browser: FlaskClient, provider: Provider, **claims: Any) -> Any:
    provider.claims.update(claims)
    return browser.get(answer(browser, provider))


def is_signed_in(browser: FlaskClient) -> bool:
    return browser.get("/console/profile").status_code == 200


def told(response: Any, status: int, words: str) -> bool:
    return response.status_code == status and words in response.text


def with_rules(application: Application, **more: Any) -> None:
    """Changes the policies of the running application."""
    object.__setattr__(
        application,
        "policies",
        replace(application.policies, accounts=replace(application.policies.accounts, **more)),
    )


def test_the_person_with_the_claimed_name_gets_in_and_comes_back_to_the_page(
    browser: FlaskClient, provider: Provider, user: User, application: Application
) -> None:
    assert "统一身份认证登录" in browser.get("/login").text
    entered = browser.get(answer(browser, provider, "/console/tickets"))
    assert (entered.status_code, entered.location) == (303, "/console/tickets")
    assert browser.get("/console/tickets").status_code == 200
    with application.read_session() as session:
        link = session.scalars(select(ProviderLink)).one()
    assert (link.subject, link.user_id) == ("s-1", user.id)


def test_from_then_on_the_subject_counts_and_not_the_name(
    app: Flask, provider: Provider, user: User, application: Application
) -> None:
    make_user(application, name="wang")
    assert log_in(app.test_client(), provider).status_code == 303
    # The subject has another name now, and another subject claims the name of the linked account.
    renamed = app.test_client()
    assert log_in(renamed, provider, preferred_username="wang").status_code == 303
    assert "li" in renamed.get("/console/profile").text
    thief = app.test_client()
    assert told(log_in(thief, provider, sub="s-2", preferred_username="li"), 403, "没有可用的账号")
    assert not is_signed_in(thief)


@pytest.mark.parametrize("name", ["nobody", "", "\u202eli", None, ["li"], {"x": 1}, "root", "gone"])
def test_who_has_no_account_that_may_be_used_gets_a_clear_page_and_no_session(
    browser: FlaskClient, provider: Provider, application: Application, name: Any
) -> None:
    make_user(application, Role.ADMIN, name="root", password=PASSWORD)
    make_user(application, name="gone", active=False)
    assert told(log_in(browser, provider, preferred_username=name), 403, "没有可用的账号")
    assert not is_signed_in(browser)


def test_where_only_linked_accounts_count_an_administrator_links_them(
    app: Flask, provider: Provider, user: User, application: Application
) -> None:
    with_rules(application, provider_accounts=ProviderAccounts.LINKED)
    assert log_in(app.test_client(), provider).status_code == 403
    with application.unit_of_work(Machine.SYSTEM) as work:
        provider_log_ins.link_user(work, accounts.require_user(work, "li"), provider.issuer, "s-1")
    browser = app.test_client()
    assert log_in(browser, provider).status_code == 303
    with application.unit_of_work(Machine.SYSTEM) as work:
        provider_log_ins.unlink_user(work, accounts.require_user(work, "li"))
    assert not is_signed_in(browser)


def test_a_replayed_answer_is_refused_even_with_the_cookie_of_the_time(
    app: Flask, provider: Provider, user: User
) -> None:
    browser = app.test_client()
    address = answer(browser, provider)
    cookie = browser.get_cookie("hotline")
    assert cookie is not None
    assert browser.get(address).status_code == 303
    assert told(browser.get(address), 400, "已用过")
    thief = app.test_client()
    assert told(thief.get(address), 400, "不是由这个浏览器发起的")
    thief.set_cookie("hotline", cookie.value)
    assert told(thief.get(address), 400, "已用过")
    assert not is_signed_in(thief)


def test_a_code_that_was_used_is_refused_by_the_provider(app: Flask, provider: Provider, user: User) -> None:
    browser, other = app.test_client(), app.test_client()
    used = parse_qs(urlsplit(answer(browser, provider)).query)["code"][0]
    provider.codes.pop(used)
    state = parse_qs(urlsplit(answer(other, provider)).query)["state"][0]
    refused = other.get("/login/provider/callback", query_string={"code": used, "state": state})
    assert told(refused, 403, "没有通过核验")
    assert not is_signed_in(other)


def test_a_code_that_another_browser_got_is_of_no_use(app: Flask, provider: Provider, user: User) -> None:
    # PKCE and nonce tie the code to the browser that asked.
    victim, thief = app.test_client(), app.test_client()
    stolen = parse_qs(urlsplit(answer(victim, provider)).query)["code"][0]
    state = parse_qs(urlsplit(answer(thief, provider)).query)["state"][0]
    refused = thief.get("/login/provider/callback", query_string={"code": stolen, "state": state})
    assert told(refused, 403, "没有通过核验")


@pytest.mark.parametrize(
    "query", ["", "state=x", "code=x", "code=x&state=%ff", "error=access_denied&state=x"]
)
def test_an_answer_that_nobody_asked_for_is_refused(
    browser: FlaskClient, provider: Provider, query: str
) -> None:
    assert browser.get(f"/login/provider/callback?{query}").status_code == 400


def test_an_answer_after_ten_minutes_is_refused(
    browser: FlaskClient, provider: Provider, user: User, clock: StoppedClock
) -> None:
    address = answer(browser, provider)
    clock.advance(601)
    assert browser.get(address).status_code == 400


def test_a_refusal_at_the_provider_is_told(browser: FlaskClient, provider: Provider) -> None:
    state = parse_qs(urlsplit(answer(browser, provider)).query)["state"][0]
    query = {"error": "access_denied", "state": state}
    assert told(browser.get("/login/provider/callback", query_string=query), 403, "没有同意")


@pytest.mark.parametrize(
    "forged",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"azp": "another"},
        {"sub": None},
        {"sub": ""},
        {"sub": 5},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_signs_nobody_in(
    browser: FlaskClient, provider: Provider, user: User, forged: dict[str, Any]
) -> None:
    provider.forged = forged
    assert told(browser.get(answer(browser, provider)), 403, "没有通过核验")
    assert not is_signed_in(browser)


def test_a_token_of_another_key_signs_nobody_in_and_a_new_key_does(
    browser: FlaskClient, provider: Provider, user: User, clock: StoppedClock
) -> None:
    address = answer(browser, provider)
    right = provider.key
    provider.key = RSAKey.generate_key(2048, {"kid": "first"})
    assert browser.get(address).status_code == 403
    provider.key = right
    browser.get(answer(browser, provider))
    clock.advance(60)
    provider.change_key()
    assert browser.get(answer(browser, provider)).status_code == 303


NONSENSE = [
    (500, b"oops"),
    (200, b""),
    (200, b"<html>"),
    (200, b"[]"),
    (200, b'"text"'),
    (200, b"{}"),
    (200, b"\xff\xfe"),
    (302, b"{}"),
    (200, b'{"issuer": "https://evil.example"}'),
    (200, b'{"keys": 5, "id_token": 7}'),
    (200, b" " * 300_000),
]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda each: f"{each[0]} {each[1][:12]!r}")
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token", "/userinfo"])
def test_a_provider_that_answers_nonsense_gets_a_clear_page_and_no_session(
    browser: FlaskClient, provider: Provider, user: User, path: str, nonsense: tuple[int, bytes]
) -> None:
    provider.answers[path] = nonsense
    begun = browser.get("/login/provider")
    if begun.status_code == 303:
        begun = browser.get(provider.authorize(begun.location).removeprefix("http://localhost"))
    assert begun.status_code in {403, 503}
    assert "没有登录" in begun.text
    assert not is_signed_in(browser)


def test_metadata_with_a_plain_http_endpoint_elsewhere_are_refused(
    browser: FlaskClient, provider: Provider
) -> None:
    changed = {**provider.metadata(), "token_endpoint": "http://evil.example/token"}
    provider.answers["/.well-known/openid-configuration"] = (200, str(changed).replace("'", '"').encode())
    assert browser.get("/login/provider").status_code == 503


def test_claims_of_another_person_at_the_userinfo_endpoint_are_refused(
    browser: FlaskClient, provider: Provider, user: User
) -> None:
    provider.user_info = {"sub": "s-9"}
    assert told(log_in(browser, provider), 403, "没有通过核验")


def test_the_userinfo_endpoint_adds_claims_and_replaces_none(
    browser: FlaskClient, provider: Provider, user: User
) -> None:
    provider.claims = {"sub": "s-1"}
    provider.user_info = {"preferred_username": "li"}
    assert browser.get(answer(browser, provider)).status_code == 303


def test_while_the_provider_is_away_the_emergency_account_gets_in_and_nobody_else(
    app: Flask, provider: Provider, user: User, application: Application
) -> None:
    make_user(application, Role.ADMIN, name="root", password=PASSWORD)
    provider.answers["/.well-known/openid-configuration"] = (503, b"")
    away = app.test_client().get("/login/provider")
    assert told(away, 503, "暂时不能使用")
    for name, password, status in (("root", PASSWORD, 303), ("li", PASSWORD, 422), ("root", "x", 422)):
        browser = app.test_client()
        arm_with_csrf_token(app, browser)
        tried = browser.post("/login", data={"name": name, "password": password})
        assert tried.status_code == status
        assert ("密码登录只留给应急账号" in tried.text) == (status == 422)


def test_the_rules_for_local_passwords_do_not_stop_who_needs_none(
    browser: FlaskClient, provider: Provider, application: Application, clock: StoppedClock
) -> None:
    make_user(application, Role.ADMIN, name="li", must_change_password=True)
    with_rules(application, password_days=90, reauthenticate_minutes=10)
    clock.advance(100 * 86_400)
    assert log_in(browser, provider).status_code == 303
    assert browser.get("/console/people").status_code == 200
    arm_with_csrf_token(browser.application, browser)
    assert browser.post("/console/people/1/unlock").status_code == 303
    clock.advance(11 * 60)
    assert told(browser.post("/console/people/1/unlock"), 403, "您没有本系统的密码")


@pytest.mark.usefixtures("user")
class TestRolesFromClaims:
    """With a role claim, role and unit follow the claims at each log-in."""

    @pytest.fixture
    def mapping(self) -> ClaimMapping:
        return MAPPING

    def role_of(self, application: Application) -> tuple[Role, str | None]:
        with application.read_session() as session:
            return tuple(session.execute(select(User.role, User.unit_code).where(User.name == "li")).one())

    def test_role_and_unit_follow_the_claims(
        self, app: Flask, provider: Provider, application: Application
    ) -> None:
        make_user(application, Role.ADMIN)
        unit = make_unit(application)
        first = app.test_client()
        assert log_in(first, provider, groups=["staff", "office"], unit=unit.code).status_code == 303
        assert self.role_of(application) == (Role.HANDLER, unit.code)
        second = app.test_client()
        assert log_in(second, provider, groups=["desk", "control"]).status_code == 303
        assert self.role_of(application) == (Role.SUPERVISOR, None)
        # The session of the former role is over; the provider is trusted with the second factor.
        assert not is_signed_in(first)
        assert second.get("/console/tickets").status_code == 200

    @pytest.mark.parametrize(
        "claims",
        [
            {},
            {"groups": []},
            {"groups": ["admin"]},
            {"groups": "it desk"},
            {"groups": {"desk": 1}},
            {"groups": 5},
            {"groups": ["office"]},
            {"groups": ["office"], "unit": "no-such-unit"},
            {"groups": ["office"], "unit": ["x"]},
        ],
        ids=str,
    )
    def test_claims_that_settle_no_role_sign_nobody_in_and_change_nothing(
        self, browser: FlaskClient, provider: Provider, application: Application, claims: Any
    ) -> None:
        make_user(application, Role.ADMIN)
        assert told(log_in(browser, provider, **claims), 403, "没有对应的角色")
        assert not is_signed_in(browser)
        assert self.role_of(application) == (Role.OPERATOR, None)
        with application.read_session() as session:
            assert session.scalars(select(ProviderLink)).all() == []

    def test_the_last_administrator_stays_one(
        self, browser: FlaskClient, provider: Provider, application: Application
    ) -> None:
        make_user(application, Role.ADMIN, name="boss")
        refused = log_in(browser, provider, preferred_username="boss", groups=["desk"])
        assert told(refused, 403, "至少要保留一位")
        with application.read_session() as session:
            assert session.scalar(select(User.role).where(User.name == "boss")) is Role.ADMIN

    def test_a_newcomer_gets_an_account_where_the_city_says_so(
        self, app: Flask, provider: Provider, application: Application
    ) -> None:
        claims = {"preferred_username": "lin", "name": "林一诺", "groups": ["desk"]}
        assert log_in(app.test_client(), provider, **claims).status_code == 403
        with_rules(application, provider_accounts=ProviderAccounts.NEW)
        browser = app.test_client()
        assert log_in(browser, provider, **claims).status_code == 303
        assert "林一诺" in browser.get("/console/profile").text
        odd = app.test_client()
        assert log_in(odd, provider, sub="s-3", preferred_username="a/b").status_code == 403


@pytest.mark.usefixtures("user")
class TestBackChannelLogout:
    @pytest.fixture
    def browsers(self, app: Flask, provider: Provider) -> list[FlaskClient]:
        """Two browsers of one person, in two sessions of the provider."""
        found = []
        for sid in ("a", "b"):
            browser = app.test_client()
            assert log_in(browser, provider, sid=sid).status_code == 303
            found.append(browser)
        return found

    def end(self, app: Flask, token: str) -> int:
        return app.test_client().post("/oidc/back-channel-logout", data={"logout_token": token}).status_code

    def test_a_session_of_the_provider_ends_here_too_and_a_token_counts_once(
        self, app: Flask, provider: Provider, browsers: list[FlaskClient]
    ) -> None:
        token = provider.logout_token(sid="a", sub="s-1")
        assert self.end(app, token) == 200
        assert [is_signed_in(browser) for browser in browsers] == [False, True]
        assert self.end(app, token) == 400

    def test_without_a_session_every_session_of_the_person_ends(
        self, app: Flask, provider: Provider, browsers: list[FlaskClient]
    ) -> None:
        assert self.end(app, provider.logout_token(sub="s-1")) == 200
        assert [is_signed_in(browser) for browser in browsers] == [False, False]
        assert self.end(app, provider.logout_token(sub="unknown")) == 200

    @pytest.mark.parametrize(
        "wrong",
        [
            {"events": None},
            {"events": {}},
            {"events": "x"},
            {"nonce": "x"},
            {"aud": "another"},
            {"iss": "https://evil.example"},
            {"exp": 1},
            {"exp": None},
            {"jti": None},
            {"iat": None},
            {"sub": None},
            {"sub": 5},
        ],
        ids=str,
    )
    def test_a_wrong_token_ends_nothing(
        self, app: Flask, provider: Provider, browsers: list[FlaskClient], wrong: dict[str, Any]
    ) -> None:
        assert self.end(app, provider.logout_token(**{"sub": "s-1", **wrong})) == 400
        assert all(is_signed_in(browser) for browser in browsers)

    def test_a_forged_token_ends_nothing(
        self, app: Flask, provider: Provider, browsers: list[FlaskClient], clock: StoppedClock
    ) -> None:
        forger = Provider(clock, provider.issuer, RSAKey.generate_key(2048, {"kid": provider.key.kid}))
        for token in (forger.logout_token(sub="s-1"), "", "x", "a.b.c", "\ud800"):
            assert self.end(app, token.encode(errors="replace").decode()) == 400
        assert all(is_signed_in(browser) for browser in browsers)


def test_the_cookie_of_a_disabled_person_opens_nothing(
    browser: FlaskClient, provider: Provider, user: User, application: Application
) -> None:
    assert log_in(browser, provider).status_code == 303
    with application.unit_of_work(Machine.SYSTEM) as work:
        accounts.disable_user(work, "li")
    assert not is_signed_in(browser)
    assert told(log_in(browser, provider), 403, "没有可用的账号")


@pytest.mark.usefixtures("user")
class TestWithoutAProvider:
    @pytest.fixture
    def console_options(self, console_options: ConsoleOptions) -> ConsoleOptions:
        return replace(console_options, provider=None)

    def test_nothing_of_it_is_there(self, app: Flask, browser: FlaskClient) -> None:
        assert "统一身份认证" not in browser.get("/login").text
        assert browser.get("/login/provider").status_code == 404
        assert browser.get("/login/provider/callback").status_code == 404
        assert browser.post("/oidc/back-channel-logout").status_code == 404
        arm_with_csrf_token(app, browser)
        assert browser.post("/login", data={"name": "li", "password": PASSWORD}).status_code == 303
