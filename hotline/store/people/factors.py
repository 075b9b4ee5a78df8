"""Second factors of users, and the steps of a log-in that is not complete."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.rules.enums import FactorKind, LogInStepKind
from hotline.store.base import Base, UtcDateTime, enum_column


class TotpFactor(Base):
    """The authenticator app (TOTP, RFC 6238) of a user. The secret is encrypted with a key made from SECRET_KEY."""

    __tablename__ = "totp_factors"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str] = mapped_column(String(255))
    # The 30-second interval of the last accepted code: no code of it or of an earlier one is accepted again.
    last_interval: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Passkey(Base):
    """A passkey (WebAuthn) of a user. `credential_id` and `public_key` are base64url; neither is a secret."""

    __tablename__ = "passkeys"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    # SHA-256 of the id, which may have a thousand bytes.
    credential_hash: Mapped[str] = mapped_column(String(64), unique=True)
    credential_id: Mapped[str] = mapped_column(String(1400))
    public_key: Mapped[str] = mapped_column(String(4000))
    # As the authenticator counts; a smaller one comes from a copy.
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """A code that replaces the second factor once. Only its SHA-256 is stored."""

    __tablename__ = "recovery_codes"
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ProviderLink(Base):
    """The user whom the city's identity provider knows as `subject`."""

    __tablename__ = "provider_links"
    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LogInStep(Base):
    """A step of a log-in that is not complete; it ends once and by itself. Only the SHA-256 of its token is stored."""

    __tablename__ = "log_in_steps"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[LogInStepKind] = mapped_column(enum_column(LogInStepKind))
    # None as long as nobody is known.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def factor_kinds(session: Session, user_id: int) -> tuple[FactorKind, ...]:
    """Returns the kinds of second factors that the user has."""
    totp = (FactorKind.TOTP,) if session.get(TotpFactor, user_id) is not None else ()
    passkey = session.scalar(select(Passkey.id).where(Passkey.user_id == user_id).limit(1))
    return totp if passkey is None else (*totp, FactorKind.PASSKEY)


def has_any_passkey(session: Session) -> bool:
    """Returns whether any user has a passkey."""
    return session.scalar(select(Passkey.id).limit(1)) is not None
