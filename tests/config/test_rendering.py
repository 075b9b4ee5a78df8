"""`hotline flows check` writes every document a flow can lead to, and names what a carrier would refuse."""

from dataclasses import replace

import pytest

from config.document_check import refused_documents
from hotline.rules.enums import Language
from ivr_flows.flow import Script, lines_of
from ivr_flows.speech import PROGRAM_PROMPTS
from tests.flows.simulated_calls import our_scripts
from tests.policies import city_policies

POLICIES = city_policies()
SCRIPTS = our_scripts()


def with_text(script: Script, language: Language, prompt: str, text: str) -> Script:
    whole = script.prompts[language]
    prompts = {**script.prompts, language: replace(whole, texts={**whole.texts, prompt: text})}
    return replace(script, prompts=prompts)


def heard(script: Script, language: Language) -> set[str]:
    """Returns every sentence that is spoken in `language`; some have a fixed language of their own."""
    lines = [line for node in script.flow.nodes.values() for line, _ in lines_of(node)]
    named = {line.prompt for line in lines if line.language in {None, language}}
    return (named | set(PROGRAM_PROMPTS)) - set(script.prompts[language].sounds)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_document_of_our_own_flows_would_be_run(name: str) -> None:
    assert list(refused_documents(SCRIPTS[name], POLICIES)) == []


@pytest.mark.parametrize("language", list(Language))
def test_every_sentence_a_caller_can_hear_is_held_against_what_a_carrier_speaks(language: Language) -> None:
    spoken = {prompt: script for script in SCRIPTS.values() for prompt in heard(script, language)}
    unnoticed = [
        prompt
        for prompt, script in spoken.items()
        if not any(refused_documents(with_text(script, language, prompt, "您好{nobody}"), POLICIES))
    ]
    assert unnoticed == []


@pytest.mark.parametrize("spoiled", ["您好{hotline:d}", "您好{nobody}", "请稍候" * 400])
def test_a_greeting_that_cannot_be_spoken_is_refused_however_it_is_spoiled(spoiled: str) -> None:
    script = with_text(SCRIPTS["menu"], Language.ZH_CN, "greeting", spoiled)
    refused = list(refused_documents(script, POLICIES))
    assert "hello" in {problem.place for problem in refused}
    assert len(refused) == len(set(refused))


def test_a_calendar_that_cannot_be_spoken_is_refused_at_the_sentence_that_tells_a_moment() -> None:
    script = SCRIPTS["menu"]
    whole = script.prompts[Language.ZH_CN]
    calendar = replace(whole.speech.calendar, half_past="{moon}")
    prompts = {
        **script.prompts,
        Language.ZH_CN: replace(whole, speech=replace(whole.speech, calendar=calendar)),
    }
    (problem, *_) = refused_documents(replace(script, prompts=prompts), POLICIES)
    assert (problem.place, problem.why) == (
        "status_dispatched",
        "it cannot even be written: KeyError 'moon'",
    )


def test_a_document_too_long_for_the_carrier_is_named_with_its_node() -> None:
    script = SCRIPTS["menu"]
    refused = list(refused_documents(with_text(script, Language.ZH_CN, "place", "请稍候" * 400), POLICIES))
    assert "person" in {problem.place for problem in refused}
    assert all("13521" in problem.why for problem in refused)
