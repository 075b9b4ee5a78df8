"""A rate is two integers and a rounding rule; a printed value determines which integers could print it."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.figures.rates import Exclusion, Rate, Span, matching_counts, parse_percent, percent

counts = st.integers(min_value=0, max_value=2_000_000)
bases = st.integers(min_value=1, max_value=2_000_000)
hundredths = st.integers(min_value=0, max_value=12_000)


def printed(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}"


@pytest.mark.parametrize(
    ("numerator", "denominator", "value"),
    [
        (47_878, 48_116, "99.51"),
        (2_477, 3_136, "78.99"),  # Lianping printed the truncated 78.98
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 20_000, "0.01"),  # 0.005 % is half: up
        (1, 20_001, "0.00"),
        (0, 7, "0.00"),
        (7, 7, "100.00"),
        (5, 0, None),
        (0, 0, None),
    ],
)
def test_a_rate_is_rounded_half_up_from_its_integers(
    numerator: int, denominator: int, value: str | None
) -> None:
    assert percent(numerator, denominator) == value


@given(counts, bases)
def test_rounding_agrees_with_exact_decimal_arithmetic(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator * 10_000, denominator)
    half_up = int((Decimal(2 * exact.numerator + exact.denominator) / (2 * exact.denominator)) // 1)
    assert percent(numerator, denominator) == printed(half_up)


def test_rounding_of_terminating_fractions_is_what_decimal_calls_half_up() -> None:
    for numerator in range(1_001):
        exact = (Decimal(numerator) * 100 / Decimal(1_000_00)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert percent(numerator, 1_000_00) == str(exact)


def test_negative_counts_are_no_rate() -> None:
    with pytest.raises(ValueError, match="counts"):
        percent(-1, 5)
    with pytest.raises(ValueError, match="counts"):
        percent(1, -5)


def test_exclusions_are_added_up_and_keep_their_names() -> None:
    rate = Rate(3, 4, (Exclusion("draft", 2), Exclusion("discarded", 5)))
    assert rate.excluded == 7
    assert rate.value == "75.00"


def test_the_published_99_58_needs_34_more_closed_or_36_fewer_received() -> None:
    assert 40_107 + 6_925 + 1_084 == 48_116
    would = matching_counts("99.58", 47_878, 48_116)
    assert would.numerators == Span(47_912, 47_916)
    assert would.denominators == Span(48_078, 48_082)


@given(hundredths, bases, counts)
def test_every_number_in_the_range_prints_the_value_and_its_neighbours_do_not(
    value: int, denominator: int, numerator: int
) -> None:
    text = printed(value)
    would = matching_counts(text, numerator, denominator)
    if would.numerators is not None and would.numerators.high is not None:
        low, high = would.numerators.low, would.numerators.high
        assert {percent(n, denominator) for n in (low, (low + high) // 2, high)} == {text}
        assert percent(high + 1, denominator) != text
        assert low == 0 or percent(low - 1, denominator) != text
    if would.denominators is not None:
        low = would.denominators.low
        high = would.denominators.high if would.denominators.high is not None else low + 1_000_000
        assert {percent(numerator, d) for d in (low, (low + high) // 2, high)} == {text}
        assert low == 1 or percent(numerator, low - 1) != text
        assert would.denominators.high is None or percent(numerator, high + 1) != text


@given(counts, bases)
def test_the_true_numbers_lie_in_the_ranges_of_their_own_value(numerator: int, denominator: int) -> None:
    value = percent(numerator, denominator)
    assert value is not None
    would = matching_counts(value, numerator, denominator)
    assert would.numerators is not None
    assert would.denominators is not None
    assert numerator in would.numerators
    assert denominator in would.denominators
    assert would.numerators.low - 1 not in would.numerators


@given(st.integers(min_value=0, max_value=400), st.integers(min_value=1, max_value=60), hundredths)
def test_no_range_means_that_no_number_prints_it(numerator: int, denominator: int, value: int) -> None:
    text = printed(value)
    would = matching_counts(text, numerator, denominator)
    hits = {n for n in range(2 * denominator) if percent(n, denominator) == text}
    assert hits == {
        n for n in range(2 * denominator) if would.numerators is not None and n in would.numerators
    }
    bases_found = {d for d in range(1, 1_000) if percent(numerator, d) == text}
    in_span = {d for d in range(1, 1_000) if would.denominators is not None and d in would.denominators}
    assert bases_found == in_span


def test_over_no_base_nothing_can_be_printed() -> None:
    assert matching_counts("50.00", 1, 0).numerators is None


@pytest.mark.parametrize("text", ["", "abc", "99.581", "-1", "99.", ".5", "9 9", "٩٩.٥", "1e2"])
def test_a_claimed_value_must_be_a_percentage_with_at_most_two_decimals(text: str) -> None:
    with pytest.raises(ValueError, match="percentage"):
        parse_percent(text)


@pytest.mark.parametrize(("text", "value"), [("99.58", 9_958), ("96", 9_600), ("99.9", 9_990), ("0.00", 0)])
def test_a_claimed_value_is_read_in_hundredths(text: str, value: int) -> None:
    assert parse_percent(text) == value


def test_of_no_rows_no_numerator_prints_a_value() -> None:
    assert matching_counts("50.00", 1, 0).numerators is None
