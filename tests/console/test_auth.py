"""Signing in and out, and what is seen without."""

from flask.testing import FlaskClient

from hotline.rules.words import Role
from hotline.work import Hall
from tests.builders import make_user, person_of
from tests.console.conftest import SignIn


def test_nobody_is_sent_to_the_sign_in_page_and_back_afterwards(browser: FlaskClient) -> None:
    answer = browser.get("/console?x=1")
    assert answer.status_code == 303
    assert answer.location == "/login?next=/console?x%3D1"


def test_an_operator_lands_on_the_desk(hall: Hall, signed_in: SignIn) -> None:
    browser = signed_in(person_of(make_user(hall, Role.OPERATOR)))
    assert browser.get("/").location == "/console"
    assert browser.get("/console").status_code == 200
