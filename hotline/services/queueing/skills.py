"""Skills of operators beyond answering (a dialect, English); callers who need one are matched with them first."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hotline.rules.errors import NoSuchPerson, NotAllowed, UnknownSkill
from hotline.rules.people.actors import Right
from hotline.store.people.tables import OperatorSkill
from hotline.store.people.users import active_person
from hotline.unit_of_work import UnitOfWork


def set_skills(work: UnitOfWork, name: str, skills: Sequence[str]) -> tuple[str, ...]:
    """Sets the skills of the operator called `name` to exactly `skills`; returns them in order.

    Raises NoSuchPerson, NotAllowed for a user who answers no calls, UnknownSkill for one the city does not
    know.
    """
    person = active_person(work.session, name)
    if person is None:
        raise NoSuchPerson(name)
    if not person.may(Right.TAKE_CALLS):
        raise NotAllowed(f"{name} answers no calls")
    known = work.policies.callers.skills
    for skill in skills:
        if skill not in known:
            raise UnknownSkill(skill, sorted(known))
    work.session.execute(delete(OperatorSkill).where(OperatorSkill.user_id == person.id))
    kept = sorted(set(skills))
    work.session.add_all(OperatorSkill(user_id=person.id, skill=skill) for skill in kept)
    work.session.flush()
    return tuple(kept)


def skills_of(session: Session, user_id: int) -> tuple[str, ...]:
    """Returns the skills of one operator, in order."""
    query = select(OperatorSkill.skill).where(OperatorSkill.user_id == user_id)
    return tuple(session.scalars(query.order_by(OperatorSkill.skill)))


def skills_by_name(session: Session, name: str) -> tuple[str, ...]:
    """Returns the skills of the user called `name`. Raises NoSuchPerson."""
    person = active_person(session, name)
    if person is None:
        raise NoSuchPerson(name)
    return skills_of(session, person.id)
