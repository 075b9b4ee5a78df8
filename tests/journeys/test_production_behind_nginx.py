"""A line in production behind a real nginx, by the documents: what people, the carrier and programs reach through it."""

import http.client
import re
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from agent_console.web.security import MAX_REQUEST_BYTES
from tests.databases import Postgres
from tests.journeys.production import (
    NGINX,
    OPENSSL,
    Production,
    documented_nginx,
    is_ready,
    production,
    until,
)

PASSWORD = "A-long-enough-password-1"
LACKING = [name for name, found in (("nginx", NGINX), ("openssl", OPENSSL)) if found is None]
# Nine processes start: some seconds, or minutes on a machine that is busy with other work.
pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


def test_the_proxy_takes_uploads_as_large_as_the_application_does() -> None:
    limit = re.search(r"client_max_body_size (\d+)m;", documented_nginx())
    assert limit is not None
    assert int(limit[1]) * 1024 * 1024 == MAX_REQUEST_BYTES


@pytest.fixture(scope="module")
def line(postgres: Postgres | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    if LACKING or postgres is None:
        pytest.skip(f"not installed: {', '.join([*LACKING, *([] if postgres else ['PostgreSQL'])])}")
    with postgres.clone(empty=True) as url, production(tmp_path_factory.mktemp("line"), url) as running:
        yield running


def events(line: Production, name: str) -> list[str]:
    return [event["event"] for event in line.logged(name)]


def last(line: Production, name: str, wanted: str) -> dict[str, Any] | None:
    """Returns the last event of a process if it is `wanted`."""
    logged = line.logged(name)
    return logged[-1] if logged and logged[-1]["event"] == wanted else None


def acting_and_waiting(line: Production) -> tuple[str, str] | None:
    """Returns the schedulers once one of them acts and the other one waits, by what each has logged last about itself."""
    states = {"clock.acting": "", "clock.waiting": ""}
    for name in ("clock-1", "clock-2"):
        said = [event for event in events(line, name) if event in states]
        if said:
            states[said[-1]] = name
    return (states["clock.acting"], states["clock.waiting"]) if all(states.values()) else None


def sign_in(line: Production, name: str, **headers: str) -> tuple[requests.Session, requests.Response]:
    """Signs in as a browser does: the page, then its form, with the origin of the page."""
    browser = line.http()
    page = browser.get(f"{line.address}/login", timeout=20)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token, page.text
    form = {"name": name, "password": PASSWORD, "csrf_token": token[1]}
    given = {"Origin": line.address, **headers}
    return browser, browser.post(
        f"{line.address}/login", data=form, headers=given, timeout=20, allow_redirects=False
    )


def test_the_line_works_behind_the_documented_proxy(line: Production) -> None:
    added = line.run("user", "add", "zhang", "--role", "operator", given=PASSWORD + "\n")
    assert added.returncode == 0, added.stderr

    # People sign in at a port that is not 443; a form of another site is refused.
    browser, answer = sign_in(line, "zhang")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert sign_in(line, "zhang", Origin="https://localhost")[1].status_code == 400

    # The live stream arrives at once, from the events process.
    with browser.get(f"{line.address}/events", stream=True, timeout=20) as stream:
        chunks = stream.iter_lines(decode_unicode=True)
        assert next(chunks) == "retry: 1000"
        page = browser.get(f"{line.address}/console", timeout=20).text
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert token
        ready = browser.post(
            f"{line.address}/console/desk/presence",
            json={"state": "ready"},
            headers={"X-CSRFToken": token[1], "Referer": f"{line.address}/console"},
            timeout=20,
        )
        assert ready.status_code == 204, ready.text
        assert "PresenceChanged" in next(text for text in chunks if text.startswith("data:"))

    # The carrier's webhooks are known by their signature, the query included.
    call = {"CallSid": "CA1", "From": "+8613800001234", "To": "+865374412345", "CallStatus": "ringing"}
    accepted = line.signed_webhook("/voice/incoming", call)
    assert accepted.status_code == 200, accepted.text
    assert "<Response>" in accepted.text
    assert line.signed_webhook("/voice/incoming?a=%2F&b=", call).status_code == 200
    assert line.signed_webhook("/voice/incoming", call, "https://elsewhere.example").status_code == 403


def test_an_upload_over_the_limit_is_refused_in_words(line: Production) -> None:
    host = line.address.removeprefix("https://")
    trusted = ssl.create_default_context(cafile=str(line.certificate))
    connection = http.client.HTTPSConnection(host, context=trusted, timeout=20)
    connection.putrequest("POST", "/login")
    connection.putheader("Content-Length", str(MAX_REQUEST_BYTES + 1))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert "32 MB" in (text := answer.read().decode())
    assert "没有保存" in text
    connection.close()


def test_every_line_of_every_process_is_json_and_the_reason_of_an_outage_is_told(
    line: Production, postgres: Postgres
) -> None:
    assert [event["event"] for event in line.logged("clock-1") + line.logged("clock-2")].count(
        "clock.started"
    ) == 2
    until("a scheduler acts and the other one waits", lambda: acting_and_waiting(line))
    before = {name: len(line.lines(name)) for name in line.processes}

    with postgres.closed(line.environ["DATABASE_URL"]):
        ends = time.monotonic() + 4
        while time.monotonic() < ends:
            line.signed_webhook("/voice/incoming", {"CallSid": "CA2", "From": "+8613800001234", "To": "1"})
            line.http().get(f"{line.address}/login", timeout=20)
            requests.get(f"http://127.0.0.1:{line.web_ports[1]}/readyz", timeout=20)
    until("the line is back", lambda: is_ready(f"http://127.0.0.1:{line.web_ports[1]}/readyz"))

    said = [event for name in line.processes for event in line.logged(name)[before[name] :]]
    assert len(said) < 60, [event["event"] for event in said]
    reasons = {event["reason"] for event in said if event["event"] in {"clock.trouble", "readiness.database"}}
    assert any("not currently accepting connections" in reason for reason in reasons), reasons

    acting, waiting = until("one acts and the other one waits", lambda: acting_and_waiting(line))
    assert line.end(acting) == 0
    assert events(line, acting)[-1] == "clock.stopped"
    took_over = until("the other one takes over", lambda: last(line, waiting, "clock.acting"))
    assert took_over["took_over_from"] == line.logged(acting)[-1]["holder"]


def test_the_doctor_names_what_is_well_and_what_is_not(line: Production) -> None:
    well = until("all is well", lambda: (found := line.run("doctor")).returncode == 0 and found)
    assert "ok   sounds" in well.stdout
    line.end("worker-notifications")
    found = line.run("doctor")
    assert found.returncode == 1
    assert "notifications" in found.stdout


def test_a_host_that_is_stopped_is_passed_over(line: Production) -> None:
    assert line.end("web-1") == 0
    assert {line.http().get(f"{line.address}/login", timeout=20).status_code for _ in range(6)} == {200}
