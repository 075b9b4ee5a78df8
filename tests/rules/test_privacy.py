"""A masked number is enough to recognise a caller and not enough to phone them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.people.privacy import mask_number

digits = st.text("0123456789", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613812345678", "138****5678"),
        ("+865374412345", "053****2345"),
        ("+4369912345678", "436******5678"),
        ("12345", "***45"),
        ("1234", "****"),
        ("123456789", "*******89"),
        ("1234567890", "123***7890"),
        ("110", "***"),
        ("12", "**"),
        ("anonymous", "*******us"),
        ("", ""),
        (None, ""),
    ],
)
def test_what_is_shown(number: str | None, shown: str) -> None:
    assert mask_number(number) == shown


@given(st.one_of(digits, digits.map("+86{}".format), st.text()))
def test_at_most_the_first_three_and_last_four_signs_are_shown(number: str) -> None:
    shown = mask_number(number)
    head, _, tail = shown.partition("*")
    assert len(head) <= 3
    assert len(tail.lstrip("*")) <= 4
    assert not shown or "*" in shown


@given(st.one_of(digits, st.text(min_size=1)))
def test_no_number_is_shown_whole(number: str) -> None:
    assert mask_number(number).replace("*", "") != number or not number.replace("*", "")
    assert shown_share(mask_number(number)) <= 0.7


def shown_share(masked: str) -> float:
    return sum(sign != "*" for sign in masked) / max(len(masked), 1)


def test_short_codes_are_hidden_more_than_long_numbers() -> None:
    assert shown_share(mask_number("12345")) < shown_share(mask_number("13800001234"))
