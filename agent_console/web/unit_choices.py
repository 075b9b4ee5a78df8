"""The units among which a form or a filter chooses, with the keys by which the browser finds them."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent_console.web.locale import locale_name
from hotline.store.people.tables import Unit
from hotline.store.people.units import initials


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit with its shown name.

    Found by a part of `keys` (both names, initials and code in lower case), or by some characters of `zh` or
    `initials` in their order.
    """

    code: str
    name: str
    zh: str
    initials: str
    keys: str


def unit_choices(units: Iterable[Unit]) -> list[UnitChoice]:
    """Returns the choices in the order of `units` (by pinyin); on English pages by English name."""
    in_english = locale_name() == "en"
    choices = [_choice(unit, in_english=in_english) for unit in units]
    return sorted(choices, key=lambda choice: choice.name.casefold()) if in_english else choices


def _choice(unit: Unit, *, in_english: bool) -> UnitChoice:
    letters = initials(unit.name_zh)
    return UnitChoice(
        code=unit.code,
        name=unit.name_en if in_english else unit.name_zh,
        zh=unit.name_zh.lower(),
        initials=letters,
        keys=f"{unit.name_zh} {letters} {unit.name_en} {unit.code}".lower(),
    )
