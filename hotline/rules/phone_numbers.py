"""Parses telephone numbers as carriers and people write them to E.164.

The numbering plan of mainland China is kept here, because the library's list of segments is behind the regulator:
every 11 digits that begin with 13 to 19 are a mobile, an area code with 7 or 8 digits is a landline (MIIT, 电信网编号计划).
Numbers of other countries are accepted where the library finds their length possible.
"""

import re
import unicodedata
from urllib.parse import unquote

import phonenumbers

# Area codes have two digits (10, 2x) or three; no area begins with 86, so a country code is never taken for one.
_AREA = r"(?P<area>10|2\d|(?!86)[3-9][1-9]\d|701|90[1-9])"
_LANDLINE = re.compile(_AREA + r"\d{7,8}")
# Without trunk prefix and country code, a two-digit area needs all eight digits: nine are a mistyped number.
_BARE_LANDLINE = re.compile(r"(?:10|2\d)\d{8}|(?!1|2)" + _AREA + r"\d{7,8}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_STORED_MOBILE = re.compile(r"\+861[3-9][0-9]{9}")
# Numbers of companies that are answered in the whole country (400, 800).
_NATIONWIDE = re.compile(r"[48]00\d{7}")
# Numbers of the same town; other first digits lead to services and trunks.
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_SERVICE = re.compile(r"1\d{2,5}|9[56]\d{3,6}")
# ANONYMOUS, RESTRICTED, BLOCKED, UNAVAILABLE, UNKNOWN, PRIVATE and WITHHELD on the letters of a keypad, as carriers send
# them with and without a plus. UNKNOWN is also cut to four digits. BLOCKED, UNKNOWN and PRIVATE have the form of a local
# number; such a subscriber is reached by writing the area code.
_KEYPAD_WORDS = frozenset(
    {"266696687", "7378742833", "2562533", "86282452253", "8656696", "8566", "7748483", "94844353", "464"}
)
# The same after a trunk has put the country code before them; 86 737 8742833 is a landline.
_KEYPAD_WORDS_ABROAD = frozenset(f"86{digits}" for digits in _KEYPAD_WORDS - {"7378742833"})
_WITHHELD = frozenset(
    [
        "anonymous",
        "restricted",
        "blocked",
        "unavailable",
        "unknown",
        "private",
        "withheld",
        "anonym",
        "hidden",
        "nocallerid",
        "callerunknown",
        "callerid",
        "unknowncaller",
        "privatecaller",
        "privatenumber",
        "numberwithheld",
        "outofarea",
        "notavailable",
        "na",
        "none",
        "null",
        "匿名",
        "匿名来电",
        "未知",
        "未知号码",
        "未显示",
        "未显示号码",
        "隐藏",
        "隐藏号码",
        "隐私号码",
        "私人号码",
        "无",
        "无号码",
        "保密",
    ]
)
_PLUS = frozenset("+＋﹢⁺➕")
# Signs that people and word processors use for a dash, beside those of the Unicode category.
_DASHES = frozenset("−➖─━ーｰ⁃˗")
# Signs without width that Unicode counts as letters or marks.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u180b\u180c\u180d\ufe0e\ufe0f")
_SEPARATING = frozenset({"Zs", "Zl", "Zp", "Pd", "Ps", "Pe"})
_MOST_SIGNS = 64
_MASKED = re.compile(r"(?=.*\d)(?=.*[*＊xX×●]{2})[\d*＊xX×●\s-]{3,20}")
_OUR_MASK = re.compile(r"\w{3}\*{3,}\w{4}|\*+\w{0,2}")


def parse_number(raw: str, line: str = "") -> str | None:
    """Returns E.164 for a dialable number in any usual spelling, else None.

    `line` is the hotline's own number in E.164: 7 and 8 digits are a number of its area. None stands for a withheld
    number, a short code, a number with an extension, a client name or any other text.
    """
    # Nearly every number that is read again is a mobile as it is stored; lists mask two a row.
    if _STORED_MOBILE.fullmatch(raw):
        return raw
    groups = _digit_groups(raw)
    if groups is None:
        return None
    digits = "".join(groups)
    number = _to_e164(digits, line)
    # `0537-4412345-8` must not become the eight-digit number 44123458.
    inner = _to_e164("".join(groups[:-1]), line) if number and len(groups) > 1 else None
    if inner is not None and number is not None and inner.startswith("+86") and number.startswith(inner):
        return None
    return number


def parse_caller_number(text: str, line: str) -> str | None:
    """Returns what a ticket stores as its caller's number: E.164 where the caller can be phoned.

    A service number (110, 12345, 95588) is returned as its digits; a withheld or a masked number as it was written; None
    for an empty text. Raises ValueError for anything else.
    """
    number = parse_number(text, line)
    if number is not None or not text.strip():
        return number
    if is_withheld(text) or _MASKED.fullmatch(text.strip()):
        return text.strip()
    digits = "".join(_digit_groups(text) or ())
    if _SERVICE.fullmatch(digits):
        return digits
    raise ValueError("not a telephone number")


def is_withheld(raw: str) -> bool:
    """Returns whether a carrier's text says that the caller's number is not shown."""
    if _STORED_MOBILE.fullmatch(raw):
        return False
    text = _without_scheme(raw)
    digits = "".join(_digit_groups(text) or ())
    if digits:
        return digits.removeprefix("+") in _KEYPAD_WORDS | _KEYPAD_WORDS_ABROAD
    return "".join(sign for sign in text.casefold() if sign.isalnum()) in _WITHHELD


def is_masked(number: str) -> bool:
    """Returns whether `number` has the form that `people.privacy.mask_number` gives a number."""
    return _OUR_MASK.fullmatch(number) is not None


def format_national(number: str) -> str:
    """Returns the national spelling of a number; a text that is no number as it is.

    Examples: +8613800001234 -> 13800001234, +865374412345 -> 0537 441 2345.
    """
    known = parse_number(number)
    if known is None:
        return number
    home = known.removeprefix("+86")
    landline = _LANDLINE.fullmatch(home)
    if known.startswith("+86") and _MOBILE.fullmatch(home):
        return home
    if known.startswith("+86") and landline is not None:
        subscriber = home[len(landline["area"]) :]
        return f"0{landline['area']} {subscriber[:-4]} {subscriber[-4:]}"
    style = phonenumbers.PhoneNumberFormat
    wanted = style.NATIONAL if known.startswith("+86") else style.INTERNATIONAL
    return phonenumbers.format_number(phonenumbers.parse(known), wanted)


def _to_e164(digits: str, line: str) -> str | None:
    """Returns E.164 of digits with or without a leading plus."""
    if digits.removeprefix("+") in _KEYPAD_WORDS | _KEYPAD_WORDS_ABROAD:
        return None
    has_country = digits.startswith(("+", "00"))
    digits = digits.removeprefix("+").removeprefix("00")
    # No country code begins with 0: a trunk that writes +0537… or 000537… means the number at home.
    if has_country and not digits.startswith("0"):
        return _home_number(digits[2:]) if digits.startswith("86") else _foreign_number(digits)
    if _LOCAL.fullmatch(digits):
        area = _LANDLINE.fullmatch(line.removeprefix("+86"))
        return None if area is None or not line.startswith("+86") else f"+86{area['area']}{digits}"
    if digits.startswith("0"):
        return _home_number(digits)
    if any(form.fullmatch(digits) for form in (_MOBILE, _BARE_LANDLINE, _NATIONWIDE)):
        return f"+86{digits}"
    return _home_number(digits[2:]) if digits.startswith("86") else None


def _home_number(digits: str) -> str | None:
    """Returns E.164 of a national number, with or without its trunk prefix."""
    national = digits.removeprefix("0")
    known = any(form.fullmatch(national) for form in (_MOBILE, _LANDLINE, _NATIONWIDE))
    return f"+86{national}" if known else None


def _foreign_number(digits: str) -> str | None:
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    # Numbers that are possible only within their own town are not dialable from here.
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _without_scheme(raw: str) -> str:
    """Returns the user part of a SIP or telephone address, and any other text as it is."""
    text = raw.strip()
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in {"sip", "sips", "tel"}:
        return unquote(rest.partition("@")[0].partition(";")[0])
    return text


def _digit_groups(raw: str) -> list[str] | None:
    """Returns the groups of digits between separators, the plus as part of the first; None if other signs occur."""
    text = _without_scheme(raw)
    groups = [""]
    if len(text) > _MOST_SIGNS:
        return None
    for sign in text:
        category = unicodedata.category(sign)
        if category == "Nd":
            groups[-1] += str(unicodedata.decimal(sign))
        elif sign in _PLUS and not any(groups):
            groups[-1] += "+"
        elif category in _SEPARATING or sign in _DASHES or sign in "\t\n\r.．":
            groups.append("")
        elif category != "Cf" and sign not in _INVISIBLE:
            return None
    return [group for group in groups if group] or None
