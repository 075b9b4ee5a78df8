"""Sources of flow versions, and their publications."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hotline.rules.enums import CallPurpose
from hotline.store.base import Base, UtcDateTime, enum_column


class FlowVersion(Base):
    """The source of every flow version a call ever began with, so that the call can end with it."""

    __tablename__ = "flow_versions"
    flow: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[str] = mapped_column(String(16), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    first_used_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FlowPublication(Base):
    """From `published_at` on, new calls of `purpose` begin with this version of `flow`.

    `replaces` is the latest publication its author knew (0: none). It is unique for each purpose: of two
    people who publish at the same moment, one gets an error.
    """

    __tablename__ = "flow_publications"
    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[CallPurpose] = mapped_column(enum_column(CallPurpose))
    flow: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(16))
    replaces: Mapped[int]
    note: Mapped[str] = mapped_column(String(200), default="")
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (UniqueConstraint("purpose", "replaces"),)
