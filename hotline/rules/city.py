"""The city's own data as the program uses it: kinds, units, days of the calendar, published rates, brand, and where values come from."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class CityKind(StrEnum):
    """The kinds of city data; each is one text, the file `<kind>.toml` of the city's folder."""

    UNITS = "units"
    POLICIES = "policies"
    CALLERS = "callers"
    CALENDAR = "calendar"
    PUBLISHED = "published"
    BRAND = "brand"


class UnitKind(StrEnum):
    """Lists of units are grouped by kind."""

    DEPARTMENT = "department"
    TOWNSHIP = "township"
    UTILITY = "utility"
    INSTITUTION = "institution"


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A handling unit. `successor` is the code of the unit that took over from a closed one."""

    code: str
    name_zh: str
    name_en: str
    kind: UnitKind
    # The address of the unit's own system, which is notified of each ticket; its secret is never in a file.
    webhook_url: str | None = None
    closed: bool = False
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class DayEntry:
    """A day that the city has decided about: worked or free, whatever the national calendar says."""

    day: date
    is_working: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A rate that the city has published for a period that ended on `last` (`first` None: since the beginning)."""

    statistic: str
    value: str
    last: date
    first: date | None = None

    def is_about(self, first: date, last: date) -> bool:
        return self.last == last and self.first in {None, first}


@dataclass(frozen=True, slots=True)
class Brand:
    """The name of the line on pages and in browser tabs. `colour` is an RGB colour such as `#1f5fbf`; empty: the standard one."""

    name_zh: str
    name_en: str
    city_zh: str = ""
    city_en: str = ""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The authority behind a value, the area in which it holds, and the days between which it is valid."""

    source: str = ""
    jurisdiction: str = ""
    first: date | None = None
    last: date | None = None
