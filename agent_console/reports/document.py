"""The public JSON document of a report. Names are stable, numbers are counts, percentages are texts.

The API and `hotline report daily --format json` give the same document.
"""

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from hotline.rules.enums import RequestClass
from hotline.rules.figures.rates import Rate
from hotline.services.figures.reports import Report, UnitReport


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class CallsOut(Part):
    """Inbound calls that joined the queue, by outcome. `called_back` counts callbacks of these days that were reached."""

    offered: int
    answered: int
    answered_15s: int
    abandoned: int
    called_back: int


class ByClassOut(Part):
    """The three published classes; `other` counts in the total and in `by_type` only."""

    complaint: int
    consultation: int
    suggestion: int


class RequestsOut(Part):
    """Requests received, without drafts, discarded drafts and redo rounds."""

    total: int
    by_class: ByClassOut
    by_type: dict[str, int]
    by_channel: dict[str, int]


class RateOut(Part):
    """`value`: percent, two decimals, half-up; null over an empty base. `excluded`: rows left out of both numbers."""

    numerator: int
    denominator: int
    excluded: int
    value: str | None


class UnitReportOut(Part):
    """`open` and `overdue` are as of now, whatever the period."""

    code: str
    name: str
    name_en: str
    dispatched: int
    closed: int
    open: int
    overdue: int
    rates: dict[str, RateOut]


class LineOut(Part):
    """Two counts that must agree; texts where printed percentages are compared."""

    line: str
    left: int | str
    right: int | str
    ok: bool


class ReportOut(Part):
    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    timezone: str
    as_of: datetime
    calls: CallsOut
    requests: RequestsOut
    rates: dict[str, RateOut]
    units: tuple[UnitReportOut, ...]
    reconciliation: tuple[LineOut, ...]


def document_of(report: Report) -> ReportOut:
    """Returns the document of a report."""
    return ReportOut(
        first=report.period.first,
        last=report.period.last,
        timezone=report.timezone,
        as_of=report.as_of.replace(microsecond=0),
        calls=_calls(report),
        requests=_requests(report),
        rates=_rates(report.rates),
        units=tuple(_unit(unit) for unit in report.units),
        reconciliation=tuple(
            LineOut(line=line.line, left=line.left, right=line.right, ok=line.ok)
            for line in report.reconciliation
        ),
    )


def json_of(report: Report) -> str:
    """Returns the document as JSON text with its public names."""
    return document_of(report).model_dump_json(by_alias=True)


def _calls(report: Report) -> CallsOut:
    calls = report.figures.calls
    return CallsOut(
        offered=calls.offered,
        answered=calls.answered,
        answered_15s=calls.answered_15s,
        abandoned=calls.abandoned,
        called_back=calls.called_back,
    )


def _requests(report: Report) -> RequestsOut:
    requests = report.figures.requests
    classes = requests.by_class()
    return RequestsOut(
        total=requests.total,
        by_class=ByClassOut(
            complaint=classes[RequestClass.COMPLAINT],
            consultation=classes[RequestClass.CONSULTATION],
            suggestion=classes[RequestClass.SUGGESTION],
        ),
        by_type={str(word): count for word, count in requests.by_type().items()},
        by_channel={str(word): count for word, count in requests.by_channel().items()},
    )


def _rates(rates: Mapping[str, Rate]) -> dict[str, RateOut]:
    return {
        name: RateOut(
            numerator=rate.numerator, denominator=rate.denominator, excluded=rate.excluded, value=rate.value
        )
        for name, rate in rates.items()
    }


def _unit(unit: UnitReport) -> UnitReportOut:
    return UnitReportOut(
        code=unit.code,
        name=unit.name_zh,
        name_en=unit.name_en,
        dispatched=unit.dispatched,
        closed=unit.closed,
        open=unit.open,
        overdue=unit.overdue,
        rates=_rates(unit.rates),
    )
