"""While the application fails, callers are kept, operators and callers are connected, and nothing private is logged."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import Engine, text, update
from structlog.testing import capture_logs

from config.wiring import load_registry
from hotline.rules.enums import CallPurpose, CallState
from hotline.store.calls.tables import Call
from hotline.store.flows import FlowVersion
from hotline.unit_of_work import Application
from ivr_flows.webhooks.flow_registry import FlowRegistry
from tests.builders import make_call, make_operator
from tests.flows.conftest import CALLER, LEG, SID, Carrier, Ledger


@contextmanager
def broken(engine: Engine) -> Iterator[None]:
    """Removes the table of calls for a while, as a failing database would."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE calls RENAME TO calls_away"))
    yield
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE calls_away RENAME TO calls"))


def test_a_caller_is_kept_on_the_line_until_the_application_works_again(
    carrier: Carrier, ledger: Ledger, engine: Engine
) -> None:
    carrier.arrives(CallSid=LEG)
    with broken(engine):
        answer = carrier.arrives()
        assert (answer.verbs, answer.words[:5]) == (["Say", "Pause", "Redirect"], "抱歉，系统")
        answer = carrier.follow(answer, "Redirect", "")
        assert answer.verbs == ["Say", "Pause", "Redirect"]
    queued = carrier.follow(answer, "Redirect", "")
    assert (queued.verbs, ledger.state()) == (["Enqueue"], CallState.QUEUED)


def test_after_three_tries_the_caller_is_asked_to_phone_again(carrier: Carrier, engine: Engine) -> None:
    carrier.arrives(CallSid=LEG)
    with broken(engine):
        answer = carrier.arrives()
        for _ in range(3):
            answer = carrier.follow(answer, "Redirect", "")
    assert (answer.verbs, "零五三七四四幺二三四五" in answer.words) == (["Say", "Hangup"], True)


def test_the_same_holds_before_the_first_call_of_a_process(carrier: Carrier, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE flow_versions RENAME TO away"))
    assert carrier.arrives().verbs == ["Say", "Pause", "Redirect"]


@pytest.mark.parametrize(
    ("address", "verbs"),
    [
        ("/voice/heard?turn=3", ["Say", "Pause", "Redirect"]),
        ("/voice/fallback?again=x", ["Say", "Pause", "Redirect"]),
        ("/voice/fallback?again=3", ["Say", "Hangup"]),
        ("/voice/wait", ["Pause", "Redirect"]),
        ("/voice/wait/heard", ["Pause", "Redirect"]),
        ("/voice/dial/abc", ["Say", "Pause", "Redirect"]),
        ("/voice/desk/1", ["Hangup"]),
        ("/voice/desk/1/left", []),
        ("/voice/talk/1", ["Dial"]),
        ("/voice/talk/1/ended", ["Say", "Pause", "Redirect"]),
        ("/voice/talk/1/ended?again=3", ["Say", "Hangup"]),
    ],
)
def test_each_document_does_what_it_can(
    carrier: Carrier, engine: Engine, application: Application, address: str, verbs: list[str]
) -> None:
    make_operator(application)
    carrier.waits()
    with broken(engine):
        assert carrier.post(address, Digits="1", QueueResult="leave").verbs == verbs


def test_news_nobody_listens_to_is_asked_for_again(carrier: Carrier, ledger: Ledger, engine: Engine) -> None:
    carrier.arrives()
    with broken(engine):
        assert carrier.hangs_up().status == 503
    assert carrier.hangs_up().status == 204
    assert ledger.state() is CallState.ENDED


def test_trouble_leaves_no_receipt_behind(carrier: Carrier, ledger: Ledger, engine: Engine) -> None:
    carrier.arrives(CallSid=LEG)
    with broken(engine):
        carrier.post("/voice/incoming", token="t-1", CallStatus="ringing")
    assert carrier.post("/voice/incoming", token="t-1", CallStatus="ringing").verbs[-1] == "Gather"
    assert ledger.state() is CallState.IN_FLOW


def test_trouble_is_logged_without_anything_private(carrier: Carrier, engine: Engine) -> None:
    carrier.arrives(CallSid=LEG)
    with broken(engine), capture_logs() as logs:
        carrier.arrives()
    [entry] = logs
    assert (entry["event"], entry["webhook"], entry["sid"]) == ("webhook.failed", "incoming", SID)
    assert entry["error"] in {"OperationalError", "ProgrammingError"}
    assert "record_arrival" in entry["at"]
    assert CALLER.strip("+") not in str(logs)


def test_the_signature_is_asked_even_in_trouble(app: Flask, engine: Engine) -> None:
    with broken(engine):
        assert app.test_client().post("/voice/incoming", data={"CallSid": SID}).status_code == 403


def test_a_call_ends_with_the_edition_it_began_with(
    carrier: Carrier, engine: Engine, ledger: Ledger, registry: FlowRegistry, application: Application
) -> None:
    carrier.arrives()
    script = registry.active(CallPurpose.INBOUND)
    older = script.source.replace("投诉求助请按1", "投诉请按1").replace(
        '"say": ["main_keys", "en:english_key"], "timeout": 4',
        '"say": ["main_keys", "en:english_key"], "timeout": 9',
    )
    assert older != script.source
    with engine.begin() as connection:
        row = {"flow": "menu", "version": "older", "source": older, "first_used_at": application.clock()}
        connection.execute(FlowVersion.__table__.insert(), row)
        connection.execute(update(Call).values(flow_version="older"))
    again = carrier.post("/voice/heard?turn=9")
    assert again.find("Gather").get("timeout") == "9"
    assert "投诉请按1" in again.words


@pytest.mark.parametrize("version", ["unknown", "broken"])
def test_a_call_whose_edition_cannot_be_read_is_led_to_a_person(
    carrier: Carrier, engine: Engine, ledger: Ledger, application: Application, version: str
) -> None:
    make_call(application, sid=SID, flow="menu", flow_version=version, position="old_menu:0:2")
    with engine.begin() as connection:
        row = {"flow": "menu", "version": "broken", "source": '{"flow": {}, "prompts": {}}'}
        connection.execute(FlowVersion.__table__.insert(), {**row, "first_used_at": application.clock()})
    assert carrier.post("/voice/heard?turn=2", Digits="1").verbs == ["Enqueue"]
    assert ledger.state() is CallState.QUEUED


def test_scripts_are_kept_once_however_many_processes_ask(application: Application, ledger: Ledger) -> None:
    for _ in range(2):
        registry = load_registry(application.policies)
        registry.refresh(application)
        registry.refresh(application)
    assert ledger.rows()["flow_versions"] == 5
