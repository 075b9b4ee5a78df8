"""The parts of the report's page beyond its tables: headline figures, the curve of calls, titles of row lists."""

import json
from dataclasses import dataclass
from datetime import date

from flask_babel import format_date
from flask_babel import gettext as _

from agent_console.reports.labels import CALL_LABELS, ENUM_LABELS, TALK_TABLES, statistic_label
from agent_console.reports.tables import by_label, exclusions_text
from agent_console.web.labels import N_, label, translated
from hotline.rules.enums import CallOutcome, CallPurpose
from hotline.rules.figures.rates import Rate
from hotline.rules.figures.statistics import STATISTICS, Statistic
from hotline.services.figures.reports import Report
from hotline.store.figures.drill_down import OFFERED_COUNTS, RETURNED, DrillDownFilter

# Titles of the lists of calls that ended with a record of each kind: inbound ones, and those that returned a call.
_TALK_LABELS: dict[str, str] = {
    "talks": N_("人工接听"),
    **{f"{table}_{word}": text for table in TALK_TABLES for word, text in ENUM_LABELS[table].items()},
}

# Title of the list of rows behind each count.
COUNT_LABELS: dict[str, str] = {
    **{name: word for name, word in CALL_LABELS.items() if name != "called_back"},
    "received": N_("全部来电"),
    **{f"outcome_{word}": text for word, text in ENUM_LABELS["outcomes"].items()},
    **_TALK_LABELS,
    **{f"{RETURNED}{name}": text for name, text in _TALK_LABELS.items()},
    "total": N_("受理的诉求"),
    "closed_for_good": N_("已办结的诉求"),
    "direct": N_("当场答复的诉求"),
    "open": N_("未办结的诉求"),
    "due_on_time": N_("按时办结的工单"),
    "due_late": N_("到期未按时办结的工单"),
    "due_undecided": N_("未办结且未到期的工单"),
    "contact_in_time": N_("按时先行联系的工单"),
    "contact_missed": N_("未按时先行联系的工单"),
    "contact_unknown": N_("导入时未注明是否联系的工单"),
    "contact_undecided": N_("未联系且未到时限的工单"),
    "closed": N_("本期办结的工单"),
    "handled": N_("经单位办结的工单"),
    "redone": N_("重办的工单"),
    "to_follow": N_("应回访的工单"),
    "followed": N_("已回访的工单"),
    "solved_yes": N_("来电人答已解决"),
    "solved_no": N_("来电人答未解决"),
    "satisfied_yes": N_("来电人答满意"),
    "satisfied_no": N_("来电人答不满意"),
}


@dataclass(frozen=True, slots=True)
class Headline:
    """One rate as the page shows it, with its formula and its exclusions."""

    statistic: Statistic
    rate: Rate
    label: str
    formula: str
    left_out: str


def weekday(day: date) -> str:
    """Returns 周日 or Sun."""
    return str(format_date(day, "EEE"))


@dataclass(frozen=True, slots=True)
class Chart:
    """`data` is the JSON that the charts bundle draws. `by_hour`: a slot is an hour, otherwise a day."""

    data: str
    by_hour: bool
    empty: bool


def headlines_of(report: Report) -> list[Headline]:
    """Returns every rate in the registry's order."""
    found = []
    for statistic in STATISTICS:
        rate, words = report.rates[statistic.name], statistic_label(statistic.name)
        left_out = exclusions_text(rate, _)
        found.append(Headline(statistic, rate, _(words.label), _(words.formula), left_out))
    return found


def chart_of(report: Report) -> Chart:
    """Returns the curve of calls: offered calls as bars, answered calls as a line."""
    points = report.figures.curve
    series = [
        {
            "name": _("转人工"),
            "values": [point.offered for point in points],
            "tone": "quiet",
        },
        {
            "name": _("已接听"),
            "values": [point.answered for point in points],
            "tone": "act",
            "kind": "line",
        },
    ]
    data = {"kind": "bar", "labels": [point.label for point in points], "series": series}
    empty = not any(point.offered for point in points)
    return Chart(json.dumps(data, ensure_ascii=False), by_hour=report.period.one_day, empty=empty)


# The names of the counts behind one cell; empty where no list of rows is given.
Counts = tuple[str, ...]


def call_counts() -> dict[str, list[tuple[Counts, ...]]]:
    """Returns the counts behind each number of the tables of calls, row by row, totals included."""
    found: dict[str, list[tuple[Counts, ...]]] = {
        "outcomes": [*(((f"outcome_{word}",),) for word in CallOutcome), (("received",),)],
        "calls": [((name,) if name in OFFERED_COUNTS else (),) for name in CALL_LABELS],
    }
    for table in TALK_TABLES:
        by_row = by_label(ENUM_LABELS[table]).values()
        rows: list[Counts] = [tuple(f"{table}_{word}" for word in words) for words in by_row]
        rows.append(tuple(name for row in rows for name in row))
        found[table] = [(row, tuple(f"{RETURNED}{name}" for name in row)) for row in rows]
    return found


def rows_title(names: tuple[str, ...], narrowed: DrillDownFilter) -> str:
    """Returns the title of a list of rows, e.g. 按时办结的工单、到期未按时办结的工单（unit-07）."""
    words = _("、").join(translated(COUNT_LABELS, name) for name in names)
    parts = [
        label(CallPurpose.CALLBACK) if names[0].startswith(RETURNED) else "",
        narrowed.unit or "",
        *(label(word) for word in (narrowed.request_class, narrowed.type, narrowed.channel)),
    ]
    kept = _("、").join(part for part in parts if part)
    return f"{words} ({kept})" if kept else words
