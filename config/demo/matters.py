"""The file matters.toml: the matters about which the invented callers of the demonstration call."""

from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Annotated

from annotated_types import MinLen

from config.city.toml_file import TomlInteger, TomlTable, TomlText, read_toml
from config.demo.people import PLACES
from hotline.rules.enums import RequestType, Urgency


class Matter(TomlTable):
    """A kind of matter. `answer` is the operator's direct answer, `reply` that of the unit."""

    type: RequestType
    unit: Annotated[str, TomlText(32)]
    category: Annotated[str, TomlText(120)]
    urgency: Urgency = Urgency.NORMAL
    weight: Annotated[int, TomlInteger(1, 100)]
    title: Annotated[str, TomlText(80)]
    text: Annotated[str, TomlText(400)]
    wanted: Annotated[str, TomlText(200)]
    details: Annotated[tuple[Annotated[str, TomlText(80)], ...], MinLen(1)]
    answer: Annotated[str, TomlText(400)] = ""
    reply: Annotated[str, TomlText(400)] = ""


class MattersFile(TomlTable):
    matter: tuple[Matter, ...]


@dataclass(frozen=True, slots=True)
class DemoStory:
    """A matter with the details of one caller."""

    matter: Matter
    place: str
    title: str
    text: str
    occurred: str


def read_matters() -> tuple[Matter, ...]:
    """Returns all kinds of matters. Raises BadFile naming file, key and reason."""
    return read_toml(files("config.demo") / "matters.toml", MattersFile).matter


def choose_story(rng: Random, matters: tuple[Matter, ...]) -> DemoStory:
    """Returns a story about a matter that is chosen by weight."""
    matter = rng.choices(matters, [matter.weight for matter in matters])[0]
    place, detail = rng.choice(PLACES), rng.choice(matter.details)
    return DemoStory(
        matter=matter,
        place=place if "{place}" in matter.text + matter.title else "",
        title=matter.title.format(place=place, detail=detail)[:120],
        text=matter.text.format(place=place, detail=detail),
        occurred=rng.choice(("今天", "昨天", "近三天", "一周以来", "每天傍晚", "上周起")),
    )
