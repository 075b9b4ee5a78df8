"""Texts of the city: values with a source and by date, the lines of problems, and what a form makes of a text."""

from collections.abc import Mapping
from datetime import date

import pytest

from config.city.comparison import changed_values
from config.city.form import filled_text, form_of
from config.city.kinds import KINDS
from config.city.problem_words import chinese_reason
from config.city.toml_file import BadFile, TomlSource
from hotline.rules.city import CityKind
from tests.city_texts import TODAY, texts_with

POLICIES = texts_with()[CityKind.POLICIES]


def value_on(day: date, text: str) -> object:
    return TomlSource.parse("some.toml", text, day).values["limit"]


def test_values_that_follow_each_other_are_valid_on_their_days() -> None:
    text = 'limit = [{ value = 5, to = "2026-12-31" }, { value = 4, from = "2027-01-01", source = "市里" }]'
    assert (value_on(date(2026, 12, 31), text), value_on(date(2027, 1, 1), text)) == (5, 4)
    source = TomlSource.parse("some.toml", text, date(2027, 1, 1))
    assert (source.origins[("limit",)].source, source.changes) == ("市里", {date(2027, 1, 1)})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('limit = [{ value = 5, to = "2026-12-30" }, { value = 4, from = "2027-01-01" }]', "without a gap"),
        ('limit = [{ value = 5 }, { value = 4, from = "2027-01-01" }, { value = 3 }]', "without a gap"),
        ('limit = { value = 5, to = "2027-01-01" }', "has no value after 2027-01-01"),
        ('limit = { value = 5, from = "2027-01-01" }', "has no value before 2027-01-01"),
        ('limit = { value = 5, from = "soon" }', "must be a day like"),
        ('limit = [{ value = 5, from = "2026-02-01", to = "2026-01-01" }]', "before it begins"),
        ("limit = { value = 5, source = 7 }", "must be a text of up to 200 characters"),
        ("limit = [", "Invalid value"),
    ],
)
def test_a_wrong_validity_is_told_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(BadFile) as refused:
        value_on(TODAY, f"# a comment\n{text}")
    assert complaint in str(refused.value)
    assert refused.value.problems[0].line == 2


@pytest.mark.parametrize(
    ("kind", "old", "new", "line_of"),
    [
        (CityKind.POLICIES, "max_size = 200", "max_size = 0", "max_size = 0"),
        (CityKind.POLICIES, '"5 business_days"', '"5 days"', '"5 days"'),
        (CityKind.UNITS, 'code = "landscaping"', 'code = "sanitation"', ""),
        (CityKind.CALLERS, '"13:30-17:30"', '"13:30-12:30"', "13:30-12:30"),
        (CityKind.CALLERS, "patience = 45", "", "[skills]"),
    ],
)
def test_a_problem_names_the_line_of_its_key_or_of_the_table_in_which_it_is_missing(
    kind: CityKind, old: str, new: str, line_of: str
) -> None:
    text = texts_with()[kind].replace(old, new)
    entry = KINDS[kind]
    with pytest.raises(BadFile) as refused:
        entry.read(TomlSource.parse(entry.file, text, TODAY))
    (problem,) = refused.value.problems
    lines = text.splitlines()
    if line_of:
        assert line_of in lines[problem.line - 1]
    else:
        assert lines[problem.line - 1] == 'code = "sanitation"'
        assert problem.line > lines.index('code = "sanitation"') + 1
    assert chinese_reason(problem.reason) != problem.reason


def as_sent(kind: CityKind, text: str) -> dict[str, str]:
    """Returns the values of the form of `text` as a browser sends them unchanged."""
    form: dict[str, str] = {}
    for section in form_of(KINDS[kind].schema, text) or ():
        for field in [*section.fields, *(each for row in section.rows for each in row.fields)]:
            if field.input == "check":
                form[f"{field.name}?"] = "1"
            if field.input != "check" or field.value == "true":
                form[field.name] = "on" if field.input == "check" else field.value
            if field.unit:
                form[f"{field.name}@unit"] = field.unit
            if kind is CityKind.POLICIES:
                form |= {
                    f"{field.name}@source": field.source,
                    f"{field.name}@jurisdiction": field.jurisdiction,
                }
    return form


@pytest.mark.parametrize("kind", CityKind)
def test_a_form_that_is_sent_unchanged_changes_no_letter_of_the_text(kind: CityKind) -> None:
    text = texts_with()[kind]
    assert filled_text(KINDS[kind].schema, text, as_sent(kind, text)) == text


@pytest.mark.parametrize(
    ("kind", "typed", "changes"),
    [
        (CityKind.POLICIES, {"queue/ring_seconds": "25"}, [("", "queue.ring_seconds", "15", "25")]),
        (
            CityKind.POLICIES,
            {
                "deadlines/limits/resolve/normal": "1",
                "deadlines/limits/resolve/normal@unit": "calendar_day",
            },
            [("", "deadlines.limits.resolve.normal", "5 business_days", "1 calendar_day")],
        ),
        (
            CityKind.POLICIES,
            {"queue/max_size@source": "市政府文件"},
            [("", "queue.max_size.source", "", "市政府文件")],
        ),
        (
            CityKind.CALENDAR,
            {"days/+/day": "2026-12-31", "days/+/note": "全市放假"},
            [("2026-12-31", "days.day", "", "2026-12-31"), ("2026-12-31", "days.note", "", "全市放假")],
        ),
        (
            CityKind.UNITS,
            {"department/2/closed": "on", "department/2/successor": "landscaping"},
            [
                ("sanitation", "department.closed", "", "true"),
                ("sanitation", "department.successor", "", "landscaping"),
            ],
        ),
        (CityKind.CALLERS, {"record_talks": ""}, [("", "record_talks", "true", "false")]),
        (
            CityKind.CALLERS,
            {"skills/names": "dialect\nenglish\nsign"},
            [("", "skills.names", "dialect、english", "dialect、english、sign")],
        ),
    ],
)
def test_a_form_changes_what_was_typed_and_nothing_else(
    kind: CityKind, typed: Mapping[str, str], changes: list[tuple[str, str, str, str]]
) -> None:
    text = texts_with()[kind]
    form = {**as_sent(kind, text), **typed}
    if typed == {"record_talks": ""}:
        del form["record_talks"]
    after = filled_text(KINDS[kind].schema, text, form)
    assert changed_values(text, after) == changes
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == comments


def test_a_row_that_is_ticked_for_removal_is_gone_and_the_others_stay() -> None:
    text = texts_with()[CityKind.PUBLISHED]
    form = {**as_sent(CityKind.PUBLISHED, text), "claim/0!remove": "on"}
    after = filled_text(KINDS[CityKind.PUBLISHED].schema, text, form)
    assert (text.count("[[claim]]"), after.count("[[claim]]")) == (2, 1)
    assert "satisfaction_rate" in after


def test_a_number_that_is_none_stays_as_typed_so_that_the_check_names_it() -> None:
    after = filled_text(KINDS[CityKind.POLICIES].schema, POLICIES, {"queue/ring_seconds": "fast"})
    with pytest.raises(BadFile, match=r"queue\.ring_seconds: must be a whole number from 5 to 120"):
        TomlSource.parse("policies.toml", after, TODAY).read(KINDS[CityKind.POLICIES].schema)


@pytest.mark.parametrize("text", ["nonsense = [", "queue = 7"])
def test_a_text_without_the_shape_of_its_kind_has_no_form(text: str) -> None:
    assert form_of(KINDS[CityKind.POLICIES].schema, text) is None
