"""Sets passwords by the city's rules, and the links with which people choose them."""

import hashlib
import secrets
from datetime import timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.enums import LinkKind
from hotline.rules.errors import InvalidFields, NoSuchLink
from hotline.rules.people.actors import Person
from hotline.rules.people.passwords import password_problem
from hotline.rules.policies import AccountPolicy
from hotline.rules.text import is_storable
from hotline.store.people.tables import AccountLink, User
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

# The hash of a user without a password: no password verifies against it.
NO_PASSWORD = "!"  # noqa: S105 (no secret: it opens nothing)


def change_own_password(work: UnitOfWork, person: Person, new: str) -> None:
    """Sets the password of `person`, who has just proved the present one. Raises InvalidFields for `new`."""
    user = work.session.get_one(User, person.id)
    if is_password(new, user.password_hash):
        raise InvalidFields({"new": "same_as_before"})
    _set_password(work, user, new, "own")


def set_password(work: UnitOfWork, user: User, password: str, *, must_change: bool = False) -> None:
    """Sets the password of another user. Raises InvalidFields for the field `password`."""
    _set_password(work, user, password, "command", field="password", must_change=must_change)


def make_link(work: UnitOfWork, user_id: int, kind: LinkKind) -> str:
    """Returns the token of a new link with which the user chooses a password; earlier links of the user end."""
    _end_links(work, user_id)
    token = secrets.token_urlsafe(32)
    valid = timedelta(hours=work.policies.accounts.link_hours)
    work.session.add(
        AccountLink(
            token_hash=digest(token),
            user_id=user_id,
            kind=kind,
            created_at=work.at,
            expires_at=work.at + valid,
        )
    )
    work.record(events.AccountLinkMade(user_id, kind))
    return token


def find_link(work: UnitOfWork, token: str) -> tuple[AccountLink, User]:
    """Returns a link that may be used now, with its user. Raises NoSuchLink for one that is unknown, over or used."""
    query = (
        select(AccountLink, User)
        .join(User, User.id == AccountLink.user_id)
        .where(
            AccountLink.token_hash == digest(token),
            AccountLink.ended_at.is_(None),
            AccountLink.expires_at > work.at,
            User.active,
        )
    )
    row = work.session.execute(query).first()
    if row is None:
        raise NoSuchLink
    return row[0], row[1]


def use_link(work: UnitOfWork, token: str, password: str) -> Person:
    """Sets the password that the holder of a link chose; returns the user. Raises NoSuchLink, InvalidFields (`new`)."""
    link, user = find_link(work, token)
    free = update(AccountLink).where(
        AccountLink.token_hash == link.token_hash, AccountLink.ended_at.is_(None)
    )
    if not updated_one(work.session, free.values(ended_at=work.at)):
        raise NoSuchLink
    _set_password(work, user, password, "link")
    return Person(user.id, user.role, user.unit_code)


def _set_password(
    work: UnitOfWork, user: User, password: str, how: str, *, field: str = "new", must_change: bool = False
) -> None:
    require_good_password(
        work.policies.accounts, password, (user.name, user.display_name, user.work_number), field
    )
    user.password_hash = hash_password(password)
    user.password_changed_at = work.at
    user.must_change_password = must_change
    user.failed_log_ins, user.locked_until = 0, None
    _end_links(work, user.id)
    work.flush()
    work.record(events.PasswordSet(user.id, how))


def require_good_password(
    policy: AccountPolicy, password: str, names: tuple[str | None, ...], field: str = "password"
) -> None:
    """Raises InvalidFields with the rule that the password breaks."""
    problem = password_problem(password, policy, names)
    if problem is not None:
        raise InvalidFields({field: problem})


def _end_links(work: UnitOfWork, user_id: int) -> None:
    open_links = update(AccountLink).where(AccountLink.user_id == user_id, AccountLink.ended_at.is_(None))
    work.session.execute(open_links.values(ended_at=work.at))


def has_password(session: Session, user_id: int) -> bool:
    """Returns whether the user has chosen a password; people of the identity provider need none."""
    return session.scalar(select(User.password_hash).where(User.id == user_id)) != NO_PASSWORD


def is_own_password(session: Session, person: Person, password: str) -> bool:
    """Returns whether this is the person's present password."""
    kept = session.scalar(select(User.password_hash).where(User.id == person.id))
    return is_storable(password) and is_password(password, kept)


def is_password(password: str, password_hash: str | None) -> bool:
    """Returns whether a password fits a hash. Without a hash it takes as long and returns False."""
    try:
        # A missing hash is replaced by that of a random password, so that an unknown name takes as long as a wrong password.
        _hasher().verify(password_hash or _dummy_hash(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


def hash_password(password: str) -> str:
    return _hasher().hash(password)


def digest(token: str) -> str:
    """Returns the hash under which a secret token is stored."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))
