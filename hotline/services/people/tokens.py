"""The API tokens of programs."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.errors import InvalidFields, LostRace, NoSuchPerson, NoSuchToken, NotAllowed
from hotline.rules.people.accounts import name_problem
from hotline.rules.people.actors import Person
from hotline.services.people.passwords import digest
from hotline.store.people.tables import ApiToken, User
from hotline.store.people.users import active_person, as_person
from hotline.store.upsert import updated_one
from hotline.unit_of_work import Application, UnitOfWork

MAX_TOKEN_NAME = 80
# The use of a token is written at most this often.
USE_INTERVAL = timedelta(hours=1)


class Program(NamedTuple):
    """The user as whom a token acts, its id, and what limits it."""

    person: Person
    token_id: int
    read_only: bool
    expires_at: datetime | None
    last_used_at: datetime | None

    def is_use_due(self, at: datetime) -> bool:
        """Returns whether the use of the token should be written again."""
        return self.last_used_at is None or at - self.last_used_at >= USE_INTERVAL


def create_token(
    work: UnitOfWork,
    *,
    name: str,
    user_name: str,
    read_only: bool = False,
    expires_at: datetime | None = None,
) -> str:
    """Creates an API token that acts as `user_name`; returns it, the only time.

    Raises NoSuchPerson, InvalidFields for a name that is empty, too long or not printable, NotAllowed for an end in the past.
    """
    problem = name_problem("name", name, MAX_TOKEN_NAME)
    if problem:
        raise InvalidFields(problem)
    person = active_person(work.session, user_name)
    if person is None:
        raise NoSuchPerson(user_name)
    if expires_at is not None and expires_at <= work.at:
        raise NotAllowed("a token ends in the future")
    token = "hl_" + secrets.token_urlsafe(32)
    row = ApiToken(
        name=name,
        token_hash=digest(token),
        user_id=person.id,
        read_only=read_only,
        created_at=work.at,
        expires_at=expires_at,
    )
    work.session.add(row)
    work.session.flush()
    work.record(events.TokenCreated(row.id, person.id))
    return token


def revoke_token(work: UnitOfWork, token_id: int) -> None:
    """Revokes a token. Raises NoSuchToken, or LostRace if it is revoked already."""
    row = work.session.get(ApiToken, token_id)
    if row is None:
        raise NoSuchToken(str(token_id))
    live = update(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
    if not updated_one(work.session, live.values(revoked_at=work.at)):
        raise LostRace("the token is revoked")
    work.record(events.TokenRevoked(token_id, row.user_id))


def state_of(row: ApiToken, at: datetime) -> str:
    """Returns `live`, `expired` or `revoked`."""
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= at else "live"


def record_use(work: UnitOfWork, token_id: int) -> None:
    """Writes when a token was last used, to the hour."""
    stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= work.at - USE_INTERVAL)
    used = update(ApiToken).where(ApiToken.id == token_id, stale)
    work.session.execute(used.values(last_used_at=work.at))


def list_tokens(session: Session) -> list[tuple[ApiToken, User]]:
    """Returns all tokens with their users, the newest first."""
    query = select(ApiToken, User).join(User, User.id == ApiToken.user_id).order_by(ApiToken.id.desc())
    return [(token, user) for token, user in session.execute(query)]


def token_row(session: Session, token: str) -> ApiToken:
    """Returns the row of a token that exists."""
    return session.scalars(select(ApiToken).where(ApiToken.token_hash == digest(token))).one()


def find_program(application: Application, token: str) -> Program | None:
    """Returns the program of a token; None if it is unknown, revoked or over, or the user is disabled.

    It is read from the cache: a revoked token works until the cache has aged.
    """
    token_hash, at = digest(token), application.clock()

    def read() -> Program | None:
        with application.read_session() as session:
            return _program_by_hash(session, token_hash)

    found = application.cache.get(("api_token", token_hash), at, read)
    return None if found is None or (found.expires_at is not None and found.expires_at <= at) else found


def program_by_token(session: Session, token: str) -> Program | None:
    """Returns the program of a token as the database knows it now, without regard to the token's end."""
    return _program_by_hash(session, digest(token))


def _program_by_hash(session: Session, token_hash: str) -> Program | None:
    query = (
        select(User, ApiToken)
        .join(ApiToken, ApiToken.user_id == User.id)
        .where(ApiToken.token_hash == token_hash, ApiToken.revoked_at.is_(None), User.active)
    )
    row = session.execute(query).first()
    if row is None:
        return None
    user, token = row
    return Program(as_person(user), token.id, token.read_only, token.expires_at, token.last_used_at)
