"""Signing in with a password, and the browser sessions that follow."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.enums import PresenceState
from hotline.rules.people.actors import Person
from hotline.rules.people.passwords import is_password_old
from hotline.rules.people.second_factors import needs_second_factor
from hotline.rules.policies import IDLE_LIMIT
from hotline.rules.text import is_storable
from hotline.services.people.passwords import digest, is_password
from hotline.store.people.factors import factor_kinds
from hotline.store.people.tables import Presence, SignIn, User
from hotline.store.people.users import as_person
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

# A session is renewed at most this often, so that few requests write.
RENEWAL_INTERVAL = timedelta(minutes=5)
MAX_CLIENT = 80


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A signed-in user with the names shown in the console."""

    person: Person
    name: str
    display_name: str
    work_number: str | None
    locale: str | None
    # The moment at which the session ends unless it is used before.
    ends_at: datetime
    # The account was disabled during a talk: the user may finish this talk and do nothing else.
    is_leaving: bool = False
    # The password must be changed before anything else is done.
    must_change_password: bool = False
    # A second factor must be set up before anything else is done.
    needs_factor: bool = False
    # The last time at which this browser proved who uses it.
    authenticated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A browser session in its owner's list."""

    key: str
    client: str
    created_at: datetime
    ends_at: datetime
    is_this: bool


def check_password(session: Session, name: str, password: str, at: datetime) -> Person | None:
    """Returns the person, or None for an unknown name, a wrong password or a locked account.

    It takes a reading session: hashing lasts a tenth of a second, too long to hold SQLite's write lock.
    """
    if not (is_storable(name) and is_storable(password)):
        return None
    user = session.scalar(select(User).where(User.name == name, User.active))
    is_right = is_password(password, user.password_hash if user else None)
    is_locked = user is not None and user.locked_until is not None and user.locked_until > at
    return as_person(user) if user is not None and is_right and not is_locked else None


def record_failed_log_in(work: UnitOfWork, name: str) -> None:
    """Counts a wrong password of the user `name` (an unknown one: nothing) and locks the account after too many."""
    if is_storable(name):
        _count_failure(work, User.name == name)


def record_wrong_proof(work: UnitOfWork, user_id: int) -> None:
    """Counts a wrong code or password of a known user; the lock is that of wrong passwords."""
    _count_failure(work, User.id == user_id)


def _count_failure(work: UnitOfWork, who: ColumnElement[bool]) -> None:
    policy = work.policies.accounts
    known = update(User).where(who, User.active)
    work.session.execute(known.values(failed_log_ins=User.failed_log_ins + 1))
    too_many = known.where(User.failed_log_ins >= policy.lock_after)
    until = work.at + timedelta(minutes=policy.lock_minutes)
    locked = work.session.scalar(too_many.values(failed_log_ins=0, locked_until=until).returning(User.id))
    if locked is not None:
        work.record(events.AccountLocked(locked))


def sign_in(
    work: UnitOfWork,
    person_id: int,
    idle_limit: timedelta = IDLE_LIMIT,
    client: str = "",
    *,
    provider_session: str | None = None,
) -> str:
    """Starts a browser session; returns its secret token, of which only the hash is stored.

    A person of a role that needs a second factor and has none must set one up in it. `provider_session`: the hash of
    the session at the city's identity provider, which has logged the person in; passwords and second factors are its matter.
    """
    token = secrets.token_urlsafe(32)
    user = work.session.get_one(User, person_id)
    lacks_factor = needs_second_factor(user.role, work.policies.accounts) and not factor_kinds(
        work.session, person_id
    )
    work.session.add(
        SignIn(
            token_hash=digest(token),
            user_id=person_id,
            created_at=work.at,
            expires_at=work.at + idle_limit,
            client=client[:MAX_CLIENT],
            authenticated_at=work.at,
            provider_session=provider_session,
            needs_factor=lacks_factor and provider_session is None,
        )
    )
    user.failed_log_ins, user.locked_until, user.last_log_in_at = 0, None, work.at
    if provider_session is None:
        # Here and not at every request, so that a password never becomes too old during a talk.
        changed_at = user.password_changed_at or user.created_at
        user.must_change_password |= is_password_old(changed_at, work.at, work.policies.accounts)
    return token


def is_renewal_due(ends_at: datetime, at: datetime, idle_limit: timedelta = IDLE_LIMIT) -> bool:
    return ends_at < at + idle_limit - RENEWAL_INTERVAL


def renew_sign_in(work: UnitOfWork, token: str, idle_limit: timedelta = IDLE_LIMIT) -> None:
    """Prolongs a browser session that is in use; one that is over or revoked stays so."""
    in_use = update(SignIn).where(SignIn.token_hash == digest(token), _is_running(work.at))
    work.session.execute(in_use.values(expires_at=work.at + idle_limit))


def sign_out(work: UnitOfWork, token: str) -> None:
    """Revokes a browser session; an unknown token is ignored."""
    mine = SignIn.token_hash == digest(token)
    work.session.execute(update(SignIn).where(mine, SignIn.revoked_at.is_(None)).values(revoked_at=work.at))


def record_authentication(work: UnitOfWork, token: str) -> None:
    """Writes that the user of this browser has just proved who they are."""
    this = update(SignIn).where(SignIn.token_hash == digest(token), _is_running(work.at))
    work.session.execute(this.values(authenticated_at=work.at))


def unlocked_person(session: Session, user_id: int, at: datetime) -> Person | None:
    """Returns an active user whose account is not locked, or None."""
    user = session.get(User, user_id)
    if user is None or not user.active or (user.locked_until is not None and user.locked_until > at):
        return None
    return as_person(user)


def end_session(work: UnitOfWork, person: Person, key: str) -> bool:
    """Revokes the session `key` of this person's own list; returns whether it was running."""
    mine = update(SignIn).where(SignIn.token_hash == key, SignIn.user_id == person.id, _is_running(work.at))
    is_ended = updated_one(work.session, mine.values(revoked_at=work.at))
    if is_ended:
        work.record(events.SessionEnded(person.id, 1))
    return is_ended


def end_sessions(work: UnitOfWork, user_id: int, except_token: str | None = None) -> int:
    """Revokes all sessions of a user but that of `except_token`; returns their number."""
    running = update(SignIn).where(SignIn.user_id == user_id, _is_running(work.at))
    if except_token is not None:
        running = running.where(SignIn.token_hash != digest(except_token))
    result = work.session.execute(running.values(revoked_at=work.at))
    count = int(getattr(result, "rowcount", 0))
    if count:
        work.record(events.SessionEnded(user_id, count))
    return count


def running_sessions(
    session: Session, user_id: int, at: datetime, token: str = ""
) -> tuple[BrowserSession, ...]:
    """Returns the running sessions of a user, the newest first; `token` is that of the asking browser."""
    query = select(SignIn).where(SignIn.user_id == user_id, _is_running(at))
    rows = session.scalars(query.order_by(SignIn.created_at.desc(), SignIn.token_hash))
    this = digest(token)
    return tuple(
        BrowserSession(row.token_hash, row.client, row.created_at, row.expires_at, row.token_hash == this)
        for row in rows
    )


def person_by_sign_in(session: Session, token: str, at: datetime) -> SignedIn | None:
    """Returns the user of this browser session at `at`; None if it is unknown, expired or revoked, or the user is disabled.

    A user who was disabled during a talk is returned until it is over, marked as leaving.
    """
    query = (
        select(
            User,
            SignIn.expires_at,
            SignIn.needs_factor,
            SignIn.authenticated_at,
            SignIn.provider_session.is_(None),
        )
        .join(SignIn, SignIn.user_id == User.id)
        .where(SignIn.token_hash == digest(token), _is_running(at), _MAY_ACT)
    )
    row = session.execute(query).first()
    if row is None:
        return None
    user, ends_at, needs_factor, authenticated_at, is_local = row
    return SignedIn(
        as_person(user),
        user.name,
        user.display_name,
        user.work_number,
        user.locale,
        ends_at,
        is_leaving=not user.active,
        must_change_password=user.must_change_password and is_local,
        needs_factor=needs_factor,
        authenticated_at=authenticated_at,
    )


def valid_sign_ins(session: Session, tokens: Collection[str], at: datetime) -> frozenset[str]:
    """Returns those of `tokens` whose users may act at `at`, as `person_by_sign_in` does."""
    token_of = {digest(token): token for token in tokens}
    query = (
        select(SignIn.token_hash)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.token_hash.in_(token_of), _is_running(at), _MAY_ACT)
    )
    return frozenset(token_of[found] for found in session.scalars(query))


def _is_running(at: datetime) -> ColumnElement[bool]:
    return (SignIn.expires_at > at) & SignIn.revoked_at.is_(None)


# An active user, or one in a talk that began before the account was disabled.
_IN_TALK = exists().where(Presence.user_id == User.id, Presence.state == PresenceState.TALKING)
_MAY_ACT = User.active | _IN_TALK
