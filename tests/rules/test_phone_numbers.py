"""Telephone numbers in every spelling that trunks and people use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.phone_numbers import format_national, parse_number


@pytest.mark.parametrize(
    "raw",
    [
        "+865374412345",
        "05374412345",
        "0537-4412345",
        "(0537) 4412345",
        "+86 537 441 2345",
        "0086 537 4412345",
        "sip:05374412345@trunk.example",
        "SIP:+865374412345@10.0.0.1:5060",
        "sips:05374412345;phone-context=+86@trunk.example;transport=tls",
        "tel:+86-537-4412345",
        "tel:+865374412345;ext=1",
        "０５３７４４１２３４５",
        " 05374412345 ",
    ],
)
def test_the_line_in_any_spelling_is_one_number(raw: str) -> None:
    assert parse_number(raw) == "+865374412345"


@pytest.mark.parametrize(
    "raw", ["13800001234", "+8613800001234", "+86 138 0000 1234", "86 13800001234", "008613800001234"]
)
def test_a_mobile_in_any_spelling_is_one_number(raw: str) -> None:
    assert parse_number(raw) == "+8613800001234"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "anonymous",
        "Restricted",
        "unknown",
        "110",
        "119",
        "12345",
        "+266696687",
        "+86266696687",
        "+7378742833",
        "+2562533",
        "+8656696",
        "+464",
        "client:op_7",
        "sip:kiosk@city.example",
        "sip:",
        "tel:",
        "4412345",
        "1" * 40,
        "+",
        "+++++",
        "138 0000 123a",
        "0537-441-CITY",
        "05374412345 ext. 5",
        "请勿打扰",
    ],
)
def test_what_cannot_be_phoned_back_is_no_number(raw: str) -> None:
    assert parse_number(raw) is None


def test_a_number_abroad_is_kept() -> None:
    assert parse_number("+4369912345678") == "+4369912345678"


@given(st.one_of(st.text(), st.text("+0123456789 ()-.sipte:@;", max_size=40)))
def test_nothing_a_carrier_may_say_is_a_crash_and_what_is_accepted_stays_itself(raw: str) -> None:
    number = parse_number(raw)
    if number is not None:
        assert number.startswith("+")
        assert len(number) <= 16
        assert parse_number(number) == number


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+8613800001234", "13800001234"),
        ("+865374412345", "0537 441 2345"),
        ("+4369912345678", "+43 699 12345678"),
        ("op_7", "op_7"),
        ("anonymous", "anonymous"),
    ],
)
def test_a_number_is_written_as_at_home(number: str, written: str) -> None:
    assert format_national(number) == written


@given(st.text())
def test_writing_any_text_as_a_number_never_fails(text: str) -> None:
    assert isinstance(format_national(text), str)


@pytest.mark.parametrize(
    "raw",
    [
        "sip:05374412345@one@two",
        "sip:05374412345;user=phone;x=1@trunk.example",
        "sip:05374412345@trunk.example:5060",
        "tel:05374412345;a=1;b=2",
    ],
)
def test_an_address_ends_at_its_first_mark(raw: str) -> None:
    assert parse_number(raw) == "+865374412345"


@pytest.mark.parametrize("number", ["05374412345", "+865374412345"])
def test_a_number_without_its_country_is_one_of_ours(number: str) -> None:
    assert format_national(number) == "0537 441 2345"


def test_what_cannot_be_parsed_is_shown_as_it_is() -> None:
    assert format_national("anonymous") == "anonymous"
