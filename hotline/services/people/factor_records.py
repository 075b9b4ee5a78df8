"""The records of a second factor that its owner has added or removed, of whatever kind it is."""

from sqlalchemy import delete, update

from hotline import events
from hotline.rules.enums import FactorKind
from hotline.rules.errors import NotAllowed
from hotline.rules.people.actors import Person
from hotline.rules.people.second_factors import needs_second_factor
from hotline.store.people.factors import RecoveryCode, factor_kinds
from hotline.store.people.tables import SignIn
from hotline.unit_of_work import UnitOfWork


def record_added(work: UnitOfWork, person: Person, kind: FactorKind) -> None:
    """Records a new factor; sessions that waited for one are free."""
    waiting = update(SignIn).where(SignIn.user_id == person.id, SignIn.needs_factor)
    work.session.execute(waiting.values(needs_factor=False))
    work.record(events.SecondFactorAdded(person.id, kind))


def record_removed(work: UnitOfWork, person: Person, kind: FactorKind) -> None:
    """Records that the person has removed a factor; recovery codes go with the last one.

    Raises NotAllowed if the role needs a second factor and none is left; the caller's removal is undone then.
    """
    if not factor_kinds(work.session, person.id):
        if needs_second_factor(person.role, work.policies.accounts):
            raise NotAllowed("the role needs a second factor")
        work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person.id))
    work.record(events.SecondFactorRemoved(person.id, kind))
