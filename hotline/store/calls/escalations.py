"""Escalations: what a shift leader has to see to, with who takes it and what came of it."""

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.rules.enums import EscalationKind, EscalationState
from hotline.store.base import Base, UtcDateTime, enum_column, index_where
from hotline.store.upsert import insert_if_absent

UNFINISHED = "state IN ('open', 'taken')"


class Escalation(Base):
    """A matter that no rule goes on with: one row for each callback that is exhausted and each wrap-up over its limit.

    `subject_id` is the id of the callback, or of the call whose wrap-up it is. `operator_id`: of the wrap-up.
    """

    __tablename__ = "escalations"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EscalationKind] = mapped_column(enum_column(EscalationKind))
    subject_id: Mapped[int]
    operator_id: Mapped[int | None]
    state: Mapped[EscalationState] = mapped_column(enum_column(EscalationState))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    owner_id: Mapped[int | None]
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(500), default="")
    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        Index("ix_escalations_unfinished", "id", **index_where(UNFINISHED)),
        Index("ix_escalations_state_id", "state", "id"),
    )


def insert_escalation(
    session: Session, kind: EscalationKind, subject_id: int, at: datetime, operator_id: int | None = None
) -> int | None:
    """Opens the escalation of a callback or of a wrap-up; returns its id, or None if there is one for the same."""
    row = {
        "kind": kind,
        "subject_id": subject_id,
        "operator_id": operator_id,
        "state": EscalationState.OPEN,
        "opened_at": at,
        "note": "",
    }
    found: int | None = insert_if_absent(session, Escalation, Escalation.id, row)
    return found
