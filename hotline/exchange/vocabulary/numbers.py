"""Telephone numbers as callers dial them and as the carrier writes them.

The home country is China and the home area code is the hotline's own, because that is how a citizen dials: 4412345 at
home, 05374412345 from elsewhere, +865374412345 in the records. Only invented numbers are ever used with this exchange.
"""

import re

E164 = re.compile(r"\+[1-9]\d{5,14}")
IDENTITY = re.compile(r"[A-Za-z0-9_]{1,121}")
_SIP = re.compile(r"sips?:[^\s@]+@[^\s@]+")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_FIXED = re.compile(r"0\d{2,3}[2-8]\d{6,7}")


def is_e164(number: str) -> bool:
    return E164.fullmatch(number) is not None


def is_sip(address: str) -> bool:
    """Whether this is `sip:name@host`, possibly with parameters behind it."""
    return _SIP.fullmatch(address) is not None


def normalise(dialled: str, home: str) -> str:
    """E.164 of what a person in `home`'s (E.164) area dialled; short codes and unknown shapes stay as they are."""
    number = re.sub(r"[\s\-().]", "", dialled)
    if _MOBILE.fullmatch(number):
        return "+86" + number
    if _FIXED.fullmatch(number):
        return "+86" + number[1:]
    if number.startswith("00") and is_e164("+" + number[2:]):
        return "+" + number[2:]
    if _LOCAL.fullmatch(number) and home.startswith("+86"):
        return home[: len(home) - len(number)] + number
    return number


def masked(address: str) -> str:
    """`+8613800001234` → `+86138****1234`: enough to recognise, too little to call."""
    if len(address) < 8 or address.startswith("client:"):
        return address
    return f"{address[:-8]}****{address[-4:]}"
