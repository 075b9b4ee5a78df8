"""Keeps what a person typed when a form could not be accepted, until they send it again or throw it away."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hotline.rules.text import is_storable
from hotline.services.people.passwords import digest
from hotline.store.people.kept_forms import KeptForm
from hotline.store.people.tables import SignIn, User
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork

KEPT = timedelta(days=7)
# Characters of all fields together; more is not typed by hand.
MAX_CHARACTERS = 400_000


class KeptReason(StrEnum):
    """The reason for which a form was not accepted."""

    EXPIRED = "expired"  # the session was over
    OLD_PAGE = "old_page"  # the page belonged to an earlier session
    REFUSED = "refused"  # a colleague was faster, or a field has to be changed
    OTHER_STEP = "other_step"  # another step of the same page was taken


def keep_form(
    work: UnitOfWork, user_id: int, page: str, *, address: str, reason: KeptReason, fields: Mapping[str, str]
) -> bool:
    """Keeps `fields` for this user in place of what was kept for `page` before. Returns False if they cannot be stored."""
    typed = {name: text for name, text in fields.items() if is_storable(text)}
    if not typed or sum(map(len, typed.values())) > MAX_CHARACTERS or work.session.get(User, user_id) is None:
        return False
    drop_form(work, user_id, page)
    row = {"user_id": user_id, "page": page, "address": address, "reason": reason.value, "at": work.at}
    insert_if_absent(work.session, KeptForm, KeptForm.id, {**row, "fields": typed})
    return True


def drop_form(work: UnitOfWork, user_id: int, page: str) -> None:
    """Drops what was kept for `page`; nothing kept is no error."""
    work.session.execute(delete(KeptForm).where(KeptForm.user_id == user_id, KeptForm.page == page))


def owner_of_ended_session(session: Session, token: str) -> int | None:
    """Returns the user of a browser session that is over, expired or revoked; None for an unknown token."""
    return session.scalar(select(SignIn.user_id).where(SignIn.token_hash == digest(token)))
