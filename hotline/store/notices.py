"""Known outages callers are told of before they ask."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.store.base import Base, UtcDateTime


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
    """Return what callers are told at `moment`, oldest first."""
    told = select(Notice).where(
        Notice.starts_at <= moment, Notice.ends_at > moment, Notice.stopped_at.is_(None)
    )
    return list(session.scalars(told.order_by(Notice.starts_at, Notice.id)))
