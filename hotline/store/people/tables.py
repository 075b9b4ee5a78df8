"""Tables of units, users, sessions, tokens, presence and disclosures, with the lists of units and operators."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, false, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.rules.enums import LinkKind, PresenceState, Role
from hotline.rules.people.actors import RIGHTS, Right
from hotline.store.base import Base, UtcDateTime, enum_column


class Unit(Base):
    """A handling unit (承办单位) with its 马上就办办公室. `successor`: the code of the unit that took over from a closed one."""

    __tablename__ = "units"
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    # department | township | utility | institution
    kind: Mapped[str] = mapped_column(String(24))
    webhook_url: Mapped[str | None] = mapped_column(String(500))
    webhook_secret: Mapped[str | None] = mapped_column(String(120))
    active: Mapped[bool] = mapped_column(default=True)
    # No foreign key: a table of SQLite that others refer to could not lose the column again.
    successor: Mapped[str | None] = mapped_column(String(32))


class User(Base):
    """A user who logs in at the console. `work_number` (工号) is announced to callers.

    `duties` are those of an administrator, separated by commas. `contractor`: employed by a contractor. A user that is not
    active may finish the talk in progress and nothing else.
    """

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
    contractor: Mapped[bool] = mapped_column(default=False, server_default=false())
    duties: Mapped[str] = mapped_column(String(40), default="", server_default=text("''"))
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Wrong passwords in a row; with too many the account is locked until `locked_until`.
    failed_log_ins: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_log_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The user who gets what belongs to the talk in which this one was disabled. No foreign key: a table of SQLite
    # that others refer to could not lose the column again.
    successor_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccountLink(Base):
    """A link with which a user chooses a password, once and for a limited time. Only the SHA-256 of its token is stored."""

    __tablename__ = "account_links"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[LinkKind] = mapped_column(enum_column(LinkKind))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Used, or replaced by a newer link.
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OperatorSkill(Base):
    """A skill of an operator beyond answering: a dialect, English (names in config/city/example/callers.toml)."""

    __tablename__ = "operator_skills"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    skill: Mapped[str] = mapped_column(String(40), primary_key=True)


class SignIn(Base):
    """A browser session that can be revoked. Only the SHA-256 of the cookie's token is stored."""

    __tablename__ = "sign_ins"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Browser and system as the browser names them, for the person's own list of sessions.
    client: Mapped[str] = mapped_column(String(80), default="", server_default=text("''"))
    # The last time at which this browser proved who uses it.
    authenticated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # SHA-256 of the session at the identity provider, which may end this one.
    provider_session: Mapped[str | None] = mapped_column(String(64), index=True)
    # A second factor must be set up before anything else is done.
    needs_factor: Mapped[bool] = mapped_column(default=False, server_default=false())


class ApiToken(Base):
    """A program's token. It may do what its user may do, and only read if `read_only`; only its SHA-256 is stored."""

    __tablename__ = "api_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    read_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # To the hour.
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Presence(Base):
    """The state of an operator's desk. One row per operator, changed only by conditional update."""

    __tablename__ = "presences"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    state: Mapped[PresenceState] = mapped_column(enum_column(PresenceState), default=PresenceState.OFFLINE)
    reason: Mapped[str | None] = mapped_column(String(24))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    # When the last call (or sign-in) ended: the longest-idle ready operator is rung first.
    idle_since: Mapped[datetime] = mapped_column(UtcDateTime)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    # Last heartbeat of the browser.
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    __table_args__ = (Index("ix_presences_state_idle_since", "state", "idle_since"),)


class Disclosure(Base):
    """One look: who saw which ticket, number, sound or export, when and why. Never deleted with the row it refers to.

    `field` is a `LookKind`, `reason` a `LookReason` (before revision 0022 any text). `ticket_id`: the ticket to which the look
    belongs, whatever its subject is.
    """

    __tablename__ = "disclosures"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    subject: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[int]
    field: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(200))
    ticket_id: Mapped[int | None]
    __table_args__ = (
        Index("ix_disclosures_subject_subject_id", "subject", "subject_id"),
        Index("ix_disclosures_ticket_id_user_id", "ticket_id", "user_id"),
        Index("ix_disclosures_at", "at"),
    )


CALL_TAKERS = tuple(role for role, rights in RIGHTS.items() if Right.TAKE_CALLS in rights)


def list_operators(session: Session) -> list[tuple[User, Presence | None]]:
    """Returns all active operators by work number, each with their presence."""
    query = (
        select(User, Presence)
        .outerjoin(Presence, Presence.user_id == User.id)
        .where(User.role.in_(CALL_TAKERS), User.active)
        .order_by(User.work_number, User.id)
    )
    return [(user, presence) for user, presence in session.execute(query)]
