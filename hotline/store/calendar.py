"""The calendar of working days: seeded from the State Council's notices, corrected by the city."""

from datetime import date

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.store.base import Base


class CalendarDay(Base):
    __tablename__ = "calendar_days"
    day: Mapped[date] = mapped_column(primary_key=True)
    is_working: Mapped[bool]
    source: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(80), default="")


def working_days(session: Session, first: date, last: date) -> dict[date, bool]:
    """Returns what is known about the days `first`..`last` (inclusive); unknown days are absent."""
    query = select(CalendarDay.day, CalendarDay.is_working).where(CalendarDay.day.between(first, last))
    return dict(session.execute(query).all())
