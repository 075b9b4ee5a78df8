"""Every domain error has one entry, and no view of any kind answers it with a 500."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

import hotline
from agent_console.api.dispatch import Route, view_of
from agent_console.api.problems import TYPES
from agent_console.api.requests import Nothing
from agent_console.desk.json_requests import domain_errors_as_json
from agent_console.web.domain_errors import ERRORS, PROBLEM_TYPES, UNLISTED, entry_of
from hotline.rules import errors
from hotline.rules.enums import Role, TicketAction
from hotline.rules.errors import DomainError
from hotline.rules.tickets.rows import ImportRefused
from hotline.services.calendar import CalendarRefused
from hotline.store.cursors import BadCursor
from hotline.unit_of_work import Application
from tests.builders import make_operator
from tests.console.conftest import SignIn
from tests.console.programs import hire

MADE_WITH: dict[type[Exception], Callable[[], Exception]] = {
    errors.UnknownSkill: lambda: errors.UnknownSkill("dialect", ["english"]),
    errors.UnitInUse: lambda: errors.UnitInUse("water", 2, 1),
    errors.ActionNotAllowed: lambda: errors.ActionNotAllowed(TicketAction.CLOSE, [TicketAction.REPLY]),
    errors.MissingFields: lambda: errors.MissingFields(["title"]),
    errors.InvalidFields: lambda: errors.InvalidFields({"title": "too_long", "other": "a_new_code"}),
    errors.StaleRevision: lambda: errors.StaleRevision(3),
    errors.UnfinishedCall: lambda: errors.UnfinishedCall(1),
    CalendarRefused: lambda: CalendarRefused(()),
    ImportRefused: lambda: ImportRefused((), 0),
}


def subclasses(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def all_domain_errors() -> list[type[DomainError]]:
    """Returns the domain errors of the whole application, defined in whatever module."""
    for module in pkgutil.walk_packages(hotline.__path__, "hotline."):
        if not module.name.startswith(("hotline.exchange", "hotline.store.migrations")):
            importlib.import_module(module.name)
    found = [kind for kind in subclasses(DomainError) if kind.__module__.startswith("hotline.")]
    return sorted(set(found), key=lambda kind: kind.__name__)


DOMAIN_ERRORS = all_domain_errors()
EVERY = pytest.mark.parametrize("kind", [*DOMAIN_ERRORS, BadCursor], ids=lambda kind: kind.__name__)


def made(kind: type[Exception]) -> Exception:
    return MADE_WITH.get(kind, lambda: kind("x"))()


@pytest.mark.parametrize("kind", DOMAIN_ERRORS, ids=lambda kind: kind.__name__)
def test_every_domain_error_has_an_entry(kind: type[DomainError]) -> None:
    assert kind in ERRORS, (
        f"{kind.__module__}.{kind.__name__} has no entry in agent_console/web/domain_errors.py"
    )
    assert ERRORS[kind].code in PROBLEM_TYPES


def test_an_error_without_an_entry_takes_that_of_its_base_class_or_a_conflict() -> None:
    class NewKind(errors.NotAllowed):
        pass

    class Unrelated(DomainError):
        pass

    assert entry_of(NewKind()) is ERRORS[errors.NotAllowed]
    assert entry_of(Unrelated()) is UNLISTED
    assert UNLISTED.status == 409


@EVERY
def test_an_api_view_answers_with_the_problem_of_the_entry(
    app: Flask, application: Application, kind: type[Exception]
) -> None:
    def fail(_request: object) -> None:
        raise made(kind)

    route = Route("GET", "/failing", fail, "", Nothing, Nothing, None)  # type: ignore[arg-type]
    app.add_url_rule("/api/v1/failing", "failing", view_of(route))
    response = hire(app, application, Role.ADMIN).get("/failing")
    assert (response.status_code, response.get_json()["code"]) == (ERRORS[kind].status, ERRORS[kind].code)
    assert response.get_json()["title"] == TYPES[ERRORS[kind].code].title


@EVERY
def test_a_script_of_the_desk_is_answered_in_json(
    app: Flask, application: Application, signed_in: SignIn, kind: type[Exception]
) -> None:
    @domain_errors_as_json
    def fail() -> str:
        raise made(kind)

    app.add_url_rule("/console/desk/failing", "failing", fail)
    browser = signed_in(make_operator(application))
    response = browser.get("/console/desk/failing", headers={"Accept": "application/json"})
    assert response.status_code == ERRORS[kind].status
    if kind is not BadCursor:
        assert {"errors", "message", "stale"} & set(response.get_json())


@EVERY
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_page_says_it_in_words(
    app: Flask, application: Application, signed_in: SignIn, kind: type[Exception], language: str
) -> None:
    def fail() -> str:
        raise made(kind)

    app.add_url_rule("/console/failing", "failing", fail)
    browser = signed_in(make_operator(application))
    browser.set_cookie("locale", language)
    page = browser.get("/console/failing")
    assert page.status_code == ERRORS[kind].status
    assert (ERRORS[kind].words in page.text) is (language == "zh_CN")
