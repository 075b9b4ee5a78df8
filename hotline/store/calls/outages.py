"""Known outages callers are told of before they ask."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.rules.calls.outages import MOST_AT_ONCE
from hotline.store.base import Base, UtcDateTime
from hotline.store.cursors import Page, cut, id_cursor, read_id_cursor
from hotline.store.people.tables import User

MOST_OPEN = 100
"""More than anybody announces at once."""


class Notice(Base):
    """What callers hear from `starts_at` until `ends_at`, or until somebody stops it. `text_en` empty: Chinese for all."""

    __tablename__ = "notices"
    id: Mapped[int] = mapped_column(primary_key=True)
    text_zh: Mapped[str] = mapped_column(String(300))
    text_en: Mapped[str] = mapped_column(String(600), default="")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    __table_args__ = (Index("ix_notices_ends_at", "ends_at"),)


def notices_at(session: Session, moment: datetime) -> list[Notice]:
    """Return what callers are told at `moment`, oldest first; never more than `MOST_AT_ONCE`, whatever is written."""
    told = select(Notice).where(_told_at(moment)).order_by(Notice.starts_at, Notice.id)
    return list(session.scalars(told.limit(MOST_AT_ONCE)))


def notices_between(session: Session, start: datetime, end: datetime) -> list[Notice]:
    """Return what callers are told at some moment from `start` until before `end`, unless somebody stops it."""
    told = and_(Notice.starts_at < end, Notice.ends_at > start, Notice.stopped_at.is_(None))
    return list(session.scalars(select(Notice).where(told)))


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice and who announced it."""

    notice: Notice
    author: User


def open_notices(session: Session, moment: datetime) -> tuple[NoticeLine, ...]:
    """Return what callers hear at `moment` or will hear later, what began first at the top."""
    still = _LINES.where(Notice.ends_at > moment, Notice.stopped_at.is_(None))
    return _read(session, still.order_by(Notice.starts_at, Notice.id).limit(MOST_OPEN))


def past_notices(session: Session, moment: datetime, *, limit: int, cursor: str = "") -> Page[NoticeLine]:
    """Return what is over at `moment`, the last announced first. Raises BadCursor."""
    over = _LINES.where(or_(Notice.ends_at <= moment, Notice.stopped_at.is_not(None)))
    return _page(session, over, limit, cursor)


def list_notices(
    session: Session, moment: datetime | None, *, limit: int, cursor: str = ""
) -> Page[NoticeLine]:
    """Return all notices, or those callers hear at `moment`; the last announced first. Raises BadCursor."""
    found = _LINES if moment is None else _LINES.where(_told_at(moment))
    return _page(session, found, limit, cursor)


def find_notice_line(session: Session, notice_id: int) -> NoticeLine | None:
    """Return one notice as lists show it, or None."""
    return next(iter(_read(session, _LINES.where(Notice.id == notice_id))), None)


def _told_at(moment: datetime) -> ColumnElement[bool]:
    return and_(Notice.starts_at <= moment, Notice.ends_at > moment, Notice.stopped_at.is_(None))


_LINES = select(Notice, User).join(User, User.id == Notice.author_id)


def _page(session: Session, found: Select[Notice, User], limit: int, cursor: str) -> Page[NoticeLine]:
    if cursor:
        found = found.where(Notice.id < read_id_cursor(cursor))
    lines = _read(session, found.order_by(Notice.id.desc()).limit(limit + 1))
    return cut(lines, limit, lambda line: id_cursor(line.notice.id))


def _read(session: Session, found: Select[Notice, User]) -> tuple[NoticeLine, ...]:
    return tuple(NoticeLine(*row) for row in session.execute(found))
