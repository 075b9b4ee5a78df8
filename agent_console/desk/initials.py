"""Pinyin initials of a Chinese name, so that a unit is found by typing `csglj` for 城市管理局.

The 3,755 common characters of GB 2312 are sorted by pinyin, so the first letter follows from the code; the rarer ones
are sorted by stroke and have none here. A character of several readings has the one GB 2312 sorts it by. This is a
search aid only.
"""

from bisect import bisect_right

_STARTS = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
_CODES = tuple(code for code, _letter in _STARTS)
_LAST = 0xD7F9


def initials(name: str) -> str:
    """Return the lower-case initials of `name`; letters and digits stay, other signs have none."""
    return "".join(_initial(sign) for sign in name)


def _initial(sign: str) -> str:
    if sign.isascii():
        return sign.lower() if sign.isalnum() else ""
    try:
        code = int.from_bytes(sign.encode("gb2312"), "big")
    except UnicodeEncodeError:
        return ""
    if not _CODES[0] <= code <= _LAST:
        return ""
    return _STARTS[bisect_right(_CODES, code) - 1][1]
