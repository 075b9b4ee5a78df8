"""Carries a flow's wishes into the application and brings the answers back in the engine's words."""

import re

from sqlalchemy.orm import Session

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AskCaller,
    AskDialled,
    AskHours,
    ConfirmPerson,
    FlowAction,
    JoinQueue,
    KeepMessage,
    LookUpBy,
    LookUpOutside,
    LookUpTicket,
    NotePressed,
    NoteTransfer,
    PromiseCallback,
    RecordAnswer,
    TellNotices,
)
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import CallState, LookupState, Satisfied, TicketState
from hotline.rules.errors import LostRace
from hotline.services.calls import callers, lifecycle, lookups, recordings
from hotline.services.outbound import callbacks, follow_ups
from hotline.services.tickets import status
from hotline.services.tickets.status import KnownTicket, LookupLocked, UnknownTicket
from hotline.store.calls.lookups import Lookup
from hotline.store.calls.outages import Outage
from hotline.unit_of_work import UnitOfWork
from ivr_flows.speech import Line, Moment, Notice
from ivr_flows.turn import PENDING, TOO_LATE, Answer, Values
from ivr_flows.webhooks.first_turn_cache import Lobby, as_line

_JOINS: dict[QueueJoin, Answer] = {
    QueueJoin.JOINED: Answer(ActionOutcome.JOINED),
    QueueJoin.FULL: Answer(ActionOutcome.FULL),
    QueueJoin.OFF_DUTY: Answer(ActionOutcome.OFF_DUTY),
    QueueJoin.TOO_LATE: TOO_LATE,
}
_LOOKED_UP: dict[LookupState, ActionOutcome] = {
    LookupState.FOUND: ActionOutcome.FOUND,
    LookupState.UNKNOWN: ActionOutcome.UNKNOWN,
    LookupState.FAILED: ActionOutcome.FAILED,
}


def grant(work: UnitOfWork, lobby: Lobby, call_id: int, wish: FlowAction, values: Values) -> Answer:
    """Carry out `wish` for a call, with what its caller has typed.

    Raises LostRace if the call moved on meanwhile, NoSuchCall for a follow-up answer in a call that is none.
    """
    match wish:
        case JoinQueue():
            return _JOINS[lifecycle.join_queue(work, call_id, wish, desk=values.get("desk", ""))]
        case PromiseCallback():
            return _promise(work, call_id, values.get("number", ""))
        case AskCaller(question=question):
            return Answer(
                ActionOutcome.YES if callers.caller_matches(work, call_id, question) else ActionOutcome.NO
            )
        case LookUpTicket(by=by):
            return _look_up(work, call_id, by, values)
        case LookUpOutside(source=source):
            return _look_outside(work, call_id, source)
        case NotePressed() | RecordAnswer() | ConfirmPerson() | KeepMessage() | NoteTransfer():
            _note(work, call_id, wish)
            return Answer(ActionOutcome.DONE)
        case AskDialled() | AskHours() | TellNotices():
            return lobby.answer(wish, lifecycle.get_call(work, call_id).dialed, work.at)


def _note(
    work: UnitOfWork,
    call_id: int,
    wish: NotePressed | RecordAnswer | ConfirmPerson | KeepMessage | NoteTransfer,
) -> None:
    """Carry out what a flow makes known in passing."""
    match wish:
        case NotePressed(request_class=request_class):
            lifecycle.record_request_class(work, call_id, request_class)
        case RecordAnswer(question="service", answer=answer):
            lifecycle.rate_talk(work, call_id, Satisfied(answer))
        case RecordAnswer(question=question, answer=answer):
            follow_ups.record_answer(work, call_id, question, answer)
        case ConfirmPerson():
            callbacks.confirm_person(work, call_id)
        case KeepMessage(sid=sid, seconds=seconds):
            recordings.record_message(work, call_id, sid, seconds)
        case NoteTransfer(name=name, begins=begins):
            lifecycle.record_transfer(work, call_id, name, begins=begins)


def _promise(work: UnitOfWork, call_id: int, typed: str) -> Answer:
    """Promise a callback; who still waits leaves the queue in the same breath, so that no desk rings for them."""
    lifecycle.leave_queue(work, call_id, "leave")
    if lifecycle.get_call(work, call_id).state is not CallState.IN_FLOW:
        raise LostRace("an operator has just accepted, or the call is over")
    promised = callbacks.promise_for_call(work, call_id, typed)
    return Answer(ActionOutcome.IMPOSSIBLE if promised is None else ActionOutcome.PROMISED)


def _look_up(work: UnitOfWork, call_id: int, by: LookUpBy, values: Values) -> Answer:
    code = values.get("code", "")
    if by is LookUpBy.CALLER:
        found = status.look_up_caller(work, call_id, code)
    else:
        found = status.look_up_number(work, call_id, values.get("ticket", ""), code)
    match found:
        case KnownTicket():
            return Answer(ActionOutcome.FOUND, (_status_line(work, found),))
        case UnknownTicket():
            return Answer(ActionOutcome.UNKNOWN)
        case LookupLocked():
            return Answer(ActionOutcome.LOCKED)


def _status_line(work: UnitOfWork, known: KnownTicket) -> Line:
    """Return what a caller hears of their ticket; a state that needs a date it does not have is only waiting."""
    dated = {
        TicketState.DISPATCHED: ("status_dispatched", "due", known.due_at),
        TicketState.ACKNOWLEDGED: ("status_acknowledged", "due", known.due_at),
        TicketState.IN_PROGRESS: ("status_in_progress", "due", known.due_at),
        TicketState.CLOSED: ("status_closed", "closed", known.closed_at),
    }
    if known.state is TicketState.REPLIED:
        return Line("status_replied")
    prompt, name, moment = dated.get(known.state, ("status_waiting", "", None))
    if moment is None:
        return Line("status_waiting")
    return Line(prompt, None, ((name, Moment(moment.astimezone(work.zone))),))


def _look_outside(work: UnitOfWork, call_id: int, source: str) -> Answer:
    asked = lookups.ask(work, call_id, source)
    if asked.state is LookupState.ASKED:
        return Answer(ActionOutcome.TIMEOUT) if asked.overdue else PENDING
    told = (as_line(f"l{asked.id}", asked.text_zh, asked.text_en),) if asked.text_zh else ()
    return Answer(_LOOKED_UP[asked.state], told)


_KEY = re.compile(r"([nl])([0-9]{1,9})")


def recall(session: Session, key: str) -> Notice | None:
    """Return the words behind `key` (n17: notice 17, l5: answer 5), or None if there are none."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    kind, number = match[1], int(match[2])
    row: Outage | Lookup | None = session.get(Outage, number) if kind == "n" else session.get(Lookup, number)
    return None if row is None or not row.text_zh else as_line(key, row.text_zh, row.text_en)
