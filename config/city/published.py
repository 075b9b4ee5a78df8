"""The file published.toml: rates that the city has published, which reports compare with the rows."""

from typing import Annotated

from pydantic import AfterValidator, Field

from config.city.toml_file import TomlDay, TomlSource, TomlTable, TomlText
from config.validation import expected
from hotline.rules.city import Claim
from hotline.rules.figures.rates import parse_percent
from hotline.rules.figures.statistics import STATISTICS

_NAMES = tuple(statistic.name for statistic in STATISTICS)


def _statistic(name: str) -> str:
    if name not in _NAMES:
        raise ValueError(name)
    return name


def _percentage(value: str) -> str:
    parse_percent(value)
    return value


class ClaimTable(TomlTable):
    statistic: Annotated[
        str, TomlText(40), AfterValidator(_statistic), expected(f"one of {', '.join(_NAMES)}")
    ]
    value: Annotated[str, TomlText(8), AfterValidator(_percentage), expected("a percentage like 99.58")]
    first: TomlDay | None = Field(None, alias="from")
    last: TomlDay = Field(alias="to")


class PublishedFile(TomlTable):
    claim: tuple[ClaimTable, ...] = ()


def read_claims(source: TomlSource) -> tuple[Claim, ...]:
    """Returns the claims in the file's order. Raises BadFile naming file, key and reason."""
    content = source.read(PublishedFile)
    return tuple(
        Claim(table.statistic, table.value, last=table.last, first=table.first) for table in content.claim
    )
