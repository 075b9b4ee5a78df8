"""Exact rates: two whole numbers, the excluded rows with their reasons, and a printed value.

Values are rounded half-up from the integers, never through floating point (domain rule 6.1: published pages
truncate, ours must not).
"""

from dataclasses import dataclass

# Hundredths of a percent in a whole.
_HUNDREDTHS = 10_000


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A reason (a stable name) and the number of rows it takes out of the denominator."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of `numerator` to `denominator`; `exclusions` names every row that is in neither."""

    numerator: int
    denominator: int
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def excluded(self) -> int:
        return sum(exclusion.count for exclusion in self.exclusions)

    @property
    def value(self) -> str | None:
        """Returns the rate in percent with two decimals, half-up; None when the denominator is 0."""
        return percent(self.numerator, self.denominator)


def percent(numerator: int, denominator: int) -> str | None:
    """Returns `numerator` / `denominator` in percent, two decimals, half-up: 47878 of 48116 -> "99.51".

    None when the denominator is 0. Raises ValueError for negative numbers.
    """
    if numerator < 0 or denominator < 0:
        raise ValueError(f"a rate needs counts, not {numerator} / {denominator}")
    if denominator == 0:
        return None
    hundredths = (2 * _HUNDREDTHS * numerator + denominator) // (2 * denominator)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def mean(total: int, count: int) -> int | None:
    """Returns `total` / `count` as a whole number, half-up: 5 of 2 -> 3. None when `count` is 0."""
    return (2 * total + count) // (2 * count) if count else None


@dataclass(frozen=True, slots=True)
class Span:
    """The whole numbers `low`..`high`, both included; `high` None: without end."""

    low: int
    high: int | None

    def __contains__(self, number: int) -> bool:
        return self.low <= number and (self.high is None or number <= self.high)


@dataclass(frozen=True, slots=True)
class MatchingCounts:
    """The counts that would print a given value: numerators over the same base, or bases under the same numerator.

    None: no number does.
    """

    numerators: Span | None
    denominators: Span | None


def matching_counts(value: str, numerator: int, denominator: int) -> MatchingCounts:
    """Returns every numerator over `denominator`, and every denominator under `numerator`, that prints `value`.

    `value` is a percentage with at most two decimals ("99.58"). The printed value is h hundredths exactly
    when (2h - 1) * d <= 20000 * n < (2h + 1) * d. Raises ValueError for a text that is no such percentage.
    """
    hundredths = parse_percent(value)
    return MatchingCounts(_numerators(hundredths, denominator), _denominators(hundredths, numerator))


def parse_percent(value: str) -> int:
    """Returns hundredths of a percent: "99.58" -> 9958, "96" -> 9600. Raises ValueError for anything else."""
    whole, _, part = value.partition(".")
    digits = f"{whole}{part}"
    if not (digits.isascii() and digits.isdigit() and whole) or len(part) > 2 or value.endswith("."):
        raise ValueError(f"not a percentage with at most two decimals: {value!r}")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def _numerators(hundredths: int, denominator: int) -> Span | None:
    low = max(0, _ceil((2 * hundredths - 1) * denominator, 2 * _HUNDREDTHS))
    high = _ceil((2 * hundredths + 1) * denominator, 2 * _HUNDREDTHS) - 1
    return Span(low, high) if low <= high else None


def _denominators(hundredths: int, numerator: int) -> Span | None:
    scaled = 2 * _HUNDREDTHS * numerator
    low = scaled // (2 * hundredths + 1) + 1
    if hundredths == 0:
        return Span(low, None)
    high = scaled // (2 * hundredths - 1)
    return Span(low, high) if low <= high else None


def _ceil(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
