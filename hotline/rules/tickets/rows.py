"""One line of a ticket file: a complete row, or every field that cannot be accepted with its reason.

The columns are public, because other systems write these files; they are the rows of the field table that have a
`csv` name. Fourteen are required, the others may be missing. Times are RFC 3339; without an offset they are local.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

from hotline.rules.enums import RequestType, TicketState, Urgency
from hotline.rules.errors import DomainError
from hotline.rules.tickets.cells import CellReader, Code, cell_reader, plain_cell
from hotline.rules.tickets.fields import TICKET_FIELDS, BadValue, ChoiceField, TicketField

FILE_FIELDS: tuple[TicketField, ...] = tuple(row for row in TICKET_FIELDS if row.csv and not row.csv_optional)
COLUMNS: tuple[str, ...] = tuple(row.csv for row in FILE_FIELDS)


class FollowUpFact(StrEnum):
    """The state of the follow-up of a closed ticket, as far as the follow-up rate depends on it.

    `OWED`: due and never attempted. `NOT_DUE`: promised for later when the file was written.
    """

    ATTEMPTED = "attempted"
    EXEMPT = "exempt"
    NOT_DUE = "not_due"
    OWED = "owed"


# Stored beside the ticket, hence no row of the table of its fields.
_FOLLOW_UP = TicketField(
    "follow_up", ChoiceField(FollowUpFact), optional=True, stored=False, csv="follow_up", csv_optional=True
)
OPTIONAL_FIELDS: tuple[TicketField, ...] = (*(row for row in TICKET_FIELDS if row.csv_optional), _FOLLOW_UP)
OPTIONAL_COLUMNS: tuple[str, ...] = tuple(row.csv for row in OPTIONAL_FIELDS)

# The Chinese names of columns, with the words that other systems use for them.
CHINESE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "external_number": ("原编号", "原工单号", "外部编号", "工单编号", "工单号"),
    "received_at": ("受理时间", "来电时间"),
    "channel": ("渠道", "来源渠道", "受理渠道"),
    "type": ("类型", "诉求类型"),
    "category": ("分类", "类别", "事项类别", "诉求分类"),
    "title": ("事由", "标题", "诉求标题", "主题"),
    "text": ("内容", "诉求内容"),
    "caller_number": ("来电号码", "联系电话", "电话"),
    "unit": ("承办单位", "承办单位代码", "单位代码"),
    "closed_at": ("办结时间",),
    "due_at": ("办理期限", "办结期限", "到期时间"),
    "first_contact_at": ("先行联系时间", "首次联系时间"),
    "solved": ("是否解决", "解决"),
    "satisfied": ("是否满意", "满意"),
    "wanted": ("诉求", "诉求目的", "希望结果"),
    "place": ("地点", "事发地点"),
    "urgency": ("紧急程度",),
    "confidential": ("保密", "是否保密"),
    "answer": ("答复", "当场答复"),
    "reply": ("答复内容", "单位答复", "办理结果"),
    "round": ("轮次", "办理轮次"),
    "redo_of": ("上一轮编号",),
    "dispatched_at": ("转办时间",),
    "acknowledged_at": ("签收时间",),
    "replied_at": ("答复时间",),
    "acknowledge_due": ("签收期限",),
    "contact_due": ("先行联系期限",),
    "due_computed": ("期限推算",),
    "followed_up_at": ("回访时间",),
    "follow_up": ("回访",),
}
_KNOWN_NAMES: Mapping[str, str] = {
    **{name: name for name in (*COLUMNS, *OPTIONAL_COLUMNS)},
    **{word: name for name, words in CHINESE_COLUMNS.items() for word in words},
}

# Mayors' telephones began in 1983; an earlier time is the zero of a calendar, such as 1970-01-01 or 1899-12-30.
_EARLIEST = datetime(1983, 1, 1, tzinfo=UTC)
# Other systems' clocks may be ahead of ours.
_SKEW = timedelta(hours=1)
_LONGEST_DEADLINE = timedelta(days=5 * 366)
# Steps in the order in which a ticket takes them; each lies between its reception and its closing.
_STEPS = ("dispatched_at", "acknowledged_at", "first_contact_at", "replied_at")
DEADLINE_FIELDS = ("acknowledge_due", "contact_due", "due_at")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """`line` counts from 1, the header included; `field` is a column, or empty for the line as a whole."""

    line: int
    field: str
    code: Code


class ImportRefused(DomainError):
    """Nothing was imported. `problems` holds the first ones, `bad_rows` the number of bad rows (0: the header was bad).

    `rows` is the number of rows read.
    """

    def __init__(self, problems: tuple[RowProblem, ...], bad_rows: int, rows: int = 0) -> None:
        super().__init__(f"{bad_rows} bad rows")
        self.problems = problems
        self.bad_rows = bad_rows
        self.rows = rows


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A parsed line: file column's ticket field -> value; optional columns that the file lacks are None.

    Moments are UTC; a caller's number is E.164 where it can be, else as written.
    """

    values: Mapping[str, Any]

    @property
    def external_number(self) -> str:
        return cast("str", self.values["external_number"])

    @property
    def type(self) -> RequestType:
        return cast("RequestType", self.values["type"])

    @property
    def unit_code(self) -> str | None:
        return cast("str | None", self.values["unit_code"])

    @property
    def received_at(self) -> datetime:
        return cast("datetime", self.values["received_at"])

    @property
    def closed_at(self) -> datetime | None:
        return cast("datetime | None", self.values["closed_at"])

    @property
    def due_at(self) -> datetime | None:
        return cast("datetime | None", self.values["due_at"])

    @property
    def urgency(self) -> Urgency:
        return self._optional("urgency") or Urgency.NORMAL

    @property
    def round(self) -> int:
        return self._optional("round") or 1

    @property
    def redo_of(self) -> str | None:
        """The number, in its own system, of the ticket that this one repeats."""
        return cast("str | None", self._optional("redo_of"))

    @property
    def follow_up(self) -> FollowUpFact | None:
        return cast("FollowUpFact | None", self._optional("follow_up"))

    @property
    def followed_up_at(self) -> datetime | None:
        """The latest moment that the row gives, where it does not say when the caller answered. None without an answer."""
        if self.values["solved"] is None and self.values["satisfied"] is None:
            return None
        stated = cast("datetime | None", self._optional("followed_up_at"))
        return stated or self.closed_at or self.values["first_contact_at"] or self.received_at

    @property
    def open_state(self) -> TicketState:
        """The state of an open ticket at its unit, by the last step that the row states."""
        if self._optional("replied_at"):
            return TicketState.REPLIED
        if not self._optional("acknowledged_at"):
            return TicketState.DISPATCHED
        return TicketState.IN_PROGRESS if self.values["first_contact_at"] else TicketState.ACKNOWLEDGED

    def _optional(self, name: str) -> Any:
        return self.values.get(name)


def column_names(header: list[str]) -> list[str]:
    """Returns the columns of a header row in English or Chinese; an empty name has no column, an unknown one is kept."""
    plain = (unicodedata.normalize("NFKC", cell).strip() for cell in header)
    return [_KNOWN_NAMES.get(name.lower(), name) for name in plain]


def check_header(names: list[str]) -> tuple[RowProblem, ...]:
    """Returns the problems of the columns' names; none when each required column comes once, in any order."""
    known = (*COLUMNS, *OPTIONAL_COLUMNS)
    problems = [RowProblem(1, name, Code.MISSING_COLUMN) for name in COLUMNS if name not in names]
    problems += [RowProblem(1, name, Code.UNKNOWN_COLUMN) for name in names if name and name not in known]
    problems += [RowProblem(1, name, Code.COLUMN_TWICE) for name in known if names.count(name) > 1]
    return tuple(problems)


def is_row(cells: Mapping[str, str], zone: ZoneInfo) -> bool:
    """Returns whether a line looks like a row of its own: it has a time, a channel or a type where the columns are."""
    for field, read in _READERS:
        if field.name in {"received_at", "channel", "type"}:
            try:
                if read(plain_cell(cells[field.csv], field), zone, "") is not None:
                    return True
            except BadValue:
                continue
    return False


def parse_row(
    cells: Mapping[str, str], zone: ZoneInfo, line: str, at: datetime
) -> TicketRow | dict[str, Code]:
    """Returns the row in `cells` (column -> text), or column -> code for everything that is wrong with it at `at`.

    `line` is the hotline's own number.
    """
    values: dict[str, object] = {}
    errors: dict[str, Code] = {}
    for field, read in _READERS:
        if field.csv_optional and field.csv not in cells:
            continue
        try:
            values[field.name] = read(plain_cell(cells[field.csv], field), zone, line)
        except BadValue as bad:
            errors[field.csv] = Code(bad.code)
    errors |= _time_errors({name: each for name, each in values.items() if isinstance(each, datetime)}, at)
    if values.get("redo_of") and (values.get("round") or 1) == 1:
        errors.setdefault("round", Code.NOT_A_ROUND)
    return errors or TicketRow(values)


def _time_errors(times: Mapping[str, datetime], at: datetime) -> dict[str, Code]:
    """Returns column -> code for moments that cannot be, alone or beside the others."""
    errors: dict[str, Code] = {}
    received, closed = times.get("received_at"), times.get("closed_at")
    if received is not None and closed is not None and closed < received:
        # The closing itself is wrong: the steps are not measured by it.
        closed = None
    for name, moment in times.items():
        if moment < _EARLIEST:
            errors[name] = Code.TOO_LONG_AGO
        elif name in DEADLINE_FIELDS and moment > at + _LONGEST_DEADLINE:
            errors[name] = Code.TOO_FAR_AHEAD
        elif name not in DEADLINE_FIELDS and moment > at + _SKEW:
            errors[name] = Code.IN_FUTURE
        elif received is not None and moment < received:
            errors[name] = Code.BEFORE_RECEIVED
        elif closed is not None and name in _STEPS and moment > closed:
            errors[name] = Code.AFTER_CLOSED
    return errors


_READERS: tuple[tuple[TicketField, CellReader], ...] = tuple(
    (field, cell_reader(field)) for field in (*FILE_FIELDS, *OPTIONAL_FIELDS)
)
