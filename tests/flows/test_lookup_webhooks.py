"""A flow queries a system of the city's own: the caller waits briefly, hears the reply, and goes on without one too."""

from dataclasses import replace
from pathlib import Path

import pytest

from hotline.rules.enums import CallState, LookupState
from hotline.rules.people.actors import Machine
from hotline.rules.policies import LookupSource, Policies
from hotline.services.calls import lookups
from hotline.store.calls.lookups import Lookup
from hotline.unit_of_work import Application
from ivr_flows.loader import OUR_FILES, load_scripts, load_stored_script, read_draft
from ivr_flows.webhooks.flow_registry import FlowRegistry
from tests.flows.conftest import PUBLIC, Carrier, Ledger
from tests.policies import city_policies
from tests.stopped_clock import StoppedClock

FLOW = """
name = "menu"
purpose = "inbound"
entry = "water"
person = "person"
include = ["person"]
[nodes.water]
kind = "lookup"
source = "water"
found = "told"
unknown = "person"
timeout = "person"
failed = "person"
[nodes.told]
kind = "menu"
say = ["status_more"]
timeout = 4
on_silence = { tries = 1, to = "person" }
on_invalid = { tries = 1, to = "person" }
[nodes.told.keys]
0 = { to = "person" }
"""


@pytest.fixture
def policies() -> Policies:
    base = city_policies()
    water = {"water": LookupSource("https://water.example", "s", 6)}
    return replace(base, callers=replace(base.callers, lookups=water))


@pytest.fixture
def registry(policies: Policies, tmp_path: Path) -> FlowRegistry:
    scripts = load_scripts(policies, OUR_FILES)
    return FlowRegistry({**scripts, "menu": read_draft(FLOW, policies)}, policies, load_stored_script)


def answer(application: Application, state: LookupState, text: str = "") -> None:
    with application.unit_of_work(Machine.WORKER) as work:
        lookups.record_answer(work, work.session.query(Lookup.id).scalar(), state, text, "")


def test_the_caller_waits_a_second_at_a_time_and_hears_the_answer(
    carrier: Carrier, application: Application, clock: StoppedClock
) -> None:
    asking = carrier.arrives()
    assert (asking.words, asking.verbs) == ("请稍候。", ["Say", "Pause", "Redirect"])
    assert asking.find("Redirect").text == f"{PUBLIC}/voice/again?turn=0"
    clock.advance(1)
    assert carrier.follow(asking, "Redirect", "").verbs == ["Say", "Pause", "Redirect"]
    answer(application, LookupState.FOUND, "您所在小区今天停水。")
    told = carrier.follow(asking, "Redirect", "")
    assert told.words.startswith("您所在小区今天停水。")
    assert told.verbs == ["Gather"]


@pytest.mark.parametrize("state", [LookupState.UNKNOWN, LookupState.FAILED])
def test_no_answer_leads_on(
    carrier: Carrier, ledger: Ledger, application: Application, state: LookupState
) -> None:
    asking = carrier.arrives()
    answer(application, state)
    assert carrier.follow(asking, "Redirect", "").verbs == ["Enqueue"]
    assert ledger.state() is CallState.QUEUED


def test_nobody_waits_longer_than_the_city_allows(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock
) -> None:
    asking = carrier.arrives()
    clock.advance(6)
    assert carrier.follow(asking, "Redirect", "").verbs == ["Enqueue"]
    assert (ledger.state(), ledger.rows()["lookups"]) == (CallState.QUEUED, 1)
