"""How calls move and how they end. `ENDED` is final whatever arrives later."""

from datetime import datetime, timedelta
from enum import StrEnum

from hotline.rules.enums import CallEnd, CallPurpose, CallState


class QueueJoin(StrEnum):
    """The answer to "I want a person"."""

    JOINED = "joined"
    FULL = "full"
    OFF_DUTY = "off_duty"
    TOO_LATE = "too_late"


WAITING: frozenset[CallState] = frozenset({CallState.QUEUED, CallState.OFFERED, CallState.CONNECTING})
"""The caller hears the wait document."""

_CARRIER_ENDS: dict[str, CallEnd] = {
    "busy": CallEnd.BUSY,
    "failed": CallEnd.FAILED,
    "no-answer": CallEnd.NO_ANSWER,
    "canceled": CallEnd.CANCELED,
}

TERMINAL_STATUSES: frozenset[str] = frozenset({"completed", *_CARRIER_ENDS})
"""The carrier's last words about a call (CallStatus)."""


SHORTEST_TALK = timedelta(seconds=2)
"""No word can be said and heard in less: a talk that was over sooner was none."""


def state_at_end(state: CallState, answered_at: datetime | None, at: datetime) -> CallState:
    """Return the state in which a call really was when it ended at `at`: whom a person had not yet heard still waited."""
    if state is CallState.TALKING and answered_at is not None and at - answered_at < SHORTEST_TALK:
        return CallState.CONNECTING
    return state


def end_of_call(state: CallState, purpose: CallPurpose, status: str, *, waited: bool = False) -> CallEnd:
    """Return our word for a call that was in `state` when the carrier said the terminal `status`.

    Who had `waited`, and left the queue only to decide something, has given up waiting.
    """
    if state in WAITING or (waited and state is CallState.IN_FLOW):
        return CallEnd.ABANDONED
    if state in {CallState.TALKING, CallState.AFTER}:
        return CallEnd.COMPLETED
    if state is CallState.TRANSFERRED:
        return CallEnd.TRANSFERRED
    if status in _CARRIER_ENDS and purpose is not CallPurpose.INBOUND:
        return _CARRIER_ENDS[status]
    if purpose is CallPurpose.INBOUND:
        return CallEnd.LEFT_IN_FLOW
    return CallEnd.COMPLETED
