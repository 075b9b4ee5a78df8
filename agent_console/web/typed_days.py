"""Reads days and moments as people type them into a page: 2026-12-1, 2026/12/01, 20261201, 2026年12月1日."""

import re
import unicodedata

_DAY = r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))"
_ONE_DAY = re.compile(_DAY, re.ASCII)
_ONE_MOMENT = re.compile(_DAY + r"[T\s]\s*(\d{1,2}):(\d{2})", re.ASCII)


def canonical_day(typed: str) -> str:
    """Returns a day as YYYY-MM-DD, and any other text as it is."""
    found = _ONE_DAY.fullmatch(_plain(typed))
    return _day(found) if found else typed


def canonical_moment(typed: str) -> str:
    """Returns a moment as YYYY-MM-DDTHH:MM, and any other text as it is."""
    found = _ONE_MOMENT.fullmatch(_plain(typed))
    return f"{_day(found)}T{found[6]:0>2}:{found[7]}" if found else typed


def _plain(typed: str) -> str:
    # Chinese input methods type full-width digits and colons.
    return unicodedata.normalize("NFKC", typed).strip()


def _day(found: re.Match[str]) -> str:
    return f"{found[1]}-{found[2] or found[4]:0>2}-{found[3] or found[5]:0>2}"
