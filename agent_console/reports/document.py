"""The public JSON document of a report. Names are stable, numbers are counts, percentages are texts.

The API and `hotline report daily --format json` give the same document.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hotline.rules.enums import CallOutcome, RequestClass
from hotline.rules.figures.rates import Rate
from hotline.services.figures.reports import Report, UnitReport


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class TalksOut(Part):
    """Talks of operators in calls that returned a citizen's call; `no_matter` and `after_call` as for inbound calls."""

    answered: int
    no_matter: dict[str, int]
    after_call: dict[str, int]


class CallsOut(Part):
    """Inbound calls that arrived on these days: all (`received`), and those that joined the queue (`offered`).

    `by_outcome` counts each received call once, `ended_as` and `after_call` each of its `answered`. `no_matter` counts
    reasons by code, those of dismissed voice messages included. `mean_wait_seconds` is of the answered calls, from
    joining the queue to the answer; `longest_wait_seconds` of all waits that are over, answered or not;
    `mean_talk_seconds` from the answer to the end of the talk, without the rating after it. Seconds are rounded
    half-up, and null over no call. `called_back` counts callbacks of these days that were reached.
    """

    offered: int
    answered: int
    answered_15s: int
    abandoned: int
    called_back: int
    received: int
    by_outcome: dict[str, int]
    ended_as: dict[str, int]
    mean_wait_seconds: int | None
    longest_wait_seconds: int | None
    mean_talk_seconds: int | None
    no_matter: dict[str, int]
    after_call: dict[str, int]
    callback_talks: TalksOut


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
    calls, received, returned = report.figures.calls, report.figures.received, report.figures.callbacks
    return CallsOut(
        offered=calls.offered,
        answered=calls.answered,
        answered_15s=calls.answered_15s,
        abandoned=calls.abandoned,
        called_back=calls.called_back,
        received=received.rows,
        by_outcome=_by_code(received.by_outcome()),
        ended_as=_by_code(received.ended_as()),
        mean_wait_seconds=received.mean_wait_seconds,
        longest_wait_seconds=received.longest_wait_seconds,
        mean_talk_seconds=received.mean_talk_seconds,
        no_matter=_by_code(received.no_matter()),
        after_call=_by_code(received.after_call()),
        callback_talks=TalksOut(
            answered=returned.by_outcome()[CallOutcome.ANSWERED],
            no_matter=_by_code(returned.no_matter()),
            after_call=_by_code(returned.after_call()),
        ),
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
        by_type=_by_code(requests.by_type()),
        by_channel=_by_code(requests.by_channel()),
    )


def _by_code(counts: Mapping[Any, int]) -> dict[str, int]:
    return {str(word): count for word, count in counts.items()}


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
