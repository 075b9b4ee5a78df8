"""Answers the conditions of a flow about a caller: number withheld, calls often, has an open ticket, was promised a call."""

from datetime import timedelta

from sqlalchemy import bindparam, func, select

from hotline.rules.calls.flow_actions import CallerCondition
from hotline.rules.enums import CallbackReason, CallPurpose
from hotline.rules.tickets.transitions import FINAL
from hotline.services.calls.queries import CallView
from hotline.store.base import UtcDateTime
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

HOUR = timedelta(hours=1)


_CALLS = Call.__table__
# Built once: nearly every key press runs this statement.
_CALLS_SINCE = select(func.count()).where(
    _CALLS.c.number == bindparam("caller"),
    _CALLS.c.purpose == CallPurpose.INBOUND,
    _CALLS.c.arrived_at > bindparam("since", type_=UtcDateTime),
)


def caller_matches(work: UnitOfWork, call: CallView, condition: CallerCondition) -> bool:
    """Returns whether the caller of `call` matches `condition`; a withheld number is neither OFTEN nor KNOWN."""
    number = call.number
    match condition:
        case CallerCondition.WITHHELD:
            return number is None
        case CallerCondition.OFTEN:
            return number is not None and _phones_often(work, number)
        case CallerCondition.KNOWN:
            return number is not None and _has_open_ticket(work, number)
        case CallerCondition.PROMISED:
            return _is_promised_callback(work, call.dial_id)


def _phones_often(work: UnitOfWork, number: str) -> bool:
    if number in work.policies.callers.shared_numbers:
        return False
    lately = work.connection.scalar(_CALLS_SINCE, {"caller": number, "since": work.at - HOUR})
    return (lately or 0) > work.policies.callers.calls_per_hour


def _has_open_ticket(work: UnitOfWork, number: str) -> bool:
    still_open = select(Ticket.id).where(
        Ticket.caller_number == number, Ticket.number.is_not(None), Ticket.state.not_in(FINAL)
    )
    return work.session.scalar(still_open.limit(1)) is not None


def _is_promised_callback(work: UnitOfWork, dial_id: int | None) -> bool:
    behind = select(Callback.reason).join(Dial, Dial.callback_id == Callback.id).where(Dial.id == dial_id)
    return work.session.scalar(behind) not in {None, CallbackReason.ABANDONED}
