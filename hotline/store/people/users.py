"""Reads users: as actors, and as the list of the people page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hotline.rules.enums import Duty, PresenceState, Role
from hotline.rules.people.actors import ALL_DUTIES, Person
from hotline.rules.text import is_storable
from hotline.store.cursors import Page, id_cursor, make_page, parse_id_cursor
from hotline.store.outbox import EventRow
from hotline.store.people.tables import OperatorSkill, Presence, Unit, User

# An actor of an event that is a user: this and the id.
_PERSON = "user:"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An event with the user who caused it; None for a machine."""

    event: EventRow
    person: User | None


@dataclass(frozen=True, slots=True)
class UserLine:
    """A user in a list, with the unit and the state of the desk."""

    user: User
    unit: Unit | None
    presence: PresenceState | None


def as_person(user: User) -> Person:
    """Returns a user as an actor."""
    return Person(user.id, user.role, user.unit_code, duties_of(user))


def duties_of(user: User) -> frozenset[Duty]:
    """Returns the duties of an administrator: all unless some are named."""
    return frozenset(map(Duty, user.duties.split(","))) if user.duties else ALL_DUTIES


def find_user(session: Session, name: str) -> User | None:
    """Returns the user with this log-in name, disabled ones too."""
    return session.scalar(select(User).where(User.name == name))


def active_person(session: Session, name: str) -> Person | None:
    """Returns the active user with this log-in name as an actor, or None."""
    user = find_user(session, name) if is_storable(name) else None
    return None if user is None or not user.active else as_person(user)


def list_users(
    session: Session,
    *,
    text: str = "",
    role: Role | None = None,
    active: bool | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[UserLine]:
    """Returns users, the newest first; `text` is a part of log-in name, name, work number or unit code."""
    query = (
        select(User, Unit, Presence.state)
        .outerjoin(Unit, Unit.code == User.unit_code)
        .outerjoin(Presence, Presence.user_id == User.id)
        .order_by(User.id.desc())
        .limit(limit + 1)
    )
    if text:
        searched = (User.name, User.display_name, User.work_number, User.unit_code, Unit.name_zh)
        query = query.where(or_(*(column.icontains(text, autoescape=True) for column in searched)))
    if role is not None:
        query = query.where(User.role == role)
    if active is not None:
        query = query.where(User.active.is_(active))
    if cursor:
        query = query.where(User.id < parse_id_cursor(cursor))
    lines = [UserLine(user, unit, state) for user, unit, state in session.execute(query)]
    return make_page(lines, limit, lambda line: id_cursor(line.user.id))


def skills_of_users(session: Session, user_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Returns the skills of each of these users that has any, in order."""
    query = select(OperatorSkill).where(OperatorSkill.user_id.in_(user_ids)).order_by(OperatorSkill.skill)
    found: dict[int, list[str]] = {}
    for row in session.scalars(query):
        found.setdefault(row.user_id, []).append(row.skill)
    return {user_id: tuple(skills) for user_id, skills in found.items()}


def account_history(session: Session, user_id: int, limit: int = 100) -> tuple[TimelineEntry, ...]:
    """Returns what happened to an account, the newest first."""
    query = select(EventRow).where(EventRow.subject == "account", EventRow.subject_id == user_id)
    events = session.scalars(query.order_by(EventRow.id.desc()).limit(limit)).all()
    people = people_of(session, (event.actor for event in events))
    return tuple(TimelineEntry(event, people.get(event.actor)) for event in events)


def people_of(session: Session, actors: Iterable[str]) -> dict[str, User]:
    """Returns the users among the stored actors of events (`user:5`), each under its actor."""
    ids = {int(actor.removeprefix(_PERSON)) for actor in actors if actor.startswith(_PERSON)}
    return {f"{_PERSON}{user.id}": user for user in session.scalars(select(User).where(User.id.in_(ids)))}
