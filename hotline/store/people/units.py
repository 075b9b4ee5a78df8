"""Units in the order of a Chinese directory, and the keys by which they are found."""

from collections.abc import Sequence
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from hotline.store.people.tables import Unit

_UNIT = select(*Unit.__table__.c).where(Unit.code == bindparam("code"))


def read_unit(connection: Connection, code: str) -> Unit | None:
    """Returns the unit `code` as an object that belongs to no session, for reading only; None if there is none."""
    row = connection.execute(_UNIT, {"code": code}).mappings().one_or_none()
    return None if row is None else Unit(**row)


def list_units(session: Session) -> Sequence[Unit]:
    """Returns all units by pinyin, closed ones too: old tickets still name them."""
    return sorted(session.scalars(select(Unit)), key=lambda unit: (pinyin(unit.name_zh), unit.code))


@lru_cache(maxsize=4096)
def pinyin(name: str) -> tuple[str, ...]:
    """Returns the sort key of a name: one syllable with its tone a character, as a dictionary sorts.

    Characters with several readings are read by the phrase they stand in: 行 is hang2 in 银行 and xing2 in 行政.
    """
    return tuple(syllable.lower() for syllable in lazy_pinyin(name, style=Style.TONE3))


@lru_cache(maxsize=4096)
def initials(name: str) -> str:
    """Returns the lower-case pinyin initials of a name: `csglj` for 城市管理局.

    Latin letters and digits stay, other signs are dropped.
    """
    letters = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return "".join(sign for sign in letters.lower() if sign.isascii() and sign.isalnum())
