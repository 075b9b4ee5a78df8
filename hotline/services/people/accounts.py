"""Users, their passwords and browser sessions, and the API tokens of programs."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hotline.rules.enums import Role
from hotline.rules.errors import NameTaken, NoSuchPerson, NotAllowed, UnknownUnit
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import is_blank, is_storable
from hotline.store.people.tables import ApiToken, SignIn, Unit, User
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import Application, UnitOfWork

# A browser session ends after this time without use, unless the installation sets another.
IDLE_LIMIT = timedelta(hours=12)
# A session is renewed at most this often, so that few requests write.
RENEWAL_INTERVAL = timedelta(minutes=5)
# Characters, as in the columns.
MAX_NAME, MAX_DISPLAY_NAME, MAX_WORK_NUMBER, MAX_TOKEN_NAME = 64, 80, 16, 80
MIN_PASSWORD_LENGTH = 8


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


def add_user(
    work: UnitOfWork,
    *,
    name: str,
    display_name: str,
    role: Role,
    password: str,
    unit_code: str | None = None,
    work_number: str | None = None,
) -> int:
    """Adds a user; returns the id.

    Raises NotAllowed for a password under 8 characters, a handler without a unit, or a name that is empty, too long or
    not printable; UnknownUnit; NameTaken, also for the work number of another user.
    """
    _check_name("name", name, MAX_NAME)
    _check_name("display name", display_name, MAX_DISPLAY_NAME)
    if work_number is not None:
        _check_name("work number", work_number, MAX_WORK_NUMBER)
    if len(password) < MIN_PASSWORD_LENGTH:
        raise NotAllowed(f"a password needs at least {MIN_PASSWORD_LENGTH} characters")
    if (role is Role.HANDLER) != (unit_code is not None):
        raise NotAllowed("a handler, and only a handler, belongs to a unit")
    if unit_code is not None and work.session.get(Unit, unit_code) is None:
        raise UnknownUnit(unit_code)
    user_id = insert_if_absent(
        work.session,
        User,
        User.id,
        {
            "name": name,
            "display_name": display_name,
            "role": role,
            "password_hash": _hasher().hash(password),
            "unit_code": unit_code,
            "work_number": work_number,
            "active": True,
            "created_at": work.at,
        },
    )
    if user_id is None:
        # The name and the work number are unique; the database does not say which of them exists.
        if work.session.scalar(select(User.id).where(User.name == name)) is None:
            raise NameTaken(f"work number {work_number}")
        raise NameTaken(f"name {name}")
    return int(user_id)


def _check_name(what: str, text: str, limit: int) -> None:
    if not text.isprintable() or is_blank(text) or text != text.strip() or not 1 <= len(text) <= limit:
        raise NotAllowed(f"a {what} has 1 to {limit} printable characters without blanks around it")


def check_password(session: Session, name: str, password: str) -> Person | None:
    """Returns the person, or None for an unknown name or a wrong password.

    It takes a reading session: hashing lasts a tenth of a second, too long to hold SQLite's write lock.
    """
    if not (is_storable(name) and is_storable(password)):
        return None
    user = session.scalar(select(User).where(User.name == name, User.active))
    try:
        # An unknown name is checked against a dummy hash, so that it takes as long as a wrong password.
        _hasher().verify(user.password_hash if user else _dummy_hash(), password)
    except (VerifyMismatchError, InvalidHashError):
        return None
    return None if user is None else _person(user)


def sign_in(work: UnitOfWork, person_id: int, idle_limit: timedelta = IDLE_LIMIT) -> str:
    """Starts a browser session; returns its secret token, of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    ends = work.at + idle_limit
    work.session.add(SignIn(token_hash=digest(token), user_id=person_id, created_at=work.at, expires_at=ends))
    return token


def is_renewal_due(ends_at: datetime, at: datetime, idle_limit: timedelta = IDLE_LIMIT) -> bool:
    return ends_at < at + idle_limit - RENEWAL_INTERVAL


def renew_sign_in(work: UnitOfWork, token: str, idle_limit: timedelta = IDLE_LIMIT) -> None:
    """Prolongs a browser session that is in use; one that is over or revoked stays so."""
    in_use = update(SignIn).where(
        SignIn.token_hash == digest(token), SignIn.expires_at > work.at, SignIn.revoked_at.is_(None)
    )
    work.session.execute(in_use.values(expires_at=work.at + idle_limit))


def sign_out(work: UnitOfWork, token: str) -> None:
    """Revokes a browser session; an unknown token is ignored."""
    mine = SignIn.token_hash == digest(token)
    work.session.execute(update(SignIn).where(mine, SignIn.revoked_at.is_(None)).values(revoked_at=work.at))


def person_by_sign_in(session: Session, token: str, at: datetime) -> SignedIn | None:
    """Returns the active user of this browser session at `at`; None if it is unknown, expired or revoked."""
    query = (
        select(User, SignIn.expires_at)
        .join(SignIn, SignIn.user_id == User.id)
        .where(
            SignIn.token_hash == digest(token),
            SignIn.expires_at > at,
            SignIn.revoked_at.is_(None),
            User.active,
        )
    )
    row = session.execute(query).first()
    if row is None:
        return None
    user, ends_at = row
    return SignedIn(_person(user), user.name, user.display_name, user.work_number, user.locale, ends_at)


def valid_sign_ins(session: Session, tokens: Collection[str], at: datetime) -> frozenset[str]:
    """Returns those of `tokens` that are browser sessions of active users, neither expired nor revoked at `at`."""
    token_of = {digest(token): token for token in tokens}
    query = (
        select(SignIn.token_hash)
        .join(User, User.id == SignIn.user_id)
        .where(
            SignIn.token_hash.in_(token_of),
            SignIn.expires_at > at,
            SignIn.revoked_at.is_(None),
            User.active,
        )
    )
    return frozenset(token_of[found] for found in session.scalars(query))


def set_locale(work: UnitOfWork, locale: str) -> None:
    """Sets the language of the acting person."""
    if isinstance(work.actor, Person):
        work.session.execute(update(User).where(User.id == work.actor.id).values(locale=locale))


def person_by_name(session: Session, name: str) -> Person | None:
    """Returns the active user with this log-in name, or None."""
    user = session.scalar(select(User).where(User.name == name, User.active)) if is_storable(name) else None
    return None if user is None else _person(user)


def active_people(session: Session, right: Right) -> dict[str, Person]:
    """Returns the active users who have `right`, by name and in its order."""
    users = session.scalars(select(User).where(User.active).order_by(User.name))
    people = {user.name: _person(user) for user in users}
    return {name: person for name, person in people.items() if person.may(right)}


def create_token(work: UnitOfWork, *, name: str, user_name: str) -> str:
    """Creates an API token that acts as `user_name`; returns it, the only time.

    Raises NoSuchPerson, or NotAllowed for a name that is empty, too long or not printable.
    """
    _check_name("token's name", name, MAX_TOKEN_NAME)
    person = person_by_name(work.session, user_name)
    if person is None:
        raise NoSuchPerson(user_name)
    token = "hl_" + secrets.token_urlsafe(32)
    work.session.add(ApiToken(name=name, token_hash=digest(token), user_id=person.id, created_at=work.at))
    return token


def person_by_api_token(session: Session, token: str) -> tuple[Person, int] | None:
    """Returns the user of an API token and the token's id; None if it is unknown, revoked, or the user is inactive."""
    return _person_by_token_hash(session, digest(token))


def find_program(application: Application, token: str) -> tuple[Person, int] | None:
    """Returns what `person_by_api_token` does, as the cache knows it: a revoked token works until the cache has aged."""
    token_hash = digest(token)

    def read() -> tuple[Person, int] | None:
        with application.read_session() as session:
            return _person_by_token_hash(session, token_hash)

    return application.cache.get(("api_token", token_hash), application.clock(), read)


def _person_by_token_hash(session: Session, token_hash: str) -> tuple[Person, int] | None:
    query = (
        select(User, ApiToken.id)
        .join(ApiToken, ApiToken.user_id == User.id)
        .where(ApiToken.token_hash == token_hash, ApiToken.revoked_at.is_(None), User.active)
    )
    row = session.execute(query).first()
    return None if row is None else (_person(row[0]), row[1])


def _person(user: User) -> Person:
    return Person(id=user.id, role=user.role, unit_code=user.unit_code)


def digest(token: str) -> str:
    """Returns the hash under which a secret token is stored."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))
