"""Who there is: every unit, and everybody who takes calls."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.rules.people.actors import RIGHTS, Right
from hotline.store.people.tables import Presence, Unit, User

CALL_TAKERS = tuple(role for role, rights in RIGHTS.items() if Right.TAKE_CALLS in rights)


def list_units(session: Session) -> Sequence[Unit]:
    """Return all units by code, closed ones too: old tickets still name them."""
    return session.scalars(select(Unit).order_by(Unit.code)).all()


def list_operators(session: Session) -> list[tuple[User, Presence | None]]:
    """Return everybody active who takes calls, by work number, with what they are doing now."""
    found = (
        select(User, Presence)
        .outerjoin(Presence, Presence.user_id == User.id)
        .where(User.role.in_(CALL_TAKERS), User.active)
        .order_by(User.work_number, User.id)
    )
    return [(user, presence) for user, presence in session.execute(found)]
