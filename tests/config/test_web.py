"""The web process as a whole: health, readiness, and no 500 for an unknown visitor."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text
from werkzeug.test import create_environ, run_wsgi_app

from agent_console.web.console_context import application
from config.processes.serve import GROUPS, create_app, limiter_storage, main, options_of
from config.settings import Settings, read_settings
from hotline.store.engine import open_engine
from hotline.store.schema import migrate


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Settings:
    found = read_settings({"HOTLINE_HOME": str(tmp_path), "REDIS_URL": redis_url})
    engine = open_engine(found.database_url)
    migrate(engine)
    engine.dispose()
    return found


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    with made.app_context():
        application().engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_living_process_says_so(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_ready_when_database_and_redis_answer(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"database": "ok", "redis": "ok"})


def test_not_ready_names_a_database_that_was_never_migrated(client: FlaskClient, settings: Settings) -> None:
    engine = open_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    engine.dispose()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "run hotline migrate" in answer.get_json()["database"]
    assert answer.get_json()["redis"] == "ok"


def test_not_ready_names_a_redis_that_is_away(tmp_path: Path, settings: Settings) -> None:
    away = read_settings({"HOTLINE_HOME": str(settings.home), "REDIS_URL": f"unix://{tmp_path}/nobody?db=0"})
    app = create_app(away)
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"database": "ok", "redis": "does not answer"})
    assert app.test_client().get("/healthz").status_code == 200


def test_every_address_refuses_a_stranger_politely(app: Flask) -> None:
    client = app.test_client()
    with app.test_request_context():
        rules = list(app.url_map.iter_rules())
    for rule in rules:
        path = rule.rule
        for name, convert in (("<int:", "1"), ("<path:", "x"), ("<", "x")):
            while name in path:
                start = path.index(name)
                path = path[:start] + convert + path[path.index(">", start) + 1 :]
        for method in sorted((rule.methods or set()) & {"GET", "POST", "DELETE"}):
            answer = client.open(path, method=method)
            assert answer.status_code < 500, (method, path, answer.status_code)
            answer.close()


def test_a_voice_request_without_signature_is_refused(client: FlaskClient) -> None:
    assert client.post("/voice/incoming", data={"CallSid": "CA1"}).status_code == 403


def test_streams_get_an_event_loop_and_a_short_farewell(settings: Settings) -> None:
    web, events = (options_of(name, GROUPS[name], settings) for name in ("web", "events"))
    assert (events["worker_class"], events["graceful_timeout"]) == ("asgi", 3)
    assert events["worker_connections"] > GROUPS["events"].streams
    assert web["workers"] == settings.web_processes
    assert all(options["control_socket_disable"] for options in (web, events))


def test_a_group_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["everything"]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("redis", "limiter"),
    [("redis://h:1/0", "redis://h:1/0"), ("unix:///run/r.sock?db=0", "redis+unix:///run/r.sock?db=0")],
)
def test_the_login_limiter_counts_in_the_same_redis(redis: str, limiter: str) -> None:
    assert limiter_storage(redis) == limiter


def test_log_in_attempts_are_counted_where_all_processes_see_them(client: FlaskClient, redis: Redis) -> None:
    page = client.get("/login").get_data(as_text=True)
    forged = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    client.post("/login", data={"name": "nobody", "password": "wrong-password", "csrf_token": forged})
    assert any("LIMITS" in str(key) for key in redis.keys("*"))


@pytest.mark.parametrize(
    "path",
    ["//voice/incoming", "/voice//incoming", "/voice/incoming//", "///voice//heard", "/voice/dial//status"],
)
def test_a_doubled_slash_never_sends_the_carrier_elsewhere(app: Flask, path: str) -> None:
    """A redirected POST loses its form, and with it the caller."""
    for method in ("GET", "POST"):
        environ = create_environ("/", "http://127.0.0.1", method=method)
        _, status, headers = run_wsgi_app(app.wsgi_app, {**environ, "PATH_INFO": path, "RAW_URI": path})
        assert int(status.split()[0]) in {403, 404, 405}
        assert "Location" not in headers


def test_the_figures_of_the_line_are_told_to_prometheus(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert 'hotline_deliveries{lane="notifications",state="dead"} 0.0' in answer.text
    assert 'hotline_delivery_oldest_seconds{lane="calls"} 0.0' in answer.text
    assert "hotline_escalations_open 0.0" in answer.text


def test_no_figures_are_told_without_the_database(client: FlaskClient, settings: Settings) -> None:
    engine = open_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE escalations"))
    engine.dispose()
    assert client.get("/metrics").status_code == 503
