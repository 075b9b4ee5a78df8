"""Drafts of the city's texts: what an editor has saved and not published, one for each kind."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hotline.rules.city import CityKind
from hotline.store.city import CityDraft
from hotline.store.people.tables import User
from hotline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DraftView:
    """A saved draft; `based_on` is the version that was in force when it was begun."""

    kind: CityKind
    text: str
    based_on: int
    saved_at: datetime
    user_id: int
    author: str


def save_draft(work: UnitOfWork, user_id: int, kind: CityKind, text: str, *, based_on: int) -> None:
    """Saves `text` as the draft of this editor."""
    draft = work.session.get(CityDraft, (user_id, kind))
    if draft is None:
        draft = CityDraft(user_id=user_id, kind=kind, based_on=based_on)
        work.session.add(draft)
    draft.text, draft.based_on, draft.saved_at = text, based_on, work.at
    work.flush()


def drop_draft(work: UnitOfWork, user_id: int, kind: CityKind) -> None:
    """Removes the draft of this editor, if there is one."""
    work.session.execute(delete(CityDraft).where(CityDraft.user_id == user_id, CityDraft.kind == kind))


def list_drafts(session: Session) -> tuple[DraftView, ...]:
    """Returns all drafts, the newest first."""
    rows = session.execute(
        select(CityDraft, User.display_name)
        .join(User, User.id == CityDraft.user_id)
        .order_by(CityDraft.saved_at.desc(), CityDraft.user_id)
    ).all()
    return tuple(
        DraftView(draft.kind, draft.text, draft.based_on, draft.saved_at, draft.user_id, author)
        for draft, author in rows
    )
