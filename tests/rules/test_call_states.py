"""The end of a call, from its state, its purpose and the carrier's terminal status."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline.rules.calls.states import SHORTEST_TALK, TERMINAL_STATUSES, WAITING, end_of_call, state_at_end
from hotline.rules.enums import CallEnd, CallPurpose, CallState

S, P, E = CallState, CallPurpose, CallEnd

TABLE = {
    (S.IN_FLOW, P.INBOUND, "completed"): E.LEFT_IN_FLOW,
    (S.IN_FLOW, P.INBOUND, "no-answer"): E.LEFT_IN_FLOW,
    (S.RINGING, P.INBOUND, "canceled"): E.LEFT_IN_FLOW,
    (S.IN_FLOW, P.INBOUND, "failed"): E.LEFT_IN_FLOW,
    (S.QUEUED, P.INBOUND, "completed"): E.ABANDONED,
    (S.OFFERED, P.INBOUND, "completed"): E.ABANDONED,
    (S.CONNECTING, P.INBOUND, "completed"): E.ABANDONED,
    (S.QUEUED, P.CALLBACK, "completed"): E.ABANDONED,
    (S.TALKING, P.INBOUND, "completed"): E.COMPLETED,
    (S.AFTER, P.INBOUND, "completed"): E.COMPLETED,
    (S.TALKING, P.CALLBACK, "failed"): E.COMPLETED,
    (S.RINGING, P.CALLBACK, "busy"): E.BUSY,
    (S.RINGING, P.CALLBACK, "no-answer"): E.NO_ANSWER,
    (S.RINGING, P.FOLLOW_UP, "failed"): E.FAILED,
    (S.RINGING, P.FOLLOW_UP, "canceled"): E.CANCELED,
    (S.IN_FLOW, P.FOLLOW_UP, "completed"): E.COMPLETED,
    (S.IN_FLOW, P.CALLBACK, "completed"): E.COMPLETED,
}


@pytest.mark.parametrize(("known", "end"), TABLE.items())
def test_how_a_call_ended(known: tuple[CallState, CallPurpose, str], end: CallEnd) -> None:
    assert end_of_call(*known) is end


@pytest.mark.parametrize("status", sorted(TERMINAL_STATUSES))
@pytest.mark.parametrize("purpose", P)
def test_who_waited_abandoned_and_who_talked_completed_whatever_the_carrier_says(
    status: str, purpose: CallPurpose
) -> None:
    assert {end_of_call(state, purpose, status) for state in WAITING} == {E.ABANDONED}
    assert {end_of_call(state, purpose, status) for state in (S.TALKING, S.AFTER)} == {E.COMPLETED}


@pytest.mark.parametrize("purpose", P)
def test_who_left_the_queue_only_to_decide_something_has_given_up_waiting(purpose: CallPurpose) -> None:
    assert end_of_call(S.IN_FLOW, purpose, "completed", waited=True) is E.ABANDONED
    assert end_of_call(S.TRANSFERRED, purpose, "completed", waited=True) is E.TRANSFERRED


def test_a_talk_too_short_for_a_word_was_none() -> None:
    at = datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert state_at_end(S.TALKING, at, at + SHORTEST_TALK - timedelta(microseconds=1)) is S.CONNECTING
    assert state_at_end(S.TALKING, at, at + SHORTEST_TALK) is S.TALKING
    assert state_at_end(S.AFTER, at, at) is S.AFTER
    assert state_at_end(S.IN_FLOW, None, at) is S.IN_FLOW
