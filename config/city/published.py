"""The file published.toml: rates that the city has published, which reports compare with the rows."""

from datetime import date
from importlib.resources.abc import Traversable
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from config.city.toml_file import TomlTable, TomlText, read_toml
from config.validation import expected
from hotline.rules.figures.rates import parse_percent
from hotline.rules.figures.reconciliation import Claim
from hotline.rules.figures.report import parse_day
from hotline.rules.figures.statistics import STATISTICS

_NAMES = tuple(statistic.name for statistic in STATISTICS)


def _statistic(name: str) -> str:
    if name not in _NAMES:
        raise ValueError(name)
    return name


def _percentage(value: str) -> str:
    parse_percent(value)
    return value


def _day(value: object) -> date:
    day = parse_day(value) if isinstance(value, str) else None
    if not isinstance(day, date):
        raise PydanticCustomError(
            "day", 'must be a day like 2016-06-12 in quotation marks, not "{value}"', {"value": str(value)}
        )
    return day


Day = Annotated[date, PlainValidator(_day)]


class ClaimTable(TomlTable):
    statistic: Annotated[
        str, TomlText(40), AfterValidator(_statistic), expected(f"one of {', '.join(_NAMES)}")
    ]
    value: Annotated[str, TomlText(8), AfterValidator(_percentage), expected("a percentage like 99.58")]
    first: Day | None = Field(None, alias="from")
    last: Day = Field(alias="to")


class PublishedFile(TomlTable):
    claim: tuple[ClaimTable, ...]


def read_claims(file: Traversable) -> tuple[Claim, ...]:
    """Returns the claims in the file's order. Raises BadFile naming file, key and reason."""
    content = read_toml(file, PublishedFile)
    return tuple(
        Claim(table.statistic, table.value, last=table.last, first=table.first) for table in content.claim
    )
