"""Units (95 departments), the people who log in, their sessions, tokens, presence, and every look at a number."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hotline.rules.enums import PresenceState, Role
from hotline.store.base import Base, UtcDateTime, enum_column


class Unit(Base):
    """A handling unit (承办单位) with its 马上就办办公室."""

    __tablename__ = "units"
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(24))
    """department | township | utility | institution"""
    webhook_url: Mapped[str | None] = mapped_column(String(500))
    webhook_secret: Mapped[str | None] = mapped_column(String(120))
    active: Mapped[bool] = mapped_column(default=True)


class User(Base):
    """Somebody who logs in at a desk. `work_number` (工号) is what callers are told."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))
    work_number: Mapped[str | None] = mapped_column(String(16), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    unit_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    locale: Mapped[str | None] = mapped_column(String(8))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OperatorSkill(Base):
    """What an operator can do beyond answering: a dialect, English (names in config/city/example/callers.toml)."""

    __tablename__ = "operator_skills"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    skill: Mapped[str] = mapped_column(String(40), primary_key=True)


class SignIn(Base):
    """A browser session, kept here so that it can be revoked. Only the SHA-256 of the cookie's token is stored."""

    __tablename__ = "sign_ins"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiToken(Base):
    """A program's key. It may do what its user may do; only its SHA-256 is stored."""

    __tablename__ = "api_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Presence(Base):
    """What an operator is doing now, since when. One row per operator, changed only by conditional update."""

    __tablename__ = "presences"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    state: Mapped[PresenceState] = mapped_column(enum_column(PresenceState), default=PresenceState.OFFLINE)
    reason: Mapped[str | None] = mapped_column(String(24))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    idle_since: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the last call (or sign-in) ended: the longest-idle ready operator is rung first."""
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Last sign of life of the browser."""
    __table_args__ = (Index("ix_presences_state_idle_since", "state", "idle_since"),)


class Disclosure(Base):
    """Who saw a protected field, when and why. Never deleted with the thing looked at."""

    __tablename__ = "disclosures"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    subject: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[int]
    field: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(200))
    __table_args__ = (Index("ix_disclosures_subject_subject_id", "subject", "subject_id"),)
