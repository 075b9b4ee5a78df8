"""The city's rules for passwords."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline.rules.people.passwords import is_password_old, kinds_of, password_problem
from hotline.rules.policies import AccountPolicy

STRICT = AccountPolicy(min_password_length=10, password_kinds=3, password_days=90)
NAMES = ("zhanglan", "张晓岚", "00017")


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", "missing"),
        ("  \u200b ", "missing"),
        ("Aa1\ud800bcdefgh", "unknown_value"),
        ("Short-1", "too_short"),
        ("alllowercase1", "too_simple"),
        ("ZhangLan-2026", "too_simple"),
        ("my-00017-Desk", "too_simple"),
        ("aA1aA1aA1aA1", "too_simple"),
        ("x" * 1025, "too_long"),
        ("Correct-horse-7", None),
        ("电池-订书钉-Horse", None),
    ],
)
def test_a_password_keeps_the_rules_of_the_city(password: str, problem: str | None) -> None:
    assert password_problem(password, STRICT, NAMES) == problem


def test_a_short_name_may_stand_in_a_password() -> None:
    assert password_problem("Li-stays-dry-7", STRICT, ("li", None, None)) is None


def test_four_kinds_of_characters_are_told_apart() -> None:
    assert [kinds_of(text) for text in ("abc", "abC", "abC1", "abC1-", "abC1汉", "１２")] == [
        1,
        2,
        3,
        4,
        4,
        1,
    ]


def test_a_password_grows_old_only_where_the_policy_says_so() -> None:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    assert is_password_old(at - timedelta(days=90), at, STRICT)
    assert not is_password_old(at - timedelta(days=89), at, STRICT)
    assert not is_password_old(at - timedelta(days=4000), at, AccountPolicy())
