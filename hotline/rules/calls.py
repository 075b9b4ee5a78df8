"""How calls move and how they end. `ENDED` is final whatever arrives later."""

from enum import StrEnum

from hotline.rules.words import CallEnd, CallPurpose, CallState


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


def how_it_ended(state: CallState, purpose: CallPurpose, status: str) -> CallEnd:
    """Return our word for a call that was in `state` when the carrier said the terminal `status`."""
    if state in WAITING:
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
