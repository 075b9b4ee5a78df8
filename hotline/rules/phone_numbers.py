"""Telephone numbers as carriers and people write them -> E.164, or nothing. The raw text is always kept beside it.

A trunk may send `05374412345`, `+865374412345`, `sip:05374412345@host` or `anonymous`; short codes
(110, 12345) and keypad spellings of "anonymous" are not numbers one can phone back.
"""

import re

import phonenumbers

_REGION = "CN"
_ANONYMOUS = {"+266696687", "+86266696687", "+7378742833", "+2562533", "+8656696", "+464"}
"""Keypad spellings of anonymous, restricted, blocked, unavailable (carrier documentation)."""


def parse_number(raw: str) -> str | None:
    """Return E.164 for a dialable number in any usual spelling, or None (withheld, short code, client, rubbish)."""
    text = raw.strip()
    if text.lower().startswith(("sip:", "sips:", "tel:")):
        text = text.split(":", 1)[1].split("@", 1)[0].split(";", 1)[0]
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
    """Return how people at home write an E.164 number: +8613800001234 -> 13800001234, +865374412345 -> 0537 441 2345."""
    try:
        parsed = phonenumbers.parse(number, _REGION)
    except phonenumbers.NumberParseException:
        return number
    if parsed.country_code != 86:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    text = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return text.replace(" ", "") if text.startswith("1") else text
