"""The city's data of one published version, read for one day, so that nothing is ever a mixture of two versions."""

from dataclasses import dataclass

from hotline.rules.city import Brand, Claim, DayEntry, UnitEntry
from hotline.rules.policies import Policies


@dataclass(frozen=True, slots=True)
class CityData:
    """Everything that the texts of a version say for a day."""

    units: tuple[UnitEntry, ...]
    days: tuple[DayEntry, ...]
    policies: Policies
    claims: tuple[Claim, ...]
    brand: Brand
