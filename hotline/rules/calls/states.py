"""Rules for the states of a call and for how it ends."""

from datetime import datetime, timedelta
from enum import StrEnum

from hotline.rules.enums import CallEnd, CallPurpose, CallState


class QueueJoin(StrEnum):
    """The result of joining the queue."""

    JOINED = "joined"
    FULL = "full"
    OFF_DUTY = "off_duty"
    TOO_LATE = "too_late"


# In these states the caller hears the wait document.
WAITING: frozenset[CallState] = frozenset({CallState.QUEUED, CallState.OFFERED, CallState.CONNECTING})

_CARRIER_ENDS: dict[str, CallEnd] = {
    "busy": CallEnd.BUSY,
    "failed": CallEnd.FAILED,
    "no-answer": CallEnd.NO_ANSWER,
    "canceled": CallEnd.CANCELED,
}

# The terminal values of the carrier's CallStatus.
TERMINAL_STATUSES: frozenset[str] = frozenset({"completed", *_CARRIER_ENDS})


# In less time no sentence can be said and heard: a shorter conversation counts as none.
SHORTEST_TALK = timedelta(seconds=2)


# Priority of a caller whose operator was lost in the talk: above every priority that a flow may give.
FRONT_OF_QUEUE = 1000


def was_a_talk(answered_at: datetime | None, until: datetime) -> bool:
    """Returns whether caller and operator could speak from `answered_at` until `until`."""
    return answered_at is not None and until - answered_at >= SHORTEST_TALK


def seconds_between(start: datetime | None, end: datetime) -> int | None:
    """Returns the whole seconds from `start` to `end`, never negative; None without a start."""
    return None if start is None else max(int((end - start).total_seconds()), 0)


def state_at_end(state: CallState, answered_at: datetime | None, at: datetime) -> CallState:
    """Returns the effective state of a call that ended at `at`.

    A conversation shorter than `SHORTEST_TALK` counts as CONNECTING: the caller had not yet heard the
    operator.
    """
    if state is CallState.TALKING and answered_at is not None and not was_a_talk(answered_at, at):
        return CallState.CONNECTING
    return state


def end_of_call(state: CallState, purpose: CallPurpose, status: str, *, waited: bool = False) -> CallEnd:
    """Returns the end of a call that was in `state` when the carrier reported the terminal `status`.

    A caller who had `waited`, and left the queue only to make a choice in the flow, counts as abandoned.
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
