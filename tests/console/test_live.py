"""Live news: who hears what, nothing missed through a reconnect, and an honest answer while Redis is away."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.wrappers import Response

from agent_console.app import ConsoleOptions, register
from agent_console.live import views as live
from agent_console.live.hub import (
    HEARTBEAT_SECONDS,
    STREAM,
    Entry,
    Hub,
    QueueListener,
    StreamDown,
    StreamItem,
)
from agent_console.live.streams import SessionWatch, visible_to
from hotline.rules.enums import Role
from hotline.rules.people.actors import Person, Right
from hotline.unit_of_work import Application
from tests.builders import make_operator, make_user, person_of
from tests.console.conftest import SignIn, arm_with_csrf_token
from tests.stopped_clock import StoppedClock

AT = "2026-11-23T01:00:00+00:00"
PATIENCE = 5.0


def news(kind: str, **data: object) -> dict[str, Any]:
    return {"kind": kind, "at": AT, "data": data}


def announce(redis: "Redis", *events: dict[str, Any]) -> str:
    entry_id = redis.xadd(STREAM, {"e": json.dumps(events)}, maxlen=10_000)
    return entry_id.decode() if isinstance(entry_id, bytes) else str(entry_id)


@pytest.fixture
def hub(app: Flask) -> Iterator[Hub]:
    """The application's own hub, stopped after the test."""
    source: Hub = app.extensions[live.HUB]
    yield source
    source.close()


def messages(stream: Response, number: int) -> list[dict[str, Any]]:
    """Read `number` messages of a stream that tell something."""
    found: list[dict[str, Any]] = []
    pieces = stream.iter_encoded()
    while len(found) < number:
        for message in next(pieces).decode().strip().split("\n\n"):
            lines = message.split("\n")
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            if "data" in fields:
                found.append({**fields, "data": json.loads(fields["data"])})
    return found


def open_stream(browser: FlaskClient, last_id: str | None = None) -> Response:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    return browser.get("/events", headers=headers, buffered=False)


def test_a_desk_hears_its_own_call_and_only_that_others_changed_the_queue(
    hub: Hub, redis: "Redis", application: Application, signed_in: SignIn
) -> None:
    person = make_operator(application)
    with open_stream(signed_in(person)) as stream:
        announce(redis, news("CallOffered", call_id=7, offer_id=3, operator_id=person.id))
        announce(redis, news("CallOffered", call_id=8, offer_id=4, operator_id=person.id + 1))
        own, other = messages(stream, 2)
    assert own["data"] == [{"kind": "CallOffered", "at": AT, "own": True, "call_id": 7, "offer_id": 3}]
    assert other["data"] == [{"kind": "QueueChanged", "at": AT}]


def test_nothing_is_missed_between_two_connections(
    hub: Hub, redis: "Redis", application: Application, signed_in: SignIn
) -> None:
    person = make_operator(application)
    browser = signed_in(person)
    first = announce(redis, news("PresenceChanged", user_id=person.id, state="ready", reason=None))
    second = announce(redis, news("PresenceChanged", user_id=person.id, state="ringing", reason=None))
    announce(redis, news("PresenceChanged", user_id=person.id, state="talking", reason=None))
    with open_stream(browser, first) as stream:
        announce(redis, news("PresenceChanged", user_id=person.id, state="wrap_up", reason=None))
        heard = messages(stream, 3)
    assert [message["data"][0]["state"] for message in heard] == ["ringing", "talking", "wrap_up"]
    assert heard[0]["id"] == second


def test_who_was_away_too_long_is_told_to_look_again(
    hub: Hub, redis: "Redis", application: Application, signed_in: SignIn
) -> None:
    announce(redis, news("CallQueued", call_id=1))
    with open_stream(signed_in(make_operator(application)), "1-1") as stream:
        assert messages(stream, 1)[0]["event"] == "reset"


@pytest.mark.parametrize(
    "last_id", ["rubbish", "1", "-1-1", "9" * 60 + "-1", "1-x", "9" * 30 + "-1", f"1-{2**64}"]
)
def test_a_strange_last_id_is_taken_as_none(
    hub: Hub, application: Application, signed_in: SignIn, last_id: str
) -> None:
    with open_stream(signed_in(make_operator(application)), last_id) as stream:
        assert stream.status_code == 200


def test_nobody_hears_anything_without_signing_in(browser: FlaskClient) -> None:
    assert browser.get("/events").status_code == 303


def test_a_page_is_told_at_once_that_redis_is_away(
    application: Application, console_options: ConsoleOptions, signed_in: SignIn
) -> None:
    app = Flask("hotline-without-redis", static_folder=None)
    register(app, application, replace(console_options, redis_url="redis://127.0.0.1:1/0"))
    person = make_operator(application)
    browser = app.test_client()
    with signed_in(person).session_transaction() as known, browser.session_transaction() as session:
        session.update(known)
    arm_with_csrf_token(app, browser)
    answer = browser.get("/events")
    app.extensions[live.HUB].close()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_a_process_holds_no_more_streams_than_it_has_threads_for(redis_url: str) -> None:
    hub = Hub(redis_url, max_listeners=1)
    with hub.listen(QueueListener()), pytest.raises(StreamDown), hub.listen(QueueListener()):
        pass
    with hub.listen(QueueListener()):
        pass
    hub.close()


def test_a_listener_that_cannot_keep_up_is_closed_and_the_others_go_on(
    redis_url: str, redis: "Redis"
) -> None:
    hub = Hub(redis_url, max_listeners=5)
    slow, quick = QueueListener(), QueueListener()
    with hub.listen(slow), hub.listen(quick):
        heard = 0
        reading = threading.Event()

        def read() -> None:
            nonlocal heard
            while heard < 600:
                assert isinstance(quick.items.get(timeout=PATIENCE), Entry)
                heard += 1
            reading.set()

        thread = threading.Thread(target=read)
        thread.start()
        for number in range(600):
            announce(redis, news("CallQueued", call_id=number))
        assert reading.wait(PATIENCE * 2)
        thread.join(PATIENCE)
        last = [slow.items.get_nowait() for _ in range(slow.items.qsize())][-1]
        assert not isinstance(last, Entry)
    hub.close()


class LastIdListener(QueueListener):
    """Notes the hub's newest id at the moment at which it is given an entry."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self.hub, self.newest = hub, list[str]()

    def offer(self, item: StreamItem) -> bool:
        self.newest.append(self.hub.last_id)
        return super().offer(item)


def test_a_heartbeat_never_names_an_entry_that_a_page_was_not_given(redis_url: str, redis: "Redis") -> None:
    hub = Hub(redis_url, max_listeners=1)
    listener = LastIdListener(hub)
    with hub.listen(listener):
        given = announce(redis, news("CallQueued", call_id=1))
        assert isinstance(listener.items.get(timeout=PATIENCE), Entry)
    hub.close()
    assert given not in listener.newest


TICKET = news("TicketHandedOff", ticket_id=5, unit_code="city-management")
CALLBACK = news("CallbackPromised", callback_id=6, reason="requested")
PRESENCE = news("PresenceChanged", user_id=900, state="ready", reason=None)
QUEUED = news("CallQueued", call_id=7)
HEARS: list[tuple[Role, str | None, dict[str, Any], bool]] = [
    (Role.OPERATOR, None, QUEUED, True),
    (Role.LEADER, None, QUEUED, False),
    (Role.HANDLER, "city-management", QUEUED, False),
    (Role.HANDLER, "city-management", TICKET, True),
    (Role.HANDLER, "sanitation", TICKET, False),
    (Role.HANDLER, "city-management", CALLBACK, False),
    (Role.DISPATCHER, None, TICKET, True),
    (Role.OPERATOR, None, CALLBACK, True),
    (Role.LEADER, None, CALLBACK, False),
    (Role.SUPERVISOR, None, PRESENCE, True),
    (Role.OPERATOR, None, PRESENCE, False),
]


@pytest.mark.parametrize(("role", "unit_code", "event", "hears"), HEARS)
def test_everybody_hears_only_what_their_role_covers(
    role: Role, unit_code: str | None, event: dict[str, Any], hears: bool
) -> None:
    person = Person(id=1, role=role, unit_code=unit_code)
    assert (visible_to(person, event) is not None) is hears


def test_a_unit_without_a_code_hears_of_no_ticket_without_a_unit() -> None:
    event = news("TicketOpened", ticket_id=5)
    assert visible_to(Person(id=1, role=Role.HANDLER, unit_code=None), event) is None


def test_the_sessions_of_all_streams_are_read_once_a_heartbeat(
    application: Application, clock: StoppedClock, signed_in: SignIn
) -> None:
    watch = SessionWatch(application)
    browsers = [signed_in(person_of(make_user(application, Role.OPERATOR))) for _ in range(2)]
    tokens = []
    for browser in browsers:
        with browser.session_transaction() as session:
            tokens.append(session["sign_in"])
    with watch.watched(tokens[0]), watch.watched(tokens[1]):
        assert [watch.is_valid(token) for token in tokens] == [True, True]
        browsers[0].post("/logout")
        assert watch.is_valid(tokens[0])
        clock.advance(HEARTBEAT_SECONDS)
        assert [watch.is_valid(token) for token in tokens] == [False, True]


def test_a_signed_out_session_hears_nothing_more_even_while_there_is_always_news(
    hub: Hub, redis: "Redis", application: Application, clock: StoppedClock, signed_in: SignIn
) -> None:
    person = make_operator(application)
    browser = signed_in(person)
    with open_stream(browser) as stream:
        pieces = stream.iter_encoded()
        next(pieces)
        announce(redis, news("CallQueued", call_id=1))
        assert b"QueueChanged" in next(pieces)
        browser.post("/logout")
        clock.advance(HEARTBEAT_SECONDS)
        announce(redis, news("CallQueued", call_id=2))
        assert list(pieces) == []


@pytest.mark.parametrize("role", list(Role))
def test_an_outage_is_news_to_who_may_read_outages_without_a_word_of_it(role: Role) -> None:
    person = Person(id=1, role=role, unit_code="lamps" if role is Role.HANDLER else None)
    told = visible_to(person, news("OutageAnnounced", outage_id=7))
    assert (told is not None) == person.may(Right.READ_OUTAGES)
    assert told is None or told.keys() == {"kind", "at", "outage_id"}
