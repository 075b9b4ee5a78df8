"""A wrong file never reaches a caller: each fault is named with file, node, what, why and how to mend it."""

import shutil
from pathlib import Path

import pytest

from hotline.rules.words import CallPurpose, Language
from ivr_flows.faults import FlowError
from ivr_flows.loader import OUR_FILES, load_flow, load_scripts, script_of


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A city's own copy of flows and prompts."""
    folder = tmp_path / "city"
    for name in "flows", "prompts":
        shutil.copytree(OUR_FILES / name, folder / name)
    return folder


def edit(city: Path, file: str, old: str, new: str) -> None:
    path = city / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(city: Path) -> str:
    with pytest.raises(FlowError) as caught:
        load_scripts(city)
    assert all(fault.what and fault.why for fault in caught.value.faults)
    return str(caught.value).replace(str(city), "CITY")


FLOW_FAULTS = [
    ("a lost bracket", "[nodes.menu]", "[nodes.menu", "main.toml:9: is not TOML"),
    (
        "an unknown target",
        'on_silence = { tries = 1, to = "person" }',
        'on_silence = { tries = 1, to = "persn" }',
        "main.toml:9: [menu] leads to 'persn', which does not exist",
    ),
    ("an unknown key", "9 = {", "E = {", "[menu] keys.E"),
    (
        "an unknown prompt",
        '"greeting", ',
        '"greting", ',
        "[menu] speaks 'greting', which zh-CN does not have",
    ),
    ("an argument nobody gives", '"greeting", ', '"place", ', "with {ahead, wait}, which is not known there"),
    ("an unknown language of a line", '"en:english_key"', '"de:english_key"', "'de' is not a valid Language"),
    ("an empty line", '"en:english_key"', '""', "a line is the key of a prompt"),
    ("an unknown wish", "note_pressed:complaint", "note_pressed:rage", "'rage' is not a valid RequestClass"),
    ("a wish nobody can grant", "note_pressed:complaint", "fly_me:home", "a wish is promise_callback"),
    (
        "a wish of another kind of call",
        "note_pressed:complaint",
        "record_answer:solved:yes",
        "only a follow_up call",
    ),
    (
        "an unknown field",
        "timeout = 4",
        "timeout = 4\nvolume = 11",
        "[menu] volume, given '11' (Extra inputs",
    ),
    ("a missing field", "timeout = 4", "", "[menu] timeout (Field required). Add it."),
    ("a number out of range", "timeout = 4", "timeout = 0", "[menu] timeout, given '0'"),
    ("an unknown kind of node", 'kind = "menu"', 'kind = "maze"', "kind is say, menu, queue, do or hang_up"),
    ("a node without a kind", 'kind = "menu"', "", "Add kind = say"),
    ("no entry", 'entry = "menu"', 'entry = "door"', "entry = 'door' does not exist"),
    ("a person who is none", 'person = "person"', 'person = "menu"', "[menu] `person` is not a queue"),
    (
        "a person who does not exist",
        'person = "person"',
        'person = "nobody"',
        "person = 'nobody' does not exist",
    ),
    ("a purpose nobody has", 'purpose = "inbound"', 'purpose = "fun"', "'fun' is not a valid CallPurpose"),
    (
        "a circle",
        'on_silence = { tries = 1, to = "person" }',
        'on_silence = { tries = 1, to = "menu" }',
        "[menu] leads round in a circle",
    ),
    (
        "a silent caller hung up on",
        'on_silence = { tries = 1, to = "person" }',
        'on_silence = { tries = 1, to = "full" }',
        "[menu] hangs up on callers who press nothing",
    ),
    ("nodes that are no table", "[nodes.menu]", "nodes = []\n[node.menu]", "nodes"),
    (
        "a shared part that is not there",
        'include = ["person"]',
        'include = ["persons"]',
        "persons.toml: does not exist",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "said"), [fault[1:] for fault in FLOW_FAULTS], ids=[f[0] for f in FLOW_FAULTS]
)
def test_a_wrong_flow_is_refused_with_the_place_and_the_remedy(
    city: Path, old: str, new: str, said: str
) -> None:
    edit(city, "flows/main.toml", old, new)
    told = faults(city)
    assert said in told
    assert told.startswith("CITY/flows/")


def test_a_flow_without_a_way_to_a_person_is_refused(city: Path) -> None:
    path = city / "flows/follow_up.toml"
    text = path.read_text(encoding="utf-8")
    walled = text.replace('0 = { to = "person" }\n', "").replace(
        'tries = 3, to = "person"', 'tries = 3, to = "thanks"'
    )
    path.write_text(walled, encoding="utf-8")
    told = faults(city)
    assert "[solved] no key leads to a person (a menu is a courtesy, not a wall)" in told
    assert "[satisfied] no key leads to a person" in told


def test_an_entry_that_hangs_up_at_once_is_refused(city: Path) -> None:
    edit(city, "flows/main.toml", 'entry = "menu"', 'entry = "promised"')
    assert "[promised] hangs up on callers" in faults(city)


def test_a_broken_shared_part_is_refused_by_every_flow_that_includes_it(city: Path) -> None:
    edit(city, "flows/shared/person.toml", 'callback_key = "1"', 'callback_key = "11"')
    assert "[person] callback_key, given '11'" in faults(city)


WORD_FAULTS = [
    (
        "a missing sentence",
        "en",
        "queue_full = ",
        "queue_fulll = ",
        "[queue_full] prompt 'queue_full' is missing in en",
    ),
    (
        "a missing door sentence",
        "zh-CN",
        'apology = "',
        'apologie = "',
        "[apology] prompt 'apology' is missing in zh-CN",
    ),
    ("broken braces", "zh-CN", "您前面还有{ahead}，请", "您前面还有{ahead，请", "[place_only] broken braces"),
    ("too few digits", "zh-CN", '"零", "幺", ', '"幺", ', "speech.digits"),
    (
        "an empty sentence",
        "en",
        '"This call will be recorded for service quality."',
        '""',
        "prompts.recording_notice",
    ),
]


@pytest.mark.parametrize(
    ("language", "old", "new", "said"), [fault[1:] for fault in WORD_FAULTS], ids=[f[0] for f in WORD_FAULTS]
)
def test_wrong_words_are_refused_with_their_language(
    city: Path, language: str, old: str, new: str, said: str
) -> None:
    edit(city, f"prompts/{language}.toml", old, new)
    told = faults(city)
    assert said in told
    assert (
        f"CITY/prompts/{language}.toml" in told
        or f"CITY/prompts/{'en' if language == 'zh-CN' else 'zh-CN'}.toml" in told
    )


def test_a_sentence_too_long_to_be_spoken_at_once_is_refused(city: Path) -> None:
    edit(city, "prompts/zh-CN.toml", "您好，这里是马上就办一线通。", "好" * 451)
    assert "[greeting] 451 characters are too long to be spoken at once" in faults(city)
    edit(city, "prompts/zh-CN.toml", "好" * 451, "好" * 450)
    assert load_scripts(city)


def test_a_missing_language_is_refused(city: Path) -> None:
    (city / "prompts/en.toml").unlink()
    assert "CITY/prompts/en.toml: does not exist" in faults(city)


def test_text_that_is_not_utf8_is_refused(city: Path) -> None:
    (city / "flows/main.toml").write_bytes("name = '主'".encode("gb18030"))
    assert "is not UTF-8 text" in faults(city)


def test_every_purpose_has_exactly_one_flow(city: Path) -> None:
    shutil.copy(city / "flows/main.toml", city / "flows/zweite.toml")
    assert "zweite.toml: is a second flow for inbound ('main' serves it)" in faults(city)
    (city / "flows/zweite.toml").unlink()
    (city / "flows/callback.toml").unlink()
    assert "CITY/flows: has no flow for callback" in faults(city)


def test_several_faults_are_told_at_once(city: Path) -> None:
    edit(city, "flows/main.toml", '1 = { to = "person"', '1 = { to = "nowhere"')
    edit(city, "flows/main.toml", 'to = "english"', 'to = "elsewhere"')
    with pytest.raises(FlowError) as caught:
        load_flow(city / "flows/main.toml", city / "prompts")
    assert [fault.line for fault in caught.value.faults] == [9, 9]


def test_a_version_follows_the_flow_and_the_words_it_speaks(city: Path) -> None:
    before = load_scripts(city)
    edit(city, "prompts/zh-CN.toml", "投诉求助请按1", "投诉、求助请按1")
    after = load_scripts(city)
    assert before[CallPurpose.INBOUND].flow.version != after[CallPurpose.INBOUND].flow.version
    assert before[CallPurpose.FOLLOW_UP].flow.version == after[CallPurpose.FOLLOW_UP].flow.version
    edit(city, "flows/main.toml", "timeout = 4", "timeout = 3")
    assert load_scripts(city)[CallPurpose.INBOUND].flow.version != after[CallPurpose.INBOUND].flow.version


def test_a_kept_source_brings_back_the_same_script() -> None:
    for script in load_scripts().values():
        assert script_of(script.source) == script
        assert set(script.prompts) == set(Language)
