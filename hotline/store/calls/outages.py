"""Outages that are announced to callers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.rules.calls.outages import MAX_CONCURRENT
from hotline.store.base import Base, UtcDateTime
from hotline.store.cursors import Page, id_cursor, make_page, parse_id_cursor
from hotline.store.people.tables import User

# More than are ever open at the same time.
MAX_OPEN = 100


class Outage(Base):
    """An announcement from `starts_at` until `ends_at` or until it is stopped. `text_en` empty: Chinese for all."""

    __tablename__ = "outages"
    id: Mapped[int] = mapped_column(primary_key=True)
    text_zh: Mapped[str] = mapped_column(String(300))
    text_en: Mapped[str] = mapped_column(String(600), default="")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    __table_args__ = (Index("ix_outages_ends_at", "ends_at"),)


def outages_at(session: Session, moment: datetime) -> list[Outage]:
    """Returns the outages announced at `moment`, oldest first, at most `MAX_CONCURRENT`."""
    query = select(Outage).where(_announced_at(moment)).order_by(Outage.starts_at, Outage.id)
    return list(session.scalars(query.limit(MAX_CONCURRENT)))


def outages_between(session: Session, start: datetime, end: datetime) -> list[Outage]:
    """Returns the outages announced at some moment from `start` until before `end`."""
    announced = and_(Outage.starts_at < end, Outage.ends_at > start, Outage.stopped_at.is_(None))
    return list(session.scalars(select(Outage).where(announced)))


@dataclass(frozen=True, slots=True)
class OutageLine:
    """An outage and the user who announced it."""

    outage: Outage
    author: User


def open_outages(session: Session, moment: datetime) -> tuple[OutageLine, ...]:
    """Returns the outages announced at `moment` or later, the earliest start first."""
    still = _LINES.where(Outage.ends_at > moment, Outage.stopped_at.is_(None))
    return _read(session, still.order_by(Outage.starts_at, Outage.id).limit(MAX_OPEN))


def past_outages(session: Session, moment: datetime, *, limit: int, cursor: str = "") -> Page[OutageLine]:
    """Returns the outages that are over at `moment`, the last announced first. Raises BadCursor."""
    over = _LINES.where(or_(Outage.ends_at <= moment, Outage.stopped_at.is_not(None)))
    return _page(session, over, limit, cursor)


def list_outages(
    session: Session, moment: datetime | None, *, limit: int, cursor: str = ""
) -> Page[OutageLine]:
    """Returns all outages, or those announced at `moment`; the last announced first. Raises BadCursor."""
    query = _LINES if moment is None else _LINES.where(_announced_at(moment))
    return _page(session, query, limit, cursor)


def find_outage_line(session: Session, outage_id: int) -> OutageLine | None:
    """Returns one outage as lists show it, or None."""
    return next(iter(_read(session, _LINES.where(Outage.id == outage_id))), None)


def _announced_at(moment: datetime) -> ColumnElement[bool]:
    return and_(Outage.starts_at <= moment, Outage.ends_at > moment, Outage.stopped_at.is_(None))


_LINES = select(Outage, User).join(User, User.id == Outage.author_id)


def _page(session: Session, query: Select[Outage, User], limit: int, cursor: str) -> Page[OutageLine]:
    if cursor:
        query = query.where(Outage.id < parse_id_cursor(cursor))
    lines = _read(session, query.order_by(Outage.id.desc()).limit(limit + 1))
    return make_page(lines, limit, lambda line: id_cursor(line.outage.id))


def _read(session: Session, query: Select[Outage, User]) -> tuple[OutageLine, ...]:
    return tuple(OutageLine(*row) for row in session.execute(query))
