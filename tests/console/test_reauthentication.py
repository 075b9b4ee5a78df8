"""Dangerous steps ask again for the password or a code, and go on with what was typed."""

import html
import re
from collections.abc import Callable
from dataclasses import replace

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.rules.enums import Role
from hotline.rules.people.actors import Person
from hotline.rules.policies import Policies
from hotline.services.people import second_factors
from hotline.store.people.kept_forms import KeptForm
from hotline.store.people.tables import ApiToken, User
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of
from tests.policies import city_policies
from tests.stopped_clock import StoppedClock

SignInAs = Callable[[Person], FlaskClient]
PASSWORD = "an invented password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LATER = 11 * 60
FORM = {
    "name": "lin",
    "display_name": '林"一诺"\n<b>',
    "work_number": "088",
    "role": "operator",
    "skills": "english",
}


@pytest.fixture
def policies() -> Policies:
    city = city_policies()
    return replace(city, accounts=replace(city.accounts, reauthenticate_minutes=10))


@pytest.fixture
def session(application: Application) -> Session:
    with application.read_session() as opened:
        yield opened


@pytest.fixture
def admin(application: Application) -> User:
    return make_user(application, Role.ADMIN, name="root", password=PASSWORD)


@pytest.fixture
def office(signed_in: SignInAs, admin: User) -> FlaskClient:
    return signed_in(person_of(admin))


def name_shown(application: Application) -> str | None:
    with application.read_session() as reading:
        return reading.scalar(select(User.display_name).where(User.name == "lin"))


def hidden_fields(page: str) -> dict[str, str]:
    """The fields that the page sends again, as a browser reads them: the first line break after the tag is dropped."""
    found = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


def test_soon_after_the_log_in_nothing_is_asked(
    office: FlaskClient, clock: StoppedClock, application: Application
) -> None:
    user = make_user(application)
    clock.advance(9 * 60)
    assert office.post(f"/console/people/{user.id}/disable").status_code == 303


def test_an_old_proof_is_asked_for_again_and_the_step_goes_on_with_what_was_typed(
    office: FlaskClient, clock: StoppedClock, application: Application
) -> None:
    clock.advance(LATER)
    form = {**FORM, "display_name": "林一诺"}
    asked = office.post("/console/people/new", data=form)
    assert (asked.status_code, "确认身份" in asked.text) == (403, True)
    assert name_shown(application) is None
    again = hidden_fields(asked.text)
    assert {name: again[name] for name in form} == form
    wrong = office.post("/console/people/new", data={**again, "proof_password": "wrong"})
    assert (wrong.status_code, "当前密码不正确" in wrong.text) == (422, True)
    assert hidden_fields(wrong.text) == again
    done = office.post("/console/people/new", data={**again, "proof_password": PASSWORD})
    assert done.status_code == 303
    assert name_shown(application) == "林一诺"
    # The proof counts for the next steps as well.
    assert office.post("/console/people/new", data={**FORM, "name": "xu"}).status_code == 422


def test_whatever_was_typed_comes_back_as_it_was(office: FlaskClient, clock: StoppedClock) -> None:
    clock.advance(LATER)
    asked = office.post("/console/people/new", data=FORM)
    assert hidden_fields(asked.text)["display_name"] == FORM["display_name"]


@pytest.mark.parametrize(
    "step", ["", "/disable", "/enable", "/unlock", "/reset", "/reset-factors", "/end-sessions"]
)
def test_every_change_of_a_person_is_guarded(
    office: FlaskClient, clock: StoppedClock, application: Application, step: str
) -> None:
    user = make_user(application)
    clock.advance(LATER)
    assert office.get(f"/console/people/{user.id}").status_code == 200
    assert "确认身份" in office.post(f"/console/people/{user.id}{step}").text


def test_tokens_and_ones_own_second_factor_are_guarded(
    office: FlaskClient, clock: StoppedClock, session: Session
) -> None:
    clock.advance(LATER)
    for address in ("/console/people/tokens", "/console/people/tokens/1/revoke"):
        assert "确认身份" in office.post(address, data={"name": "x", "user": "root"}).text
    assert session.query(ApiToken).count() == 0
    assert "确认身份" in office.post("/console/profile/second-factor/totp", data={"code": "1"}).text


def test_a_code_of_the_second_factor_is_a_proof_too_once(
    office: FlaskClient, clock: StoppedClock, application: Application, admin: User
) -> None:
    user, cipher = make_user(application), second_factors.totp_cipher("only for tests")
    with application.unit_of_work(person_of(admin)) as work:
        second_factors.add_totp(work, person_of(admin), SECRET, pyotp.TOTP(SECRET).at(clock.at), cipher)
    clock.advance(LATER)
    address = f"/console/people/{user.id}/disable"
    assert "或验证器上的六位数字" in office.post(address).text
    code = pyotp.TOTP(SECRET).at(clock.at)
    assert office.post(address, data={"proof_code": code}).status_code == 303
    clock.advance(LATER)
    assert office.post(address, data={"proof_code": code}).status_code == 422


def test_guessing_at_an_unattended_browser_locks_the_account_even_for_the_right_password(
    office: FlaskClient, clock: StoppedClock, application: Application, policies: Policies
) -> None:
    clock.advance(LATER)
    user = make_user(application)
    address = f"/console/people/{user.id}/disable"
    for _ in range(policies.accounts.lock_after):
        assert office.post(address, data={"proof_password": "guess"}).status_code == 422
    locked = office.post(address, data={"proof_password": PASSWORD})
    assert (locked.status_code, "已锁定" in locked.text) == (422, True)


def test_guessing_the_present_password_on_the_profile_locks_the_account(
    office: FlaskClient, policies: Policies, clock: StoppedClock
) -> None:
    form = {"new": "Another-horse-7", "again": "Another-horse-7"}
    for _ in range(policies.accounts.lock_after):
        assert office.post("/console/profile/password", data={**form, "current": "guess"}).status_code == 422
    assert "已锁定" in office.post("/console/profile/password", data={**form, "current": PASSWORD}).text


def test_the_proof_is_never_kept_with_a_form(
    office: FlaskClient, clock: StoppedClock, session: Session, application: Application
) -> None:
    clock.advance(13 * 3600)
    office.post("/console/people/new", data={**FORM, "proof_password": PASSWORD})
    kept = [form.fields for form in session.query(KeptForm)]
    assert kept
    assert all(PASSWORD not in fields.values() for fields in kept)
