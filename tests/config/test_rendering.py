"""`hotline flows check` writes every document a flow can lead to, and names what a carrier would refuse."""

from dataclasses import replace

import pytest

from config.rendering import refused_documents
from hotline.rules.words import Language
from ivr_flows.loader import load_scripts
from tests.policies import city_policies

POLICIES = city_policies()
SCRIPTS = load_scripts(POLICIES)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_document_of_our_own_flows_would_be_run(name: str) -> None:
    assert list(refused_documents(SCRIPTS[name], POLICIES)) == []


def test_a_document_too_long_for_the_carrier_is_named_with_its_node() -> None:
    script = SCRIPTS["menu"]
    whole = script.prompts[Language.ZH_CN]
    texts = {**whole.texts, "place": "请稍候" * 400}
    prompts = {**script.prompts, Language.ZH_CN: replace(whole, texts=texts)}
    refused = list(refused_documents(replace(script, prompts=prompts), POLICIES))
    assert "person" in {fault.place for fault in refused}
    assert all("13521" in fault.why for fault in refused)
