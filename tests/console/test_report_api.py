"""Reports over HTTP: the public document to the letter, bad days named, rights kept, published rates checked."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from agent_console.app import ConsoleOptions
from hotline.rules.enums import (
    CallEnd,
    CallOutcome,
    CallState,
    Channel,
    Closing,
    NoMatterReason,
    RequestType,
    Role,
    TicketState,
)
from hotline.rules.figures.statistics import STATISTICS
from hotline.services.people import tokens
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit, make_user, person_of
from tests.city_texts import catalog, texts_with
from tests.stopped_clock import MONDAY_MORNING, StoppedClock

RATES = [statistic.name for statistic in STATISTICS]


@pytest.fixture
def console_options(console_options: ConsoleOptions, clock: StoppedClock) -> ConsoleOptions:
    """The console of a city that once claimed 90 % closed for 2026-11-20."""
    claimed = '[[claim]]\nstatistic = "closure_rate"\nvalue = "90.00"\nto = "2026-11-20"\n'
    city = catalog(clock, texts_with(published=claimed))
    return ConsoleOptions(
        **{name: getattr(console_options, name) for name in console_options.__dataclass_fields__}
        | {"city": city}
    )


@pytest.fixture
def token(application: Application) -> str:
    leader = make_user(application, Role.LEADER)
    with application.unit_of_work(person_of(leader)) as work:
        return tokens.create_token(work, name="report reader", user_name=leader.name)


def ask(browser: FlaskClient, token: str, address: str) -> TestResponse:
    return browser.get(f"/api/v1{address}", headers={"Authorization": f"Bearer {token}"})


def fill(application: Application) -> None:
    """Three calls and four tickets of today, two tickets of Friday."""
    for wait in (9, 16):
        answered = MONDAY_MORNING + timedelta(seconds=wait)
        make_call(
            application,
            queued_at=MONDAY_MORNING,
            answered_at=answered,
            wait_seconds=wait,
            state=CallState.ENDED,
            end=CallEnd.COMPLETED,
        )
    make_call(application, queued_at=MONDAY_MORNING, state=CallState.ENDED, end=CallEnd.ABANDONED)
    make_unit(application)
    direct = {"state": TicketState.CLOSED, "closing": Closing.ANSWERED_DIRECT, "closed_at": MONDAY_MORNING}
    make_ticket(application, type=RequestType.CONSULTATION, **direct)
    make_ticket(application, type=RequestType.OTHER, channel=Channel.WEB, **direct)
    due = MONDAY_MORNING + timedelta(days=5)
    handed = {"unit_code": "city-management", "dispatched_at": MONDAY_MORNING, "due_at": due}
    make_ticket(application, type=RequestType.HELP, state=TicketState.DISPATCHED, **handed)
    make_ticket(application, state=TicketState.DRAFT)
    friday = datetime(2026, 11, 20, 2, tzinfo=UTC)
    make_ticket(application, received_at=friday, **(direct | {"closed_at": friday}))
    make_ticket(application, received_at=friday, state=TicketState.DISPATCHED, **handed)


def test_the_day_is_answered_in_exactly_the_promised_document(
    application: Application, browser: FlaskClient, token: str
) -> None:
    fill(application)
    answer = ask(browser, token, "/reports/daily?date=2026-11-23")
    assert answer.status_code == 200
    document = answer.get_json()
    assert list(document) == [
        "from",
        "to",
        "timezone",
        "as_of",
        "calls",
        "requests",
        "rates",
        "units",
        "reconciliation",
    ]
    assert document["from"] == document["to"] == "2026-11-23"
    assert document["timezone"] == "Asia/Shanghai"
    assert document["as_of"] == "2026-11-23T09:00:00+08:00"
    nothing = dict.fromkeys(NoMatterReason, 0)
    unrated = {"satisfied": 0, "not_satisfied": 0, "no_answer": 0}
    assert document["calls"] == {
        "offered": 3,
        "answered": 2,
        "answered_15s": 1,
        "abandoned": 1,
        "called_back": 0,
        "received": 3,
        "by_outcome": dict.fromkeys(CallOutcome, 0) | {"answered": 2, "abandoned": 1},
        "ended_as": {"ticket": 0, "existing_matter": 0, "no_matter": 0, "open": 2},
        # 9 s and 16 s: half a second is rounded up.
        "mean_wait_seconds": 13,
        "longest_wait_seconds": 16,
        "mean_talk_seconds": None,
        "no_matter": nothing,
        "after_call": unrated | {"no_answer": 2},
        "callback_talks": {"answered": 0, "no_matter": nothing, "after_call": unrated},
    }
    assert document["requests"]["total"] == 3
    assert document["requests"]["by_class"] == {"complaint": 1, "consultation": 1, "suggestion": 0}
    assert document["requests"]["by_type"] == {
        "consultation": 1,
        "help": 1,
        "complaint": 0,
        "report": 0,
        "suggestion": 0,
        "praise": 0,
        "other": 1,
    }
    assert document["requests"]["by_channel"]["web"] == 1
    assert list(document["rates"]) == RATES
    assert document["rates"]["closure_rate"] == {
        "numerator": 2,
        "denominator": 3,
        "excluded": 1,
        "value": "66.67",
    }
    assert document["rates"]["connect_rate"]["value"] == "66.67"
    assert document["rates"]["answered_15s_rate"]["value"] == "33.33"
    assert document["rates"]["satisfaction_rate"]["value"] is None
    assert all(line["ok"] for line in document["reconciliation"])
    assert {frozenset(line) for line in document["reconciliation"]} == {
        frozenset({"line", "left", "right", "ok"})
    }
    (unit,) = document["units"]
    assert (unit["code"], unit["name"], unit["open"], unit["overdue"]) == (
        "city-management",
        "城市管理局",
        2,
        0,
    )


def test_a_range_adds_its_days(application: Application, browser: FlaskClient, token: str) -> None:
    fill(application)
    document = ask(browser, token, "/reports?from=2026-11-20&to=2026-11-23").get_json()
    assert (document["from"], document["to"]) == ("2026-11-20", "2026-11-23")
    assert document["requests"]["total"] == 5


def test_without_a_date_the_day_is_today_so_far(
    application: Application, browser: FlaskClient, token: str
) -> None:
    assert ask(browser, token, "/reports/daily").get_json()["from"] == "2026-11-23"


def test_a_published_rate_that_the_rows_do_not_make_is_a_line_that_is_not_ok(
    application: Application, browser: FlaskClient, token: str
) -> None:
    fill(application)
    document = ask(browser, token, "/reports/daily?date=2026-11-20").get_json()
    (line,) = [line for line in document["reconciliation"] if not line["ok"]]
    assert (line["left"], line["right"]) == ("90.00", "50.00")
    assert re.search("published closure_rate = computed closure_rate .90.00 needs", line["line"])


@pytest.mark.parametrize(
    ("address", "field", "code"),
    [
        ("/reports/daily?date=yesterday", "date", "not_a_date"),
        ("/reports/daily?date=", "date", "missing"),
        ("/reports/daily?date=2026-02-30", "date", "not_a_date"),
        ("/reports/daily?date=9999-12-31", "date", "unknown_value"),
        ("/reports/daily?day=2026-11-23", "day", "unknown_field"),
        ("/reports?from=2026-11-23", "to", "missing"),
        ("/reports?from=2026-11-23&to=2026-11-22", "to", "ends_before_it_begins"),
        ("/reports?from=%00&to=2026-11-22", "from", None),
    ],
)
def test_a_bad_day_is_named(
    browser: FlaskClient, token: str, address: str, field: str, code: str | None
) -> None:
    answer = ask(browser, token, address)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    errors = {error["field"]: error["code"] for error in answer.get_json()["errors"]}
    assert field in errors
    assert code is None or errors[field] == code


def test_reports_need_their_right(application: Application, browser: FlaskClient) -> None:
    operator = make_user(application, Role.OPERATOR)
    with application.unit_of_work(person_of(operator)) as work:
        token = tokens.create_token(work, name="desk", user_name=operator.name)
    assert ask(browser, token, "/reports/daily").status_code == 403
    assert browser.get("/api/v1/reports/daily").status_code == 401
