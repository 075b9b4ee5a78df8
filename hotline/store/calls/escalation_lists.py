"""Lists and counts of escalations."""

from dataclasses import dataclass

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from hotline.rules.enums import EscalationKind, EscalationState
from hotline.store.base import meets
from hotline.store.calls.escalations import UNFINISHED, Escalation
from hotline.store.calls.tables import Call
from hotline.store.cursors import Page, id_cursor, make_page, parse_id_cursor
from hotline.store.outbound import Callback
from hotline.store.people.tables import User


@dataclass(frozen=True, slots=True)
class EscalationLine:
    """An escalation with its owner, the operator of a wrap-up, and the callback or the call that it is about."""

    escalation: Escalation
    owner: User | None
    operator: User | None
    callback: Callback | None
    call: Call | None


def list_escalations(
    session: Session, state: EscalationState | None, *, unfinished: bool, limit: int, cursor: str = ""
) -> Page[EscalationLine]:
    """Returns escalations, the newest first: in `state`, those that are open or taken, or all. Raises BadCursor."""
    query = _lines().order_by(Escalation.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Escalation.state == state)
    elif unfinished:
        query = query.where(meets("escalations", UNFINISHED))
    if cursor:
        query = query.where(Escalation.id < parse_id_cursor(cursor))
    lines = [EscalationLine(*row) for row in session.execute(query)]
    return make_page(lines, limit, lambda line: id_cursor(line.escalation.id))


def find_escalation_line(session: Session, escalation_id: int) -> EscalationLine | None:
    row = session.execute(_lines().where(Escalation.id == escalation_id)).one_or_none()
    return None if row is None else EscalationLine(*row)


def count_open(session: Session) -> int:
    """Returns the number of escalations that nobody has taken."""
    query = select(func.count()).select_from(Escalation).where(Escalation.state == EscalationState.OPEN)
    return session.scalar(query) or 0


def owner_of_callback(session: Session, callback_id: int) -> int | None:
    """Returns the user who has taken the escalation of a callback, or None."""
    taken = select(Escalation.owner_id).where(
        Escalation.kind == EscalationKind.CALLBACK_EXHAUSTED,
        Escalation.subject_id == callback_id,
        Escalation.state == EscalationState.TAKEN,
    )
    return session.scalar(taken)


def _lines() -> Select[Escalation, User | None, User | None, Callback | None, Call | None]:
    operator = aliased(User)
    of_callback, of_wrap_up = EscalationKind.CALLBACK_EXHAUSTED, EscalationKind.WRAP_UP_OVERTIME
    return (
        select(Escalation, User, operator, Callback, Call)
        .outerjoin(User, User.id == Escalation.owner_id)
        .outerjoin(operator, operator.id == Escalation.operator_id)
        .outerjoin(Callback, and_(Escalation.kind == of_callback, Callback.id == Escalation.subject_id))
        .outerjoin(Call, and_(Escalation.kind == of_wrap_up, Call.id == Escalation.subject_id))
    )
