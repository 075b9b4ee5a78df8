"""Parses telephone numbers as carriers and people write them to E.164.

A trunk may send `05374412345`, `+865374412345`, `sip:05374412345@host` or `anonymous`. Short codes (110,
12345) and keypad spellings of "anonymous" cannot be called back and yield None. Callers of this module keep
the raw text beside the result.
"""

import re

import phonenumbers

_REGION = "CN"
# Keypad spellings of anonymous, restricted, blocked and unavailable (carrier documentation).
_ANONYMOUS = {"+266696687", "+86266696687", "+7378742833", "+2562533", "+8656696", "+464"}


def parse_number(raw: str) -> str | None:
    """Returns E.164 for a dialable number in any usual spelling, else None.

    None stands for a withheld number, a short code, a client name or any other text.
    """
    text = raw.strip()
    if text.lower().startswith(("sip:", "sips:", "tel:")):
        text = text.partition(":")[2].partition("@")[0].partition(";")[0]
    if text in _ANONYMOUS or not re.fullmatch(r"[+\d\s().\-－－]{5,32}", text):
        return None
    try:
        parsed = phonenumbers.parse(text, _REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def format_national(number: str) -> str:
    """Returns the national spelling of an E.164 number.

    Examples: +8613800001234 -> 13800001234, +865374412345 -> 0537 441 2345.
    """
    try:
        parsed = phonenumbers.parse(number, _REGION)
    except phonenumbers.NumberParseException:
        return number
    if parsed.country_code != 86:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    text = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return text.replace(" ", "") if text.startswith("1") else text
