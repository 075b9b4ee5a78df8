"""Forms that were typed and not accepted; only their author sees them again."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.store.base import Base, UtcDateTime


class KeptForm(Base):
    """The fields that a person typed on one page. `page` names the page, `reason` why they were not accepted."""

    __tablename__ = "kept_forms"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    page: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(String(16))
    fields: Mapped[dict[str, str]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    __table_args__ = (UniqueConstraint("user_id", "page"),)


def find_kept_form(session: Session, user_id: int, page: str) -> KeptForm | None:
    return session.scalar(select(KeptForm).where(KeptForm.user_id == user_id, KeptForm.page == page))


def newest_kept_form(session: Session, user_id: int) -> KeptForm | None:
    """Returns the form that a person typed last and that is still kept, or None."""
    mine = select(KeptForm).where(KeptForm.user_id == user_id)
    return session.scalar(mine.order_by(KeptForm.at.desc(), KeptForm.id.desc()).limit(1))
