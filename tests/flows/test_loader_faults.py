"""A wrong file never reaches a caller: each problem is reported with file, line, node, reason and remedy.

`faults/` holds small flows with planted problems. Their first lines list all that must be reported:
`#! LINE[:COLUMN] [node] what`.
"""

import re
import shutil
from pathlib import Path

import pytest

from hotline.rules.enums import CallPurpose, Language
from ivr_flows.flow import HangUpNode
from ivr_flows.loader import OUR_FILES, load_flow, load_scripts, load_stored_script, read_draft
from ivr_flows.source.assembly import inherited
from ivr_flows.source.problems import FlowError, FlowProblem, text_in
from ivr_flows.speech import PromptLine
from tests.flows.city_files import edit, problems
from tests.flows.simulated_calls import our_scripts
from tests.policies import city_policies

PLANTED = sorted((Path(__file__).parent / "faults").glob("*.toml"))
EXPECTED = "#! "
CHINESE = re.compile("[\u4e00-\u9fff]")


def told(problem: FlowProblem) -> str:
    where = ":".join(str(number) for number in (problem.line, problem.column) if number) or "-"
    return f"{where} [{problem.place}] {text_in(problem.what, Language.EN)}"


@pytest.mark.parametrize("path", PLANTED, ids=[path.stem for path in PLANTED])
def test_a_planted_fault_is_found_where_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [line.removeprefix(EXPECTED) for line in text.splitlines() if line.startswith(EXPECTED)]
    with pytest.raises(FlowError) as caught:
        read_draft(text, city_policies(), name=path.name)
    assert [told(problem) for problem in caught.value.problems] == expected
    for problem in caught.value.problems:
        assert Path(problem.file).name == path.name
        for words in problem.what, problem.why, problem.remedy:
            assert isinstance(words, str) or CHINESE.search(words.in_(Language.ZH_CN))
        assert text_in(problem.remedy, Language.EN).endswith(".")


def test_a_fault_is_one_line_that_begins_with_the_place_an_editor_can_jump_to() -> None:
    problem = FlowProblem(
        "flows/menu.toml", "menu", "leads nowhere", "there is no such node", "Mend it.", 9, 4
    )
    assert str(problem) == "flows/menu.toml:9:4: [menu] leads nowhere (there is no such node). Mend it."
    assert (
        problem.in_(Language.ZH_CN)
        == "flows/menu.toml:9:4: [menu] leads nowhere（there is no such node）。Mend it."
    )
    assert str(FlowProblem("a.toml", "", "is empty", "why", "Mend it.")) == "a.toml: is empty (why). Mend it."


def test_a_fault_stays_one_line_whatever_somebody_has_called_a_node() -> None:
    problem = FlowProblem("flows/me\nnu.toml", "hel\nlo", "to, given '\t'", "wh\x1by\u202e", "Mend　it.")
    assert str(problem) == (r"flows/me\nnu.toml: [hel\nlo] to, given '\t' (wh\x1by\u202e). Mend\u3000it.")


@pytest.mark.parametrize("name", [r"hel\nlo", r"hel\tlo", r"hello\n"])
def test_no_node_is_called_by_more_than_a_word(name: str) -> None:
    text = (
        (OUR_FILES / "flows/menu.toml")
        .read_text(encoding="utf-8")
        .replace("[nodes.hello]", f'[nodes."{name}"]')
    )
    with pytest.raises(FlowError) as caught:
        read_draft(text, city_policies())
    assert f"draft.toml: [{name}] kind, given" in str(caught.value)
    assert "names are small letters, digits and _" in str(caught.value)
    assert len(str(caught.value).splitlines()) == len(caught.value.problems)


SHARED = [
    (
        "a shared node that is wrong",
        'callback_key = "1"',
        'callback_key = "11"',
        "CITY/flows/shared/person.toml:4: [person] callback_key, given '11'",
    ),
    (
        "syntax in a shared file",
        "longest_wait = 900",
        "longest_wait = 9 hundred",
        "CITY/flows/shared/person.toml:18:18: is not TOML",
    ),
    (
        "a shared node that leads nowhere",
        'callback = "callback"',
        'callback = "call"',
        "CITY/flows/shared/person.toml:4: [person] leads to 'call', which does not exist",
    ),
    (
        "a node that is like itself",
        'kind = "queue"\nlike = "person"',
        'kind = "queue"\nlike = "patient"',
        "CITY/flows/shared/person.toml:22: [patient] is like itself",
    ),
    (
        "an exit mistyped",
        "exits = { stay",
        "exits = { stays",
        "CITY/flows/shared/person.toml:47: [callback] has no exit 'stay'",
    ),
]


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        (
            "name =\n",
            "draft.toml:1:7: 不是 TOML（语法错误：Invalid value (at line 1, column 7)）。改正这一行。",
        ),
        ('name = "x"\nentry = 3\n', "draft.toml:2: entry 写的是 '3'（应当是文字）。按要求的写法写。"),
        ('name = "x"\n', "draft.toml: 缺少 entry（这个字段必须有）。补上。"),
    ],
)
def test_problems_of_syntax_and_schema_are_reported_in_chinese_too(text: str, chinese: str) -> None:
    with pytest.raises(FlowError) as caught:
        read_draft(text, city_policies())
    assert any(problem.in_(Language.ZH_CN).endswith(chinese) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "said"), [each[1:] for each in SHARED], ids=[each[0] for each in SHARED]
)
def test_a_problem_in_a_shared_file_is_reported_for_that_file(
    city: Path, old: str, new: str, said: str
) -> None:
    edit(city, "flows/shared/person.toml", old, new)
    assert said in problems(city)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('updatd = "x"', "person.toml:1: updatd, given 'x' (Extra inputs are not permitted)"),
        ("updated = 2026-01-01", "person.toml:1: updated, given '2026-01-01' (Extra inputs"),
        ('include = ["survey"]', """person.toml:1: include, given "['survey']" (Extra inputs"""),
    ],
)
def test_a_shared_file_says_nothing_beside_its_nodes(city: Path, line: str, said: str) -> None:
    shared = city / "flows/shared/person.toml"
    shared.write_text(f"{line}\n{shared.read_text(encoding='utf-8')}", encoding="utf-8")
    assert f"CITY/flows/shared/{said}" in problems(city)


def test_a_shared_file_has_a_table_of_nodes(city: Path) -> None:
    shared = city / "flows/shared/person.toml"
    shared.write_text("nodes = [1]\n", encoding="utf-8")
    assert "CITY/flows/shared/person.toml:1: nodes, given '[1]'" in problems(city)
    shared.write_text("", encoding="utf-8")
    assert "CITY/flows/shared/person.toml: nodes (Field required). Add it." in problems(city)


def test_two_included_files_with_a_node_of_one_name_are_refused(city: Path) -> None:
    survey = city / "flows/shared/survey.toml"
    line = survey.read_text(encoding="utf-8").count("\n") + 2
    with survey.open("a", encoding="utf-8") as file:
        file.write('\n[nodes.nobody]\nkind = "hang_up"\n')
    assert problems(city) == (
        f"CITY/flows/shared/survey.toml:{line}: [nobody] is a second node called 'nobody', beside the one of "
        "person.toml (a flow that includes both has only one of them). Rename one of them."
    )


NOBODY = '\n[nodes.nobody]\nkind = "hang_up"\nsay = ["thanks_goodbye"]\n'


def test_a_node_of_its_own_takes_the_place_of_an_included_one_only_if_it_says_so(city: Path) -> None:
    own = city / "flows/callback.toml"
    text = own.read_text(encoding="utf-8")
    line = text.count("\n") + 2
    own.write_text(text + NOBODY, encoding="utf-8")
    assert problems(city) == (
        f"CITY/flows/callback.toml:{line}: [nobody] hides the node 'nobody' of person.toml (the flow does not state "
        "that it replaces that node). Rename it, or add replaces = true."
    )
    own.write_text(text + NOBODY + "replaces = true\n", encoding="utf-8")
    script = load_scripts(city_policies(), city)["callback"]
    assert script.flow.nodes["nobody"] == HangUpNode((PromptLine("thanks_goodbye"),))
    assert load_stored_script(script.source, city_policies()) == script


@pytest.mark.parametrize(
    ("name", "replaces", "said"),
    [
        ("nobody_else", "true", "[nobody_else] replaces nothing (no included file has a node of that name)"),
        ("nobody", '"person"', "[nobody] replaces, given 'person' (it can only be true)"),
        ("nobody", "false", "[nobody] replaces, given 'False' (it can only be true)"),
    ],
)
def test_what_replaces_nothing_is_refused(city: Path, name: str, replaces: str, said: str) -> None:
    with (city / "flows/callback.toml").open("a", encoding="utf-8") as file:
        file.write(NOBODY.replace("nobody", name) + f"replaces = {replaces}\n")
    assert said in problems(city)


def test_a_problem_in_a_shared_file_is_reported_once_however_many_flows_include_it(city: Path) -> None:
    edit(city, "flows/shared/person.toml", "round_seconds = 20", "round_seconds = 2")
    assert problems(city).count("CITY/flows/shared/person.toml:4: [person] round_seconds, given '2'") == 1


def test_a_subflow_that_contains_itself_is_refused(city: Path) -> None:
    edit(
        city, "flows/shared/message.toml", '[nodes.silent]\nkind = "say"', '[nodes.silent]\nkind = "subflow"'
    )
    edit(
        city, "flows/shared/message.toml", 'say = ["message_empty"]\nto = "exit:nothing"', 'file = "message"'
    )
    edit(
        city,
        "flows/shared/message.toml",
        'file = "message"',
        'file = "message"\nexits = { nothing = "exit:nothing" }',
    )
    assert "silent] subflows are nested too deep (does one contain itself?). Flatten them." in problems(city)


def test_a_subflow_without_its_entry_is_refused(city: Path) -> None:
    edit(city, "flows/shared/message.toml", 'entry = "record"', 'entry = "recorder"')
    assert "CITY/flows/shared/message.toml:3: entry = 'recorder' does not exist" in problems(city)


def test_a_missing_language_is_refused(city: Path) -> None:
    (city / "prompts/en.toml").unlink()
    assert "CITY/prompts/en.toml: does not exist" in problems(city)


def test_text_that_is_not_utf8_is_refused(city: Path) -> None:
    (city / "flows/menu.toml").write_bytes("name = '主'".encode("gb18030"))
    assert "CITY/flows/menu.toml: is not UTF-8 text" in problems(city)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 2_000, "is nested too deep"),
        ("x = " + "[" * 900 + "]" * 900, "is nested too deep"),
        ("a." * 3_000 + "a = 1", "is nested too deep"),
        ("timeout = " + "9" * 5_000, "has a number that is too long (Exceeds the limit (4300 digits)"),
    ],
)
def test_what_no_reader_can_hold_is_a_fault_of_its_file(city: Path, text: str, said: str) -> None:
    (city / "flows/menu.toml").write_text(text, encoding="utf-8")
    assert f"CITY/flows/menu.toml: {said}" in problems(city)


def test_a_folder_where_a_file_should_be_is_a_fault(city: Path) -> None:
    (city / "flows/shared/odd.toml").mkdir()
    assert "CITY/flows/shared/odd.toml: cannot be read (Is a directory)" in problems(city)


def test_nodes_may_be_like_each_other_in_a_long_row() -> None:
    row = {f"n{number}": {"like": f"n{number + 1}", "at": number} for number in range(2_000)}
    alike_all = inherited({**row, "n2000": {"kind": "goto", "at": -1}}, {})
    assert alike_all["n0"] == {"kind": "goto", "at": 0}


def test_a_mark_at_the_beginning_as_some_editors_write_it_changes_nothing(city: Path) -> None:
    before = load_scripts(city_policies(), city)
    for path in city.rglob("*.toml"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    after = load_scripts(city_policies(), city)
    assert {name: script.flow.version for name, script in after.items()} == {
        name: script.flow.version for name, script in before.items()
    }


def test_every_purpose_has_exactly_one_flow_and_no_two_flows_one_name(city: Path) -> None:
    shutil.copy(city / "flows/callback.toml", city / "flows/zweite.toml")
    assert "zweite.toml: is a second flow called 'callback'" in problems(city)
    edit(city, "flows/zweite.toml", 'name = "callback"', 'name = "zweite"')
    assert "CITY/flows: has more than one flow for callback (callback and zweite do)" in problems(city)
    for name in "callback", "zweite":
        (city / f"flows/{name}.toml").unlink()
    assert "CITY/flows: has no flow for callback" in problems(city)
    (city / "flows/menu.toml").unlink()
    assert "CITY/flows: has no flow 'menu' for incoming calls" in problems(city)


def test_problems_of_several_files_are_reported_at_once(city: Path) -> None:
    edit(city, "flows/menu.toml", 'other = "hours"', 'other = "hour"')
    edit(city, "flows/night.toml", 'entry = "night"', 'entry = "nicht"')
    files = [line.partition(":")[0] for line in problems(city).splitlines()]
    assert files == ["CITY/flows/menu.toml", "CITY/flows/night.toml"]


def test_one_file_can_be_checked_with_the_words_of_its_city(city: Path) -> None:
    script = load_flow(city / "flows/night.toml", city_policies(), city / "prompts")
    assert script.flow.version == our_scripts()["night"].flow.version


def test_a_version_follows_the_flow_and_the_words_it_speaks(city: Path) -> None:
    before = load_scripts(city_policies(), city)
    edit(city, "prompts/zh-CN.toml", "投诉求助请按1", "投诉、求助请按1")
    after = load_scripts(city_policies(), city)
    changed = {name for name in before if before[name].flow.version != after[name].flow.version}
    assert changed == {"menu"}
    edit(city, "flows/shared/night.toml", "timeout = 4", "timeout = 3")
    later = load_scripts(city_policies(), city)
    assert {name for name in after if after[name].flow.version != later[name].flow.version} == {
        "menu",
        "night",
        "no_menu",
    }


def test_every_purpose_is_served_by_the_flows_that_come_with_the_product() -> None:
    assert {script.flow.purpose for script in our_scripts().values()} == set(CallPurpose)
