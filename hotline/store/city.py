"""Published versions of the city's data, and the drafts of their editors."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hotline.rules.city import CityKind
from hotline.store.base import Base, UtcDateTime, enum_column


class CityVersion(Base):
    """From `published_at` on, the texts of this version are in force; the version with the highest id is the current one.

    `replaces` is the version its author knew as the current one (0: none). It is unique: of two people who publish at the
    same moment, one gets an error. `published_by` None: published by a command. `restores`: the version whose texts it
    brought back.
    """

    __tablename__ = "city_versions"
    id: Mapped[int] = mapped_column(primary_key=True)
    replaces: Mapped[int] = mapped_column(unique=True)
    note: Mapped[str] = mapped_column(String(200), default="")
    restores: Mapped[int | None]
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class CityText(Base):
    """The text of one kind in a version. A version has a text for every kind that existed when it was published."""

    __tablename__ = "city_texts"
    version_id: Mapped[int] = mapped_column(ForeignKey("city_versions.id"), primary_key=True)
    kind: Mapped[CityKind] = mapped_column(enum_column(CityKind), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class CityDraft(Base):
    """The text that an editor has typed for one kind and not published yet. `based_on` is the version that it was begun from."""

    __tablename__ = "city_drafts"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[CityKind] = mapped_column(enum_column(CityKind), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    based_on: Mapped[int]
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
