"""A report as plain tables in the reader's language: what text, CSV and spreadsheet files all write."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent_console.reports.labels import (
    CALL_WORDS,
    COLUMNS,
    EXCLUSION_WORDS,
    STATISTIC_WORDS,
    TITLES,
    UNIT_COLUMNS,
    WORD_LABELS,
    Speak,
    line_words,
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


def heading(report: Report, speak: Speak) -> tuple[str, str]:
    """Return the title with its days, and the moment of counting with its zone."""
    period = report.period
    days = period.first.isoformat() if period.one_day else f"{period.first} – {period.last}"
    as_of = report.as_of.isoformat(sep=" ", timespec="seconds")
    return f"{speak(COLUMNS['report'])} {days}", f"{speak(COLUMNS['as_of'])} {as_of} {report.timezone}"


def tables_of(report: Report, speak: Speak) -> tuple[Table, ...]:
    """Return every table of a report, in the order it is read."""
    makers = (_rates(report, speak), _calls(report, speak), *_requests(report, speak))
    return (*makers, _units(report, speak), _curve(report, speak), _lines(report, speak))


def words_of_exclusions(rate: Rate, speak: Speak) -> str:
    """Return what a rate leaves out, e.g. "草稿 3，已作废 1"; nothing when it leaves nothing out."""
    named = ((EXCLUSION_WORDS[part.reason], part.count) for part in rate.exclusions if part.count)
    return ", ".join(f"{speak(word)} {count:,}" for word, count in named)


def _table(name: str, header: Iterable[str], rows: Iterable[Row], speak: Speak) -> Table:
    return Table(name, speak(TITLES[name]), tuple(speak(COLUMNS[word]) for word in header), tuple(rows))


def _rates(report: Report, speak: Speak) -> Table:
    header = ("statistic", "value", "numerator", "denominator", "excluded", "formula")
    rows: list[Row] = []
    for name, rate in report.rates.items():
        words = STATISTIC_WORDS[name]
        base = (rate.numerator, rate.denominator)
        left_out = words_of_exclusions(rate, speak) or 0
        rows.append((speak(words.label), rate.value or "–", *base, left_out, speak(words.formula)))
    return _table("rates", header, rows, speak)


def _calls(report: Report, speak: Speak) -> Table:
    counts = ((speak(word), getattr(report.figures.calls, name)) for name, word in CALL_WORDS.items())
    return _table("calls", ("statistic", "count"), counts, speak)


def _requests(report: Report, speak: Speak) -> Iterable[Table]:
    requests = report.figures.requests
    found: dict[str, list[tuple[str, int]]] = {
        "classes": [(str(word), count) for word, count in requests.by_class().items()],
        "types": [(str(word), count) for word, count in requests.by_type().items()],
        "channels": [(str(word), count) for word, count in requests.by_channel().items()],
    }
    for name, counts in found.items():
        labels = WORD_LABELS[name]
        rows: list[Row] = [
            (speak(labels[word]), count, percent(count, requests.total) or "–") for word, count in counts
        ]
        rest = requests.total - sum(count for _word, count in counts)
        if rest:
            rows.append((speak(COLUMNS["unclassified"]), rest, percent(rest, requests.total) or "–"))
        total: Row = (speak(COLUMNS["total"]), requests.total, percent(requests.total, requests.total) or "–")
        yield _table(name, ("statistic", "count", "share"), (*rows, total), speak)


def _units(report: Report, speak: Speak) -> Table:
    by_unit = [statistic.name for statistic in STATISTICS if statistic.by_unit]
    header = (
        speak(COLUMNS["code"]),
        speak(COLUMNS["unit"]),
        *(speak(word) for word in UNIT_COLUMNS.values()),
        *(speak(STATISTIC_WORDS[name].label) for name in by_unit),
    )
    return Table(
        "units", speak(TITLES["units"]), header, tuple(_unit(u, by_unit, speak) for u in report.units)
    )


def _unit(unit: UnitReport, by_unit: list[str], speak: Speak) -> Row:
    in_english = speak(COLUMNS["unit"]) != COLUMNS["unit"]
    counts = (getattr(unit, name) for name in UNIT_COLUMNS)
    return (
        unit.code,
        unit.name_en if in_english else unit.name_zh,
        *counts,
        *(with_base(unit.rates[name]) for name in by_unit),
    )


def with_base(rate: Rate) -> str:
    """Return 99.51% (47,878/48,116); a dash over nothing."""
    return f"{rate.value}% ({rate.numerator:,}/{rate.denominator:,})" if rate.value is not None else "–"


def _curve(report: Report, speak: Speak) -> Table:
    points = ((point.label, point.offered, point.answered) for point in report.figures.curve)
    header = (speak(COLUMNS["slot"]), speak(CALL_WORDS["offered"]), speak(CALL_WORDS["answered"]))
    return Table("curve", speak(TITLES["curve"]), header, tuple(points))


def _lines(report: Report, speak: Speak) -> Table:
    rows = (
        (
            line_words(line, report.claims, speak),
            line.left,
            line.right,
            speak(COLUMNS["yes" if line.ok else "no"]),
        )
        for line in report.reconciliation
    )
    return _table("reconciliation", ("line", "left", "right", "ok"), rows, speak)
