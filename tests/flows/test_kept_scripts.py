"""A script stored in the database is read as it was, or refused with its problems."""

import json

import pytest

from hotline.rules.enums import Language
from ivr_flows.loader import load_stored_script
from ivr_flows.source.problems import FlowError
from tests.flows.simulated_calls import our_scripts
from tests.policies import city_policies


def test_a_kept_source_brings_back_the_same_script() -> None:
    for script in our_scripts().values():
        assert load_stored_script(script.source, city_policies()) == script
        assert set(script.prompts) == set(Language)


def test_a_source_kept_before_fields_were_renamed_or_added_brings_back_the_same_flow() -> None:
    for script in our_scripts().values():
        tables = json.loads(script.source.replace('"actions":', '"wishes":'))
        for prompts in tables["prompts"].values():
            del prompts["speech"]["keys"]
        older = load_stored_script(json.dumps(tables), city_policies())
        assert older.flow.nodes == script.flow.nodes


def test_a_kept_source_that_makes_no_sense_any_more_is_named_as_kept() -> None:
    spoiled = our_scripts()["menu"].source.replace('"kind": "condition"', '"kind": "riddle"')
    with pytest.raises(FlowError, match=r"menu \(kept\): \[to_person\] kind, given"):
        load_stored_script(spoiled, city_policies())


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        ('{"prompts": {}}', r"flow \(Field required\)"),
        ('{"flow": {"name": "menu"}}', r"prompts \(Field required\)"),
        ('{"flow": {"name": "menu"}, "prompts": {"xx": {}}}', "prompts.xx"),
        ('{"flow": {"name": "menu"}, "prompts": {}}', "a script speaks zh-CN and en"),
        ("", r"a script \(kept\): is not JSON \(Expecting value"),
        ("not json", r"a script \(kept\): is not JSON \(Expecting value"),
        ("[]", r"a script \(kept\): is no table of tables"),
        ("5", r"a script \(kept\): is no table of tables"),
        ("null", r"a script \(kept\): is no table of tables"),
        ("[" * 100_000, "is nested too deep"),
        ('{"flow": ' + '{"a": ' * 500 + "1" + "}" * 500 + ', "prompts": {}}', "is nested too deep"),
        ('{"flow": {"name": "\\ud800"}, "prompts": {}}', "is not text"),
        ("9" * 5_000, "is not JSON"),
    ],
)
def test_a_kept_source_of_which_a_part_is_missing_is_refused_like_any_other(spoiled: str, told: str) -> None:
    with pytest.raises(FlowError, match=told):
        load_stored_script(spoiled, city_policies())
