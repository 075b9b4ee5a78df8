"""The units of the desk's picker, with the keys they are searched by."""

from datetime import date
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from agent_console.web.template_context import unit_name
from hotline.store.calls import desks
from hotline.unit_of_work import ReadSession


def unit_choices(session: ReadSession, today: date) -> list[dict[str, str]]:
    """Returns code, shown name and search keys of each active unit.

    `keys` is one lower-case text: both names, the pinyin initials and the code.
    """
    return [
        {
            "code": unit.code,
            "name": unit_name(unit),
            "keys": f"{unit.name_zh} {initials(unit.name_zh)} {unit.name_en} {unit.code}".lower(),
        }
        for unit in desks.active_units(session, today)
    ]


@lru_cache(maxsize=4096)
def initials(name: str) -> str:
    """Returns the lower-case pinyin initials of a name: `csglj` for 城市管理局.

    Latin letters and digits stay, other signs are dropped. Characters with several readings are read by the phrase
    they stand in: 行 is h in 银行 and x in 行政.
    """
    letters = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return "".join(sign for sign in letters.lower() if sign.isascii() and sign.isalnum())
