"""Answers the conditions of a flow about a caller: number withheld, calls often, has an open ticket, was promised a call."""

from collections.abc import Callable

from sqlalchemy import select

from hotline.rules.calls.flow_actions import CallerCondition
from hotline.rules.enums import CallbackReason
from hotline.rules.tickets.transitions import FINAL
from hotline.services.calls.queries import CallView
from hotline.store.outbound import Callback, Dial
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork


def caller_matches(
    work: UnitOfWork, call: CallView, condition: CallerCondition, calls_in_hour: Callable[[], int]
) -> bool:
    """Returns whether the caller matches `condition`; a withheld number is neither OFTEN nor KNOWN.

    `calls_in_hour` counts the caller's calls; only OFTEN asks for it.
    """
    number = call.number
    match condition:
        case CallerCondition.WITHHELD:
            return number is None
        case CallerCondition.OFTEN:
            limited = number is not None and number not in work.policies.callers.shared_numbers
            return limited and calls_in_hour() > work.policies.callers.calls_per_hour
        case CallerCondition.KNOWN:
            return number is not None and _has_open_ticket(work, number)
        case CallerCondition.PROMISED:
            return _is_promised_callback(work, call.dial_id)


def _has_open_ticket(work: UnitOfWork, number: str) -> bool:
    still_open = select(Ticket.id).where(
        Ticket.caller_number == number, Ticket.number.is_not(None), Ticket.state.not_in(FINAL)
    )
    return work.session.scalar(still_open.limit(1)) is not None


def _is_promised_callback(work: UnitOfWork, dial_id: int | None) -> bool:
    behind = select(Callback.reason).join(Dial, Dial.callback_id == Callback.id).where(Dial.id == dial_id)
    return work.session.scalar(behind) not in {None, CallbackReason.ABANDONED}
