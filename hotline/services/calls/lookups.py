"""Lookups in the city's own systems: requested once per call, answered by a reaction while the caller waits."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from hotline import events
from hotline.rules.enums import LookupState
from hotline.rules.text import to_speakable
from hotline.store.calls.lookups import Lookup
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork

# The length of the columns; the rest of a longer answer is cut off.
MAX_LENGTH_ZH, MAX_LENGTH_EN = 300, 600


@dataclass(frozen=True, slots=True)
class LookupView:
    """The state of a lookup. `overdue`: the caller has waited as long as the city's file allows."""

    id: int
    call_id: int
    source: str
    state: LookupState
    overdue: bool
    text_zh: str
    text_en: str


def ask(work: UnitOfWork, call_id: int, source: str) -> LookupView:
    """Requests a lookup in `source` for this call; a repeated request returns the state of the first one."""
    row = {"call_id": call_id, "source": source, "state": LookupState.ASKED, "asked_at": work.at}
    lookup_id = insert_if_absent(work.session, Lookup, Lookup.id, row)
    if lookup_id is not None:
        work.record(events.LookupAsked(call_id, lookup_id))
    query = select(Lookup).where(Lookup.call_id == call_id, Lookup.source == source)
    return _view(work, work.session.scalars(query.execution_options(populate_existing=True)).one())


def get(work: UnitOfWork, lookup_id: int) -> LookupView:
    return _view(work, work.session.get_one(Lookup, lookup_id, populate_existing=True))


def record_answer(
    work: UnitOfWork, lookup_id: int, state: LookupState, text_zh: str = "", text_en: str = ""
) -> None:
    """Records the answer as far as it can be spoken; the first answer stands."""
    texts = {"text_zh": to_speakable(text_zh, MAX_LENGTH_ZH), "text_en": to_speakable(text_en, MAX_LENGTH_EN)}
    updated_one(
        work.session,
        update(Lookup)
        .where(Lookup.id == lookup_id, Lookup.state == LookupState.ASKED)
        .values(state=state, answered_at=work.at, **texts),
    )


def _view(work: UnitOfWork, lookup: Lookup) -> LookupView:
    source = work.policies.callers.lookups.get(lookup.source)
    patience = timedelta(seconds=source.seconds if source else 0)
    return LookupView(
        id=lookup.id,
        call_id=lookup.call_id,
        source=lookup.source,
        state=lookup.state,
        overdue=work.at >= lookup.asked_at + patience,
        text_zh=lookup.text_zh,
        text_en=lookup.text_en,
    )
