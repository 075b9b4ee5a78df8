"""Lookups in the city's own systems, and wrong access codes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hotline.rules.enums import LookupState
from hotline.store.base import Base, UtcDateTime, enum_column


class Lookup(Base):
    """One lookup of one call in one system; a repeat in the same call gets the same answer."""

    __tablename__ = "lookups"
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    source: Mapped[str] = mapped_column(String(40))
    state: Mapped[LookupState] = mapped_column(enum_column(LookupState))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    text_zh: Mapped[str] = mapped_column(String(300), default="")
    text_en: Mapped[str] = mapped_column(String(600), default="")
    __table_args__ = (UniqueConstraint("call_id", "source"),)


class CodeTry(Base):
    """A wrong access code; `key` names the call, the number (or all withheld ones) or the ticket it counts for."""

    __tablename__ = "code_tries"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    __table_args__ = (Index("ix_code_tries_key_at", "key", "at"),)
