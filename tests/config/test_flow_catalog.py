"""The flows of the installation, as the console reads, checks and draws them."""

import pytest

from agent_console.web.flow_catalog import DraftRefused
from config.flow_catalog import CityFlows
from config.wiring import load_registry
from hotline.rules.enums import CallPurpose, Language
from ivr_flows.loader import OUR_FILES
from tests.policies import city_policies

MENU = (OUR_FILES / "flows" / "menu.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def flows() -> CityFlows:
    policies = city_policies()
    return CityFlows(load_registry(policies), lambda: policies)


def test_the_text_of_every_flow_of_the_files_can_be_edited(flows: CityFlows) -> None:
    texts = flows.file_texts()
    assert texts["menu"] == MENU
    assert {flows.of_files(purpose).edition.flow for purpose in CallPurpose} <= set(texts)


def test_an_unchanged_text_is_the_version_of_the_files(flows: CityFlows) -> None:
    draft = flows.read(MENU)
    assert draft == flows.of_files(CallPurpose.INBOUND)
    changed = flows.read(MENU.replace("timeout = 4", "timeout = 5", 1))
    assert changed.purpose is CallPurpose.INBOUND
    assert changed.edition.version != draft.edition.version


def test_a_stored_edition_is_recalled_and_drawn_from_its_source_alone(flows: CityFlows) -> None:
    draft = flows.read(MENU)
    assert flows.recall(draft.edition.source) == draft
    assert flows.read_kept(draft.edition.source) == draft
    assert flows.draw(draft.edition.source, Language.EN, None).startswith("<svg")


def test_a_finding_is_told_in_every_language_and_shows_no_path_of_the_machine(flows: CityFlows) -> None:
    with pytest.raises(DraftRefused) as refused:
        flows.read(MENU.replace('other = "hours"', 'other = "hour"', 1))
    finding = refused.value.findings[0]
    assert "hour" in finding.problem[Language.EN]
    assert finding.problem[Language.EN] != finding.problem[Language.ZH_CN]
    assert str(OUR_FILES) not in str(refused.value.findings)
    assert finding.line > 0


@pytest.mark.parametrize("source", ["", "nonsense", "{}"])
def test_a_stored_source_that_cannot_be_read_is_refused(flows: CityFlows, source: str) -> None:
    with pytest.raises(DraftRefused):
        flows.recall(source)
