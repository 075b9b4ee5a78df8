"""One cell of a ticket file: the value of its field, or the code of what is wrong with it."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from hotline.rules.enums import Channel, RequestType, Satisfied, Solved, Urgency
from hotline.rules.phone_numbers import is_masked, parse_caller_number
from hotline.rules.text import clean, close_directions, without_format_signs
from hotline.rules.tickets.fields import (
    BadValue,
    BooleanField,
    ChoiceField,
    DateField,
    DateTimeField,
    IntegerField,
    PhoneField,
    TextField,
    TicketField,
)

# 2026-11-05T09:30:00+08:00 and the spellings of spreadsheets: 2026/11/5 9:30. 24:00 is the end of the day.
_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d?)-|/(\d\d?)/)(\d\d?)[Tt ]\s*(\d\d?):(\d\d)(?::(\d\d)(\.\d{1,9})?)?\s*([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_CHINESE_DAY = re.compile(r"(\d{4})年(\d\d?)月(\d\d?)日\s*", re.ASCII)
_CHINESE_TIME = re.compile(r"(\d\d?)[时点](\d\d)分?(?:(\d\d)秒)?", re.ASCII)
# A cell that a program writes as a formula so that a spreadsheet keeps all its digits.
_QUOTED_FORMULA = re.compile(r'="([^"]*)"')
MAX_ROUND = 99
# PostgreSQL stores no NUL; the surrogates stand for bytes that were not text of the file's encoding.
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
# A spreadsheet takes a cell that begins so for a formula, also with a full-width character.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# A number as a spreadsheet shortens it (1.38E+10), and the texts of cells that it could not compute or show.
_SHORTENED = re.compile(
    r"[+-]?\d+(?:[.,]\d*E[+-]?|E\+)\d{1,3}|#+|#(?:N/A|REF!|VALUE!|NAME\?|NUM!|NULL!|DIV/0!)"
)
_SHORTENED_DIGITS = re.compile(r"[+-]?\d+(?:[.,]\d*)?E[+-]?\d{1,3}")
_YES_OR_NO = {"yes", "no"}
_CHINESE_YES_OR_NO = {"是": "yes", "否": "no"}
# The Chinese words of choices, as other systems and the pages of this one write them.
_CHINESE_WORDS: Mapping[type[StrEnum], Mapping[str, str]] = {
    RequestType: {
        "咨询": "consultation",
        "求助": "help",
        "投诉": "complaint",
        "举报": "report",
        "建议": "suggestion",
        "批评建议": "suggestion",
        "表扬": "praise",
        "其他": "other",
    },
    Channel: {
        "电话": "phone",
        "网站": "web",
        "网页": "web",
        "信箱": "mailbox",
        "邮箱": "mailbox",
        "手机应用": "app",
        "转来": "transfer",
        "转办": "transfer",
        "其他": "other",
        "其他渠道": "other",
    },
    Urgency: {"一般": "normal", "普通": "normal", "紧急": "urgent", "特急": "critical"},
    Solved: _CHINESE_YES_OR_NO | {"已解决": "yes", "解决": "yes", "未解决": "no"},
    Satisfied: _CHINESE_YES_OR_NO | {"满意": "yes", "不满意": "no"},
}


class Code(StrEnum):
    """The reason for which a line or one of its fields is refused."""

    MISSING = "missing"
    UNKNOWN_VALUE = "unknown_value"
    TOO_LONG = "too_long"
    NOT_TEXT = "not_text"
    NOT_UTF8 = "not_utf8"
    NOT_A_TIME = "not_a_time"
    NOT_A_NUMBER = "not_a_number"
    NOT_YES_OR_NO = "not_yes_or_no"
    NOT_A_ROUND = "not_a_round"
    SHORTENED_NUMBER = "shortened_number"
    BEFORE_RECEIVED = "before_received"
    AFTER_CLOSED = "after_closed"
    IN_FUTURE = "in_future"
    TOO_FAR_AHEAD = "too_far_ahead"
    TOO_LONG_AGO = "too_long_ago"
    UNKNOWN_UNIT = "unknown_unit"
    TWICE_IN_FILE = "twice_in_file"
    WRONG_CELL_COUNT = "wrong_cell_count"
    BROKEN_CSV = "broken_csv"
    OPEN_QUOTE = "open_quote"
    SWALLOWED_LINES = "swallowed_lines"
    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    COLUMN_TWICE = "column_twice"
    EMPTY_FILE = "empty_file"
    OLD_EXCEL = "old_excel"
    BROKEN_WORKBOOK = "broken_workbook"
    TOO_LARGE = "too_large"
    SECOND_SHEET = "second_sheet"
    # No reason to refuse, but worth knowing.
    CLOSED_UNIT = "closed_unit"


def safe_cell(text: str) -> str:
    """Returns `text` for a cell of a file: open directions closed, and no formula.

    A leading apostrophe is added if a spreadsheet would take the text for a formula; `plain_cell` removes it.
    """
    closed = close_directions(text)
    return f"'{closed}" if closed.lstrip("'").startswith(_FORMULA) else closed


def plain_cell(raw: str, field: TicketField) -> str:
    unusable = _UNUSABLE.search(raw)
    if unusable is not None:
        raise BadValue(Code.NOT_TEXT if unusable[0] == "\x00" else Code.NOT_UTF8)
    quoted = _QUOTED_FORMULA.fullmatch(raw.strip())
    if quoted is not None:
        raw = quoted[1]
    elif raw.startswith("'") and raw.lstrip("'").startswith(_FORMULA):
        raw = raw[1:]
    text = clean(raw)
    if isinstance(field.kind, TextField) and len(text) > field.kind.limit:
        raise BadValue(Code.TOO_LONG)
    if field.csv_required and not text:
        raise BadValue(Code.MISSING)
    return text


CellReader = Callable[[str, ZoneInfo, str], object]


def cell_reader(field: TicketField) -> CellReader:
    """Returns the function that reads a cell of `field`. Raises TypeError for a kind that no file holds."""
    if field.name in {"external_number", "redo_of"}:
        return lambda text, _zone, _line: _number(without_format_signs(text), _SHORTENED) or None
    match field.kind:
        case PhoneField():
            return lambda text, _zone, line: _phone(text, line)
        case TextField():
            return lambda text, _zone, _line: text or (None if field.optional else "")
        case ChoiceField(kind):
            code = Code.NOT_YES_OR_NO if {word.value for word in kind} == _YES_OR_NO else Code.UNKNOWN_VALUE
            return lambda text, _zone, _line: _word(kind, text, code) if text else None
        case DateTimeField():
            return lambda text, zone, _line: _moment(text, zone) if text else None
        case BooleanField():
            return lambda text, _zone, _line: _truth(text) if text else None
        case IntegerField():
            return lambda text, _zone, _line: _round(text) if text else None
        case DateField():
            raise TypeError(f"no ticket file holds a {field.kind}")


def _number(text: str, damage: re.Pattern[str]) -> str:
    """Returns a number as it is written. Raises BadValue for one of which a spreadsheet kept only some digits."""
    if damage.fullmatch(unicodedata.normalize("NFKC", text).upper()):
        raise BadValue(Code.SHORTENED_NUMBER)
    return text


def _phone(text: str, line: str) -> str | None:
    # A column of numbers with gaps is written as 13800001234.0 by some programs.
    text = text.removesuffix(".0") if text.removesuffix(".0").isdecimal() else text
    _number(text, _SHORTENED_DIGITS)
    _number(text, _SHORTENED)
    # An export of this system masks numbers, the shortest of them whole.
    if is_masked(text):
        return text
    try:
        return parse_caller_number(text, line)
    except ValueError as unknown:
        raise BadValue(Code.NOT_A_NUMBER) from unknown


def _word(kind: type[StrEnum], text: str, code: Code) -> StrEnum:
    word = unicodedata.normalize("NFKC", text).lower()
    try:
        return kind(_CHINESE_WORDS.get(kind, {}).get(word, word))
    except ValueError as unknown:
        raise BadValue(code) from unknown


def _truth(text: str) -> bool:
    word = _CHINESE_YES_OR_NO.get(text, text.lower())
    if word not in _YES_OR_NO:
        raise BadValue(Code.NOT_YES_OR_NO)
    return word == "yes"


def _round(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:3]) <= MAX_ROUND or len(text) > 2:
        raise BadValue(Code.NOT_A_ROUND)
    return int(text)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    form = _MOMENT.fullmatch(_in_digits(text))
    if form is None or not 1900 <= int(form[1]) <= 2999:
        raise BadValue(Code.NOT_A_TIME)
    year, day, hour, minute, second = (int(form[place] or 0) for place in (1, 4, 5, 6, 7))
    ends_day = (hour, minute, second) == (24, 0, 0) and not form[8]
    fraction = int((form[8] or ".0")[1:7].ljust(6, "0"))
    try:
        moment = datetime(
            year,
            int(form[2] or form[3]),
            day,
            0 if ends_day else hour,
            minute,
            second,
            fraction,
            tzinfo=_offset(form[9]) or zone,
        )
        # Of two times with one zone the clock's hands are added up: a day is a local day.
        return (moment + timedelta(days=ends_day)).astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise BadValue(Code.NOT_A_TIME) from wrong


def _in_digits(text: str) -> str:
    """Returns a moment such as 2026年11月5日 9时30分 as 2026-11-5 9:30, in half-width forms."""
    day = _CHINESE_DAY.sub(r"\1-\2-\3 ", unicodedata.normalize("NFKC", text))
    return _CHINESE_TIME.sub(lambda time: ":".join(filter(None, time.groups())), day)


def _offset(text: str | None) -> Any:
    """Returns the time zone of an offset such as Z or +08:00, or None without one. Raises ValueError."""
    return time.fromisoformat(f"00:00{text.upper()}").tzinfo if text else None
