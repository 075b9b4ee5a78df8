"""The tables of a report in the reader's language, which text, CSV and spreadsheet files share."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent_console.reports.labels import (
    CALL_LABELS,
    COLUMN_LABELS,
    ENUM_LABELS,
    EXCLUSION_LABELS,
    TABLE_TITLES,
    TALK_TABLES,
    TIME_LABELS,
    UNIT_COLUMN_LABELS,
    Translate,
    line_label,
    statistic_label,
)
from hotline.rules.figures.rates import Rate, percent
from hotline.rules.figures.statistics import STATISTICS
from hotline.services.figures.reports import Report, UnitReport

Cell = str | int
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is stable, for programs; the rest is for people."""

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]


def heading(report: Report, speak: Translate) -> tuple[str, str]:
    """Returns the title with its days, and the moment of counting with its zone."""
    period = report.period
    days = period.first.isoformat() if period.one_day else f"{period.first} – {period.last}"
    as_of = report.as_of.isoformat(sep=" ", timespec="seconds")
    return (
        f"{speak(COLUMN_LABELS['report'])} {days}",
        f"{speak(COLUMN_LABELS['as_of'])} {as_of} {report.timezone}",
    )


def tables_of(report: Report, speak: Translate) -> tuple[Table, ...]:
    """Returns every table of a report in reading order."""
    calls = (_outcomes(report, speak), _calls(report, speak), _times(report, speak), *_talks(report, speak))
    makers = (_rates(report, speak), *calls, *_requests(report, speak))
    return (*makers, _units(report, speak), _curve(report, speak), _lines(report, speak))


def exclusions_text(rate: Rate, speak: Translate) -> str:
    """Returns the exclusions of a rate, e.g. "草稿 3, 已作废 1"; empty without any."""
    named = (
        (EXCLUSION_LABELS.get(part.reason, part.reason), part.count) for part in rate.exclusions if part.count
    )
    return ", ".join(f"{speak(word)} {count:,}" for word, count in named)


def _table(name: str, header: Iterable[str], rows: Iterable[Row], speak: Translate) -> Table:
    return Table(
        name, speak(TABLE_TITLES[name]), tuple(speak(COLUMN_LABELS[word]) for word in header), tuple(rows)
    )


def _rates(report: Report, speak: Translate) -> Table:
    header = ("statistic", "value", "numerator", "denominator", "excluded", "formula")
    rows: list[Row] = []
    for name, rate in report.rates.items():
        words = statistic_label(name)
        base = (rate.numerator, rate.denominator)
        left_out = exclusions_text(rate, speak) or 0
        rows.append((speak(words.label), rate.value or "–", *base, left_out, speak(words.formula)))
    return _table("rates", header, rows, speak)


def _calls(report: Report, speak: Translate) -> Table:
    counts = ((speak(word), getattr(report.figures.calls, name)) for name, word in CALL_LABELS.items())
    return _table("calls", ("statistic", "count"), counts, speak)


def _outcomes(report: Report, speak: Translate) -> Table:
    received, labels = report.figures.received, ENUM_LABELS["outcomes"]
    rows: list[Row] = [
        (speak(labels[word]), count, percent(count, received.rows) or "–")
        for word, count in received.by_outcome().items()
    ]
    total: Row = (
        speak(COLUMN_LABELS["total"]),
        received.rows,
        percent(received.rows, received.rows) or "–",
    )
    return _table("outcomes", ("outcome", "count", "call_share"), (*rows, total), speak)


def _times(report: Report, speak: Translate) -> Table:
    seconds = ((name, getattr(report.figures.received, name)) for name in TIME_LABELS)
    rows = ((speak(TIME_LABELS[name]), "–" if count is None else count) for name, count in seconds)
    return _table("times", ("statistic", "seconds"), rows, speak)


def _talks(report: Report, speak: Translate) -> Iterable[Table]:
    received, returned = report.figures.received, report.figures.callbacks
    for name in TALK_TABLES:
        inbound, callbacks = (getattr(groups, name)() for groups in (received, returned))
        labels = ENUM_LABELS[name]
        rows: list[Row] = [
            (speak(text), sum(inbound[word] for word in words), sum(callbacks[word] for word in words))
            for text, words in by_label(labels).items()
        ]
        total: Row = (speak(COLUMN_LABELS["total"]), sum(inbound.values()), sum(callbacks.values()))
        yield _table(name, ("outcome", "inbound", "returned"), (*rows, total), speak)


def by_label(labels: dict[str, str]) -> dict[str, list[str]]:
    """Returns the values under each label, for tables in which values that share a label are one row."""
    values: dict[str, list[str]] = {}
    for value, text in labels.items():
        values.setdefault(text, []).append(value)
    return values


def _requests(report: Report, speak: Translate) -> Iterable[Table]:
    requests = report.figures.requests
    found: dict[str, list[tuple[str, int]]] = {
        "classes": [(str(word), count) for word, count in requests.by_class().items()],
        "types": [(str(word), count) for word, count in requests.by_type().items()],
        "channels": [(str(word), count) for word, count in requests.by_channel().items()],
    }
    for name, counts in found.items():
        labels = ENUM_LABELS[name]
        rows: list[Row] = [
            (speak(labels.get(word, word)), count, percent(count, requests.total) or "–")
            for word, count in counts
        ]
        rest = requests.total - sum(count for _word, count in counts)
        if rest:
            rows.append((speak(COLUMN_LABELS["unclassified"]), rest, percent(rest, requests.total) or "–"))
        total: Row = (
            speak(COLUMN_LABELS["total"]),
            requests.total,
            percent(requests.total, requests.total) or "–",
        )
        yield _table(name, ("statistic", "count", "share"), (*rows, total), speak)


def _units(report: Report, speak: Translate) -> Table:
    by_unit = [statistic.name for statistic in STATISTICS if statistic.by_unit]
    header = (
        speak(COLUMN_LABELS["code"]),
        speak(COLUMN_LABELS["unit"]),
        *(speak(word) for word in UNIT_COLUMN_LABELS.values()),
        *(speak(statistic_label(name).label) for name in by_unit),
    )
    return Table(
        "units", speak(TABLE_TITLES["units"]), header, tuple(_unit(u, by_unit, speak) for u in report.units)
    )


def _unit(unit: UnitReport, by_unit: list[str], speak: Translate) -> Row:
    in_english = speak(COLUMN_LABELS["unit"]) != COLUMN_LABELS["unit"]
    counts = (getattr(unit, name) for name in UNIT_COLUMN_LABELS)
    return (
        unit.code,
        unit.name_en if in_english else unit.name_zh,
        *counts,
        *(with_base(unit.rates[name]) for name in by_unit),
    )


def with_base(rate: Rate) -> str:
    """Returns 99.51% (47,878/48,116); a dash over nothing."""
    return f"{rate.value}% ({rate.numerator:,}/{rate.denominator:,})" if rate.value is not None else "–"


def _curve(report: Report, speak: Translate) -> Table:
    points = ((point.label, point.offered, point.answered) for point in report.figures.curve)
    header = (speak(COLUMN_LABELS["slot"]), speak(CALL_LABELS["offered"]), speak(CALL_LABELS["answered"]))
    return Table("curve", speak(TABLE_TITLES["curve"]), header, tuple(points))


def _lines(report: Report, speak: Translate) -> Table:
    rows = (
        (
            line_label(line, report.claims, speak),
            line.left,
            line.right,
            speak(COLUMN_LABELS["yes" if line.ok else "no"]),
        )
        for line in report.reconciliation
    )
    return _table("reconciliation", ("line", "left", "right", "ok"), rows, speak)
