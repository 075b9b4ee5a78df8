"""Telephone numbers as callers dial them and as the carrier writes them.

The home country is China and the home area code is the hotline's own: a caller dials 4412345 in the area and
05374412345 from elsewhere, and the records say +865374412345. The exchange is used with invented numbers only.
"""

import re

# The keys of a telephone, as a caller presses them.
KEYS = frozenset("0123456789*#")
E164 = re.compile(r"\+[1-9]\d{5,14}")
IDENTITY = re.compile(r"[A-Za-z0-9_]{1,121}")
_SIP = re.compile(r"sips?:[^\s@]+@[^\s@]+")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_FIXED = re.compile(r"0\d{2,3}[2-8]\d{6,7}")


def is_e164(number: str) -> bool:
    return E164.fullmatch(number) is not None


def is_sip(address: str) -> bool:
    """Returns whether `address` is `sip:name@host`, possibly followed by parameters."""
    return _SIP.fullmatch(address) is not None


def normalise(dialled: str, home: str) -> str:
    """Returns the E.164 form of a number dialled in the area of `home` (E.164).

    Short codes and numbers of an unknown form are returned without their separators only.
    """
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
    """Returns `+86138****1234` for `+8613800001234`; short addresses and clients are returned unchanged."""
    if len(address) < 8 or address.startswith("client:"):
        return address
    return f"{address[:-8]}****{address[-4:]}"
