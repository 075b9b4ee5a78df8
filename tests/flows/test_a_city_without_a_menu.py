"""A city may do without keys, as the national standard prefers: its flow begins in the queue. No Python changes."""

import shutil
from pathlib import Path

import pytest

from hotline.rules.actors import Machine
from hotline.rules.refusals import LostRace
from hotline.rules.wishes import PromiseCallback
from hotline.rules.words import CallState
from hotline.work import Hall
from ivr_flows.granting import grant
from ivr_flows.loader import OUR_FILES, load_scripts
from ivr_flows.shelf import FlowShelf
from tests.builders import make_call
from tests.flows.conftest import PUBLIC, Carrier, Ledger

MAIN = """
name = "main"
purpose = "inbound"
entry = "person"
person = "person"
include = ["person"]
"""


@pytest.fixture
def shelf(tmp_path: Path) -> FlowShelf:
    for name in "flows", "prompts":
        shutil.copytree(OUR_FILES / name, tmp_path / "city" / name)
    (tmp_path / "city/flows/main.toml").write_text(MAIN, encoding="utf-8")
    shared = tmp_path / "city/flows/shared/person.toml"
    text = shared.read_text(encoding="utf-8").replace('say = ["connecting"]', "say = []")
    shared.write_text(text, encoding="utf-8")
    return FlowShelf(load_scripts(tmp_path / "city"))


def test_the_first_webhook_puts_the_caller_into_the_queue(carrier: Carrier, ledger: Ledger) -> None:
    queued = carrier.arrives()
    assert queued.find("Enqueue").get("waitUrl") == f"{PUBLIC}/voice/wait"
    assert ledger.state() is CallState.QUEUED
    assert carrier.arrives().verbs == ["Enqueue"]
    assert ledger.rows()["calls"] == 1


def test_a_callback_is_not_promised_to_somebody_an_operator_has_just_taken(
    hall: Hall, ledger: Ledger
) -> None:
    call = make_call(hall, state=CallState.CONNECTING)
    with pytest.raises(LostRace), hall.open_work(Machine.CALLER) as work:
        grant(work, call.id, PromiseCallback())
    assert ledger.callbacks() == []
