"""The registry of the kinds of city data: a new kind is one schema and one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from zoneinfo import ZoneInfo

from config.city.brand import BrandFile, read_brand
from config.city.calendar import CalendarFile, read_days
from config.city.callers import CallersFile, read_callers
from config.city.policies import PoliciesFile, read_policies
from config.city.published import PublishedFile, read_claims
from config.city.toml_file import BadFile, Problem, TomlSource, TomlTable
from config.city.units import UnitsFile, read_units
from hotline.rules.city import CityKind
from hotline.services.city.data import CityData

# The example city: the folder of a new installation is made from it.
EXAMPLE = files("config.city") / "example"
# Days that are checked beyond today, because a value of a text becomes valid on them. More are a mistake.
MAX_CHANGES = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """`schema` is what the text must fit; the settings page draws its form from it. `read` checks what a schema cannot."""

    kind: CityKind
    schema: type[TomlTable]
    read: Callable[[TomlSource], object]

    @property
    def file(self) -> str:
        return f"{self.kind}.toml"


KINDS: Mapping[CityKind, Kind] = {
    each.kind: each
    for each in (
        Kind(CityKind.UNITS, UnitsFile, read_units),
        Kind(CityKind.POLICIES, PoliciesFile, lambda source: source.read(PoliciesFile)),
        Kind(CityKind.CALLERS, CallersFile, read_callers),
        Kind(CityKind.CALENDAR, CalendarFile, read_days),
        Kind(CityKind.PUBLISHED, PublishedFile, read_claims),
        Kind(CityKind.BRAND, BrandFile, read_brand),
    )
}


@dataclass(frozen=True, slots=True)
class ReadCity:
    """The data of one day, and the later days on which another value becomes valid."""

    data: CityData
    changes: tuple[date, ...]


def example_text(kind: CityKind) -> str:
    """Returns the shipped text: for a kind that a version of an earlier program does not have."""
    return (EXAMPLE / KINDS[kind].file).read_text(encoding="utf-8")


def read_city(texts: Mapping[CityKind, str], *, day: date, zone: ZoneInfo, number: str) -> ReadCity:
    """Returns the data that `texts` say for `day`, for the line `number` (E.164). Raises BadFile with every problem of every text."""
    sources: dict[CityKind, TomlSource] = {}
    problems: list[Problem] = []
    for kind, entry in KINDS.items():
        try:
            text = texts[kind] if kind in texts else example_text(kind)
            sources[kind] = TomlSource.parse(entry.file, text, day)
            entry.read(sources[kind])
        except BadFile as bad:
            problems += bad.problems
    if problems:
        raise BadFile(*problems)
    policies = read_policies(
        sources[CityKind.POLICIES], callers=read_callers(sources[CityKind.CALLERS]), zone=zone, number=number
    )
    data = CityData(
        units=read_units(sources[CityKind.UNITS]),
        days=read_days(sources[CityKind.CALENDAR]),
        policies=policies,
        claims=read_claims(sources[CityKind.PUBLISHED]),
        brand=read_brand(sources[CityKind.BRAND]),
    )
    changes = {change for source in sources.values() for change in source.changes if change > day}
    return ReadCity(data, tuple(sorted(changes)))


def check_city(texts: Mapping[CityKind, str], *, day: date, zone: ZoneInfo, number: str) -> ReadCity:
    """Returns the data of `day` after checking that of each later day on which a value changes. Raises BadFile."""
    read = read_city(texts, day=day, zone=zone, number=number)
    if len(read.changes) > MAX_CHANGES:
        raise BadFile(Problem("policies.toml", "", f"changes on more than {MAX_CHANGES} later days"))
    for change in read.changes:
        read_city(texts, day=change, zone=zone, number=number)
    return read
