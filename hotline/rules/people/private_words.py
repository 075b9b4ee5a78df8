"""Finds telephone and identity numbers inside free texts, in the spellings that people use, and masks them.

Every output of a ticket's texts uses `mask_text` for readers who may not see them (`privacy.may_read_in_full`).

Ticket numbers, days, amounts and meter numbers are not found. Digits of every script count, with spaces, dashes, dots
and invisible signs between them.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_BETWEEN = r"[^\S\n]|[-._·()（）\u2010-\u2015\u2212\ufe58\ufe63\uff0d\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
# The shortest number that is masked, one of this city without its area code, has seven digits.
_RUN = re.compile(rf"[+＋]?\d(?:(?:{_BETWEEN}){{0,3}}\d){{6,}}")
_GROUP = re.compile(r"\d+")
_CHECK_LETTER = re.compile(rf"(?:{_BETWEEN}){{0,2}}[XxＸｘ](?![A-Za-z])")
# Province, then a birthday (GB 11643-1999; numbers of 15 digits are older and have no century).
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91)\d{4}"
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IDENTITY = re.compile(rf"{_PROVINCE}(?:(?:18|19|20)\d\d{_MONTH_DAY}\d{{3}}[\dX]|\d\d{_MONTH_DAY}\d{{3}})")
_MOBILE = re.compile(r"(?:(?:00)?86)?0?1[3-9]\d{9}")
_LANDLINE = re.compile(r"(?:(?:00)?86)?0(?:(?:10|2\d)\d{8}|[3-9]\d\d[2-9]\d{6,7})")
# With the prefix of calls from abroad a number is none of a counter or a contract.
_FROM_ABROAD = re.compile(r"0086[1-9]\d{8,11}")
_LANDLINE_ABROAD = re.compile(r"(?:00)?86(?:(?:10|2\d)\d{8}|[3-9]\d\d[2-9]\d{6,7})")
_LOCAL = re.compile(r"(?!(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d$)[2-9]\d{6,7}")
_PHONE_WORD = re.compile(
    r"(?:电话|座机|固话|手机|联系|号码|致电|来电|回电|宅电|拨|传真|tel|phone|call|mobile|cell)[^\d\n，。；;]{0,6}$"
    r"|[打呼]\s?$",
    re.IGNORECASE,
)
_COUNTER_WORD = re.compile(r"(?:表|表号|户号|编号|单号|账号|帐号|案号|合同号|发票号)[\s:：是为]{0,3}$")
_LISTED = re.compile(r"[\s、/,，;；或和及]{1,3}")
_AMOUNT = re.compile(r"(?:\.\d{1,2}(?!\d))?\s*(?:元|万|亿|吨|度|立方|千瓦|平方|%)|\.\d{1,2}(?!\d)")

# Digits that stay visible.
_VISIBLE_HEAD = 3
_NAME_MASK = "***"
# Words that stand in the name field without naming a person, and forms of address around a name.
_NO_NAMES = {"匿名", "不详", "未知", "市民", "居民", "群众", "来电人", "业主", "保密", "anonymous", "unknown"}
_ADDRESS_FORM = re.compile(r"(?:先生|女士|小姐|同志|师傅|老师|大爷|大妈|阿姨)$")
# Dots stand between the parts of a name, invisible signs anywhere.
_GAP = r"[\s·•・‧∙\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
# The full-width forms of letters (Unicode block Halfwidth and Fullwidth Forms).
_WIDE = {code: code + 0xFEE0 for code in (*b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *b"abcdefghijklmnopqrstuvwxyz")}
# Between several names in one field, and around a remark in brackets.
_NAMES = re.compile(r"[、,，;；/／|\n]|(?<=\S\S)[和与及](?=\S\S)|[(（][^()（）]*[)）]")


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits that are written together; `start` and `end` are places in the text."""

    digits: str
    start: int
    end: int


def private_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Returns start and end of each telephone and identity number in `text`, in order."""
    last_phone = -1
    for run in _RUN.finditer(text):
        plus = run[0][0] in "+＋"
        groups = [
            _Group("".join(str(unicodedata.decimal(sign)) for sign in part[0]), part.start(), part.end())
            for part in _GROUP.finditer(text, run.start(), run.end())
        ]
        place = 0
        while place < len(groups):
            near = last_phone >= 0 and _LISTED.fullmatch(text, last_phone, groups[place].start) is not None
            end, size = _longest(text, groups[place:], plus=plus and place == 0, is_listed=near)
            if size:
                yield groups[place].start, end
                last_phone = end
            place += size or 1


def _longest(text: str, groups: list[_Group], *, plus: bool, is_listed: bool) -> tuple[int, int]:
    """Returns the end of the longest number that begins with the first of `groups`, and how many of them it takes."""
    for size in range(min(len(groups), 20), 0, -1):
        taken = groups[:size]
        digits, end = "".join(group.digits for group in taken), taken[-1].end
        letter = _CHECK_LETTER.match(text, end) if len(digits) == 17 else None
        if _IDENTITY.fullmatch(digits + "X" if letter else digits):
            return (letter.end() if letter else end), size
        if len(digits) <= 17 and _is_phone(text, taken, digits, plus=plus, is_listed=is_listed):
            return end, size
    return 0, 0


def _is_phone(text: str, groups: list[_Group], digits: str, *, plus: bool, is_listed: bool) -> bool:
    if plus:
        return 8 <= len(digits) <= 15 and not _AMOUNT.match(text, groups[-1].end)
    before = text[max(groups[0].start - 16, 0) : groups[0].start]
    if _AMOUNT.match(text, groups[-1].end) or (len(groups) == 1 and _COUNTER_WORD.search(before)):
        return False
    if _MOBILE.fullmatch(digits):
        return _is_grouped_like_a_number(groups)
    if _LANDLINE.fullmatch(digits) or _FROM_ABROAD.fullmatch(digits):
        return True
    if len(groups) > 1 and _LANDLINE_ABROAD.fullmatch(digits):
        return True
    return _LOCAL.fullmatch(digits) is not None and (
        is_listed or _PHONE_WORD.search(before.rstrip("(（")) is not None
    )


def _is_grouped_like_a_number(groups: list[_Group]) -> bool:
    """Returns False for a row of small numbers that happen to have eleven digits together."""
    parts = [group.digits for group in groups]
    if parts[0] in {"86", "0086"}:
        parts = parts[1:]
    return len(parts[0]) >= 3 or all(len(part) == 1 for part in parts)


def mask_text(text: str, caller_name: str = "") -> str:
    """Returns `text` with telephone and identity numbers (all but three digits) and the caller's name replaced by stars."""
    return text and _mask(text, _name_pattern(caller_name))


def mask_texts(texts: Mapping[str, str], caller_name: str) -> dict[str, str]:
    """Returns named texts of one ticket, each masked as `mask_text` does."""
    # The pattern of a name is built once for all texts of a ticket, most of which are empty: a list has hundreds of them.
    pattern = _name_pattern(caller_name)
    return {name: text and _mask(text, pattern) for name, text in texts.items()}


def _mask(text: str, name: re.Pattern[str] | None) -> str:
    masked, last = [], 0
    for start, end in private_numbers(text):
        masked += [text[last:start], _mask_digits(text[start:end])]
        last = end
    whole = "".join([*masked, text[last:]])
    return name.sub(_NAME_MASK, whole) if name else whole


def _mask_digits(number: str) -> str:
    shown = 0
    signs = []
    for sign in number:
        counts = sign.isdecimal() or sign in "XxＸｘ"
        shown += counts
        signs.append("*" if counts and shown > _VISIBLE_HEAD else sign)
    return "".join(signs)


def _name_pattern(caller_name: str) -> re.Pattern[str] | None:
    """Returns the pattern of the stored name and of each of several names, with or without their forms of address."""
    names = {_bare_name(part) for part in (caller_name, *_NAMES.split(caller_name))}
    # The longest first, so that none of a longer one is left.
    found = [_spelling(name) for name in sorted(names, key=len, reverse=True) if _names_a_person(name)]
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _bare_name(text: str) -> str:
    name = re.sub(_GAP, "", unicodedata.normalize("NFKC", text))
    bare = _ADDRESS_FORM.sub("", name)
    return bare if len(bare) > 1 else name


def _names_a_person(name: str) -> bool:
    return len(name) > 1 and name.lower() not in _NO_NAMES


def _spelling(name: str) -> str:
    """Returns the expression of a name with any blanks inside it, in half-width and full-width forms."""
    signs = (
        re.escape(sign) if sign == wide else f"[{sign}{wide}]"
        for sign, wide in zip(name, name.translate(_WIDE), strict=True)
    )
    pattern = _GAP.join(signs)
    return rf"(?<![a-z]){pattern}(?![a-z])" if name.isascii() else pattern
