"""matters.toml -> what invented callers call about."""

from dataclasses import dataclass
from importlib.resources import files
from random import Random

from config.city.toml_file import Table, open_table
from config.demo.people import PLACES
from hotline.rules.enums import RequestType, Urgency


@dataclass(frozen=True, slots=True)
class Matter:
    """One kind of matter. `answer` is what the operator says on the spot, `reply` what the unit does about it."""

    type: RequestType
    unit: str
    category: str
    urgency: Urgency
    weight: int
    title: str
    text: str
    wanted: str
    details: tuple[str, ...]
    answer: str
    reply: str


@dataclass(frozen=True, slots=True)
class Told:
    """A matter as one caller tells it."""

    matter: Matter
    place: str
    title: str
    text: str
    occurred: str


def read_matters() -> tuple[Matter, ...]:
    """Return all kinds of matters. Raises BadFile naming file, key and reason."""
    root = open_table(files("config.demo") / "matters.toml")
    return tuple(_matter(table) for table in root.tables("matter"))


def _matter(table: Table) -> Matter:
    matter = Matter(
        type=RequestType(table.text("type", 24)),
        unit=table.text("unit", 32),
        category=table.text("category", 120),
        urgency=Urgency(table.text("urgency", 24)) if table.has("urgency") else Urgency.NORMAL,
        weight=table.whole("weight", 1, 100),
        title=table.text("title", 80),
        text=table.text("text", 400),
        wanted=table.text("wanted", 200),
        details=table.texts("details", 80),
        answer=table.text("answer", 400) if table.has("answer") else "",
        reply=table.text("reply", 400) if table.has("reply") else "",
    )
    table.done()
    return matter


def tell(rng: Random, matters: tuple[Matter, ...]) -> Told:
    """Return a matter, chosen by weight, with its place and details filled in."""
    matter = rng.choices(matters, [matter.weight for matter in matters])[0]
    place, detail = rng.choice(PLACES), rng.choice(matter.details)
    return Told(
        matter=matter,
        place=place if "{place}" in matter.text + matter.title else "",
        title=matter.title.format(place=place, detail=detail)[:120],
        text=matter.text.format(place=place, detail=detail),
        occurred=rng.choice(("今天", "昨天", "近三天", "一周以来", "每天傍晚", "上周起")),
    )
