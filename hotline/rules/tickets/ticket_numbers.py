"""The form of ticket numbers: prefix, day, sequence and a check digit."""


def ticket_number(prefix: str, day: str, sequence: int, digits: int = 5) -> str:
    """Returns prefix + YYYYMMDD + the sequence in `digits` digits + one check digit (Luhn), e.g. QF20261123000170.

    Raises ValueError when the day's sequence is outside 1..99999 (of five digits).
    """
    if not 1 <= sequence < 10**digits:
        raise ValueError(f"ticket sequence of {day} is used up: {sequence}")
    body = f"{day}{sequence:0{digits}d}"
    return f"{prefix}{body}{_luhn(body)}"


def _luhn(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10
