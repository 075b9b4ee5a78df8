"""A program's token and its user are read anew every two seconds: what was revoked is refused then, in every process."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import update

from config.wiring import CACHE_AGE
from hotline.rules.enums import Role
from hotline.rules.people.actors import Machine
from hotline.store.people.tables import ApiToken, User
from hotline.store.row_cache import RowCache
from hotline.unit_of_work import Application
from tests.console.programs import hire, json_of
from tests.stopped_clock import StoppedClock


@pytest.fixture
def application(application: Application) -> Application:
    """An application that keeps rows as long as a process of the hotline does."""
    return replace(application, cache=RowCache(CACHE_AGE))


CHANGES = {
    "the token is revoked": update(ApiToken).values(revoked_at=ApiToken.created_at),
    "the user is disabled": update(User).values(active=False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_taken_away_is_refused_two_seconds_later(
    app: Flask, application: Application, clock: StoppedClock, change: str
) -> None:
    program = hire(app, application, Role.OPERATOR)
    json_of(program.get("/tickets"), 200)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(CHANGES[change])
    clock.advance(CACHE_AGE.total_seconds())
    json_of(program.get("/tickets"), 401)


def test_another_role_has_its_rights_two_seconds_later(
    app: Flask, application: Application, clock: StoppedClock
) -> None:
    program = hire(app, application, Role.OPERATOR)
    json_of(program.post("/tickets", {"title": "路灯"}), 201)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(User).values(role=Role.INSPECTOR))
    clock.advance(CACHE_AGE.total_seconds())
    json_of(program.post("/tickets", {"title": "路灯"}), 403)


def test_a_token_made_just_now_works_at_once(app: Flask, application: Application) -> None:
    stranger = hire(app, application, Role.OPERATOR)
    stranger.headers = {"Authorization": "Bearer hl_nothing"}
    json_of(stranger.get("/tickets"), 401)
    json_of(hire(app, application, Role.OPERATOR).get("/tickets"), 200)


def test_a_city_waits_at_most_five_seconds_for_a_revocation() -> None:
    assert CACHE_AGE.total_seconds() <= 5
