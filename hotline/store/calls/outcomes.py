"""The outcome of a call: the same facts for a loaded row and as conditions of a query.

The order of the outcomes stands in `hotline.rules.calls.outcomes`.
"""

from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, case, or_, type_coerce

from hotline.rules.calls.outcomes import DECIDED_BY_FACT, EMERGENCY_SERVICES, first_outcome
from hotline.rules.enums import AfterCall, CallEnd, CallOutcome, CallPurpose, CallRecord, Satisfied
from hotline.store.base import enum_column
from hotline.store.calls.tables import Call

_O = CallOutcome
Word = TypeVar("Word", bound=StrEnum)


def outcome_of(call: Call) -> CallOutcome | None:
    """Returns the outcome of an inbound call; None for a call that we placed."""
    if call.purpose is not CallPurpose.INBOUND:
        return None
    ended = call.end is not None
    return first_outcome(
        {
            _O.QUEUE_FULL: call.queue_full,
            _O.ANSWERED: call.answered_at is not None,
            _O.EMERGENCY: call.transferred_to in EMERGENCY_SERVICES,
            _O.TRANSFERRED: call.transferred_to is not None,
            _O.CALLBACK: call.callback_chosen or call.end is CallEnd.LEFT_FOR_CALLBACK,
            _O.MESSAGE: call.end is CallEnd.LEFT_MESSAGE,
            _O.STATUS: call.status_asked,
            _O.ABANDONED: ended and call.queued_at is not None,
            _O.LEFT_IN_MENU: call.end is CallEnd.LEFT_IN_FLOW,
        }
    )


_FACTS: dict[CallOutcome, ColumnElement[bool]] = {
    _O.QUEUE_FULL: Call.queue_full.expression,
    _O.ANSWERED: Call.answered_at.is_not(None),
    _O.EMERGENCY: Call.transferred_to.in_(sorted(EMERGENCY_SERVICES)),
    _O.TRANSFERRED: Call.transferred_to.is_not(None),
    _O.CALLBACK: or_(Call.callback_chosen, Call.end == CallEnd.LEFT_FOR_CALLBACK),
    _O.MESSAGE: Call.end == CallEnd.LEFT_MESSAGE,
    _O.STATUS: Call.status_asked.expression,
    _O.ABANDONED: and_(Call.end.is_not(None), Call.queued_at.is_not(None)),
    _O.LEFT_IN_MENU: Call.end == CallEnd.LEFT_IN_FLOW,
}


def first_of(
    kind: type[Word], *facts: tuple[ColumnElement[bool], Word], otherwise: Word
) -> ColumnElement[Any]:
    """Returns the expression of the first word of `kind` whose fact is true."""
    words = case(*((fact, word.value) for fact, word in facts), else_=otherwise.value)
    return type_coerce(words, enum_column(kind))


# The outcome of an inbound call.
OUTCOME = first_of(
    CallOutcome, *((_FACTS[outcome], outcome) for outcome in DECIDED_BY_FACT), otherwise=_O.OTHER
)
# The record with which an answered call ended. No step joins a call to an existing matter yet.
RECORD = first_of(
    CallRecord,
    (Call.no_matter.is_not(None), CallRecord.NO_MATTER),
    (Call.finished_at.is_not(None), CallRecord.TICKET),
    otherwise=CallRecord.OPEN,
)
# The caller's rating of the conversation.
RATING = first_of(
    AfterCall,
    (Call.satisfied == Satisfied.YES, AfterCall.SATISFIED),
    (Call.satisfied == Satisfied.NO, AfterCall.NOT_SATISFIED),
    otherwise=AfterCall.NO_ANSWER,
)
