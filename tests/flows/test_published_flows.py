"""A published flow answers new calls within seconds; calls in progress end with the flow they began with."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from hotline.rules.enums import CallPurpose, CallState
from hotline.rules.people.actors import Machine
from hotline.services import flow_publications
from hotline.unit_of_work import Application
from ivr_flows.flow import Script
from ivr_flows.loader import OUR_FILES, load_stored_script, read_draft
from ivr_flows.source.problems import FlowError
from ivr_flows.webhooks.flow_registry import FlowRegistry, edition_of
from tests.flows.conftest import SID, Carrier, Ledger
from tests.stopped_clock import StoppedClock

LATER = "CA" + "2" * 32


def draft(application: Application, old: str = "timeout = 4", new: str = "timeout = 9") -> Script:
    text = (OUR_FILES / "flows/menu.toml").read_text(encoding="utf-8")
    assert old in text
    return read_draft(text.replace(old, new, 1), application.policies)


def publish(application: Application, script: Script, based_on: int = 0) -> int:
    with application.unit_of_work(Machine.SYSTEM) as work:
        return flow_publications.publish(work, CallPurpose.INBOUND, edition_of(script), based_on=based_on)


def timeout(carrier: Carrier, sid: str) -> str | None:
    return carrier.arrives(CallSid=sid).find("Gather").get("timeout")


def test_new_calls_begin_with_what_was_published_and_old_ones_end_with_theirs(
    carrier: Carrier, ledger: Ledger, application: Application, clock: StoppedClock
) -> None:
    assert timeout(carrier, SID) == "4"
    first = publish(application, draft(application))
    clock.advance(3)
    assert timeout(carrier, LATER) == "9"
    assert carrier.post("/voice/heard?turn=99").find("Gather").get("timeout") == "4"
    publish(application, draft(application, "timeout = 4", "timeout = 7"), first)
    clock.advance(3)
    assert timeout(carrier, "CA" + "3" * 32) == "7"
    assert ledger.state(SID) is CallState.IN_FLOW


def test_every_process_sees_it(application: Application, policies, clock: StoppedClock) -> None:
    script = draft(application)
    other = FlowRegistry(
        {"menu": draft(application, "timeout = 4", "timeout = 4")},
        policies,
        load_stored_script,
    )
    other.refresh(application)
    publish(application, script)
    assert other.active(CallPurpose.INBOUND).flow.version != script.flow.version
    clock.advance(2)
    other.refresh(application)
    assert other.active(CallPurpose.INBOUND).flow.version == script.flow.version


def test_a_wrong_draft_is_no_script_at_all(application: Application) -> None:
    with pytest.raises(FlowError, match=r"menu|draft"):
        draft(application, 'tries = 1, to = "to_person"', 'tries = 1, to = "nowhere"')


@pytest.mark.parametrize(
    "source", ['{"flow": {"name": "menu"}, "prompts": {}}', "", "[]", "5", "null", "[" * 100_000]
)
def test_a_published_flow_this_program_cannot_read_leaves_the_files_in_force(
    source: str, carrier: Carrier, application: Application, clock: StoppedClock
) -> None:
    broken = replace(draft(application), source=source)
    publish(application, broken)
    with capture_logs() as told:
        for sid in (SID, LATER):
            clock.advance(3)
            assert timeout(carrier, sid) == "4"
    assert [each["event"] for each in told if each["log_level"] == "error"] == ["flow.unreadable"]
