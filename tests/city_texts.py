"""The city's texts in tests: those of the example, and what reads them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable

from config.city.folder import example_texts
from config.city.in_force import CityInForce
from config.city.kinds import read_city
from config.city.toml_file import TomlSource, read_text
from config.city_catalog import CityTexts
from hotline.rules.city import CityKind
from tests.policies import city_policies

EXAMPLE = files("config.city") / "example"
TODAY = date(2026, 11, 23)


def source(file: Traversable, day: date = TODAY) -> TomlSource:
    return TomlSource.parse(file.name, read_text(file), day)


def texts_with(**changed: str) -> dict[CityKind, str]:
    """Returns the example's texts with some replaced."""
    return {
        **example_texts(is_demo=False),
        **{CityKind(kind): text for kind, text in changed.items()},
    }


def in_force(texts: Mapping[CityKind, str] | None = None, day: date = TODAY) -> CityInForce:
    """Returns the data that a process has before anything is published."""
    policies, chosen = city_policies(), dict(texts or texts_with())
    read = read_city(chosen, day=day, zone=policies.zone, number=policies.number)
    return CityInForce(chosen, read, day=day, zone=policies.zone, number=policies.number)


def catalog(clock: Callable[[], datetime], texts: Mapping[CityKind, str] | None = None) -> CityTexts:
    policies = city_policies()
    return CityTexts(in_force(texts), clock, policies.zone, policies.number)
