"""Parsing of the fields people state about a ticket; a bad value is refused by field and code."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.enums import NoMatterReason, RequestType, Urgency
from hotline.rules.errors import InvalidFields
from hotline.rules.text import LONG_TEXT, SHORT_TEXT
from hotline.rules.tickets.fields import STATED_NAMES, parse_ticket_fields

TEXTS = sorted(STATED_NAMES - {"type", "urgency", "no_matter", "confidential"})
WORDS = {"type": RequestType, "urgency": Urgency, "no_matter": NoMatterReason}


def errors_of(raw: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidFields) as refused:
        parse_ticket_fields(raw)
    return refused.value.errors


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_trimmed_and_its_line_ends_are_normalised(name: str) -> None:
    assert getattr(parse_ticket_fields({name: "  路灯\r\n不亮 "}), name) == "路灯\n不亮"


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    ("value", "code"),
    [(7, "not_text"), (["x"], "not_text"), ({}, "not_text"), (True, "not_text"), ("a\x00b", "unknown_value")],
)
def test_what_is_not_text_is_refused(name: str, value: object, code: str) -> None:
    assert errors_of({name: value}) == {name: code}


@pytest.mark.parametrize("name", TEXTS)
def test_text_no_database_can_store_is_refused(name: str) -> None:
    assert errors_of({name: "half a sign \ud83d"}) == {name: "unknown_value"}


@pytest.mark.parametrize(
    ("name", "limit"),
    [("title", 120), ("place", SHORT_TEXT), ("note", SHORT_TEXT), ("text", LONG_TEXT), ("unit_code", 32)],
)
def test_the_longest_text_is_accepted_and_one_more_character_refused(name: str, limit: int) -> None:
    assert len(getattr(parse_ticket_fields({name: "路" * limit}), name)) == limit
    assert errors_of({name: "路" * (limit + 1)}) == {name: "too_long"}


@pytest.mark.parametrize("name", WORDS)
def test_a_choice_must_be_a_value_of_its_enumeration(name: str) -> None:
    for word in WORDS[name]:
        assert getattr(parse_ticket_fields({name: word.value}), name) is word
    assert getattr(parse_ticket_fields({name: ""}), name) is None
    wrongs: tuple[object, ...] = ("nonsense", 3, [], {}, True, "\ud83d")
    for wrong in wrongs:
        assert errors_of({name: wrong}) == {name: "unknown_value"}


@pytest.mark.parametrize("value", [True, "true", "on", "1", "yes"])
def test_yes_in_every_form(value: object) -> None:
    assert parse_ticket_fields({"confidential": value}).confidential is True


@pytest.mark.parametrize("value", [False, "false", "off", "0", "no", ""])
def test_no_in_every_form(value: object) -> None:
    assert parse_ticket_fields({"confidential": value}).confidential is False


@pytest.mark.parametrize("value", ["perhaps", 2, [], {}, 0.5])
def test_neither_yes_nor_no_is_refused(value: object) -> None:
    assert errors_of({"confidential": value}) == {"confidential": "unknown_value"}


def test_every_wrong_field_is_named_at_once() -> None:
    raw = {"type": "x", "title": 1, "place": "y" * 201, "colour": "red", "text": "fine"}
    assert errors_of(raw) == {
        "type": "unknown_value",
        "title": "not_text",
        "place": "too_long",
        "colour": "unknown_field",
    }


def test_an_absent_field_is_not_given_and_an_empty_text_is() -> None:
    fields = parse_ticket_fields({"title": "", "place": None, "urgency": "urgent"})
    assert fields.given() == {"title": "", "urgency": Urgency.URGENT}


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(STATED_NAMES)) | st.text(), json_values, max_size=4))
def test_no_json_is_a_crash(raw: dict[str, Any]) -> None:
    wrong: dict[str, str] = {}
    given: dict[str, object] = {}
    try:
        given = parse_ticket_fields(raw).given()
    except InvalidFields as refused:
        wrong = refused.errors
    assert wrong.keys() | given.keys() <= {name for name, value in raw.items() if value is not None}
