"""published.toml -> the rates somebody printed, so that a report can say whether its rows agree."""

from datetime import date
from importlib.resources.abc import Traversable

from config.city.toml_file import Table, open_table
from hotline.rules.figures.rates import parse_percent
from hotline.rules.figures.reconciliation import Claim
from hotline.rules.figures.report import parse_day
from hotline.rules.figures.statistics import STATISTICS


def read_claims(file: Traversable) -> tuple[Claim, ...]:
    """Return the claims in the file's order. Raises BadFile naming file, key and reason."""
    root = open_table(file)
    claims = tuple(_claim(table) for table in root.tables("claim"))
    root.done()
    return claims


def _claim(table: Table) -> Claim:
    names = [statistic.name for statistic in STATISTICS]
    statistic, value = table.text("statistic", 40), table.text("value", 8)
    if statistic not in names:
        raise table.error("statistic", f"must be one of {', '.join(names)}, not {statistic!r}")
    try:
        parse_percent(value)
    except ValueError:
        raise table.error("value", f"must be a percentage like 99.58, not {value!r}") from None
    first = _day(table, "from") if table.has("from") else None
    claim = Claim(statistic, value, last=_day(table, "to"), first=first)
    table.done()
    return claim


def _day(table: Table, key: str) -> date:
    raw = table.text(key, 10)
    day = parse_day(raw)
    if isinstance(day, str):
        raise table.error(key, f"must be a day like 2016-06-12, not {raw!r}")
    return day
