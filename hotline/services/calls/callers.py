"""What a flow may want to know of a caller before it goes on: withheld, phoning often, known by an open ticket."""

from datetime import timedelta

from sqlalchemy import func, select

from hotline.rules.calls.flow_actions import CallerCondition
from hotline.rules.enums import CallPurpose
from hotline.rules.tickets.transitions import FINAL
from hotline.services.calls.views import get_call
from hotline.store.calls.tables import Call
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

HOUR = timedelta(hours=1)


def caller_matches(work: UnitOfWork, call_id: int, question: CallerCondition) -> bool:
    """Answer `question` about the caller of this call. Nobody whose number is withheld is often or known."""
    number = get_call(work, call_id).number
    match question:
        case CallerCondition.WITHHELD:
            return number is None
        case CallerCondition.OFTEN:
            return number is not None and _phones_often(work, number)
        case CallerCondition.KNOWN:
            return number is not None and _has_open_ticket(work, number)


def _phones_often(work: UnitOfWork, number: str) -> bool:
    lately = select(func.count()).where(
        Call.number == number, Call.purpose == CallPurpose.INBOUND, Call.arrived_at > work.at - HOUR
    )
    return (work.session.scalar(lately) or 0) > work.policies.callers.calls_per_hour


def _has_open_ticket(work: UnitOfWork, number: str) -> bool:
    still_open = select(Ticket.id).where(
        Ticket.caller_number == number, Ticket.number.is_not(None), Ticket.state.not_in(FINAL)
    )
    return work.session.scalar(still_open.limit(1)) is not None
