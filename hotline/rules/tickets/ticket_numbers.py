"""The form of ticket numbers: prefix, day, sequence and a check digit."""

from dataclasses import dataclass

# The digits of the sequence, up to the 99,999th ticket of a day; then it has one more.
DIGITS = 5
LAST_SEQUENCE = 10 ** (DIGITS + 1) - 1


@dataclass(frozen=True, slots=True)
class NumberSeries:
    """The ticket numbers of one day (YYYYMMDD), counted by the row `counter`."""

    counter: str
    prefix: str
    day: str


def ticket_number(prefix: str, day: str, sequence: int, digits: int = DIGITS) -> str:
    """Returns prefix + YYYYMMDD + the sequence in `digits` digits + one check digit (Luhn), e.g. QF20261123000170.

    A sequence that is longer has one digit more: five digits up to the 99,999th ticket of a day, then six. The lengths
    differ, so no number is given twice. Raises ValueError for a sequence outside 1..999,999 (of five digits).
    """
    if not 1 <= sequence < 10 ** (digits + 1):
        raise ValueError(f"ticket sequence of {day} is used up: {sequence}")
    body = f"{day}{sequence:0{digits}d}"
    return f"{prefix}{body}{-luhn_sum(body) % 10}"


def luhn_sum(digits: str) -> int:
    """Returns the sum of the digits that stand before a check digit: every second one, from the last, counts double."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return total
