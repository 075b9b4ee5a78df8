"""Carries a flow's wishes into the hall and brings the answers back in the engine's words."""

from hotline.rules.calls import QueueJoin
from hotline.rules.refusals import LostRace
from hotline.rules.wishes import ConfirmPerson, JoinQueue, NotePressed, PromiseCallback, RecordAnswer, Wish
from hotline.rules.words import CallState
from hotline.services import callbacks, calls, follow_ups
from hotline.work import Work
from ivr_flows.turns import Granted, Refused, TooLate, Verdict

_JOINS: dict[QueueJoin, Verdict] = {
    QueueJoin.JOINED: Granted(),
    QueueJoin.FULL: Refused(),
    QueueJoin.TOO_LATE: TooLate(),
}


def grant(work: Work, call_id: int, wish: Wish) -> Verdict:
    """Carry out `wish` for a call.

    Raises LostRace if the call moved on meanwhile, NoSuchCall for a follow-up answer in a call that is none.
    """
    match wish:
        case JoinQueue():
            return _JOINS[calls.join_queue(work, call_id)]
        case PromiseCallback():
            return _promise(work, call_id)
        case NotePressed(klass=klass):
            calls.note_pressed(work, call_id, klass)
        case RecordAnswer(question=question, answer=answer):
            follow_ups.record_answer(work, call_id, question, answer)
        case ConfirmPerson():
            callbacks.confirm_person(work, call_id)
    return Granted()


def _promise(work: Work, call_id: int) -> Verdict:
    """Promise a callback; who still waits leaves the queue in the same breath, so that no desk rings for them."""
    if calls.get_call(work, call_id).number is None:
        return Refused()
    calls.leave_queue(work, call_id, "leave")
    if calls.get_call(work, call_id).state is not CallState.IN_FLOW:
        raise LostRace("an operator has just accepted, or the call is over")
    return Refused() if callbacks.promise_for_call(work, call_id) is None else Granted()
