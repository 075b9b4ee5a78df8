"""Carries a flow's wishes into the hall and brings the answers back in the engine's words."""

from hotline.rules.calls import QueueJoin
from hotline.rules.refusals import LostRace
from hotline.rules.wishes import (
    Answered,
    AskCaller,
    AskDialled,
    AskHours,
    ConfirmPerson,
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
    Wish,
)
from hotline.rules.words import CallState, LookupState, Satisfied, TicketState
from hotline.services import callbacks, callers, calls, follow_ups, lookups, recordings, ticket_status
from hotline.services.ticket_status import Known, Locked, Unknown
from hotline.work import Work
from ivr_flows.lines import Line, Moment
from ivr_flows.lobby import Lobby, as_line
from ivr_flows.turns import PENDING, TOO_LATE, Answer, Values

_JOINS: dict[QueueJoin, Answer] = {
    QueueJoin.JOINED: Answer(Answered.JOINED),
    QueueJoin.FULL: Answer(Answered.FULL),
    QueueJoin.OFF_DUTY: Answer(Answered.OFF_DUTY),
    QueueJoin.TOO_LATE: TOO_LATE,
}
_LOOKED_UP: dict[LookupState, Answered] = {
    LookupState.FOUND: Answered.FOUND,
    LookupState.UNKNOWN: Answered.UNKNOWN,
    LookupState.FAILED: Answered.FAILED,
}


def grant(work: Work, lobby: Lobby, call_id: int, wish: Wish, values: Values) -> Answer:
    """Carry out `wish` for a call, with what its caller has typed.

    Raises LostRace if the call moved on meanwhile, NoSuchCall for a follow-up answer in a call that is none.
    """
    match wish:
        case JoinQueue():
            return _JOINS[calls.join_queue(work, call_id, wish, desk=values.get("desk", ""))]
        case PromiseCallback():
            return _promise(work, call_id, values.get("number", ""))
        case AskCaller(question=question):
            return Answer(Answered.YES if callers.is_so(work, call_id, question) else Answered.NO)
        case LookUpTicket(by=by):
            return _look_up(work, call_id, by, values)
        case LookUpOutside(source=source):
            return _look_outside(work, call_id, source)
        case NotePressed() | RecordAnswer() | ConfirmPerson() | KeepMessage() | NoteTransfer():
            _note(work, call_id, wish)
            return Answer(Answered.DONE)
        case AskDialled() | AskHours() | TellNotices():
            return lobby.answer(wish, calls.get_call(work, call_id).dialed, work.at)


def _note(
    work: Work, call_id: int, wish: NotePressed | RecordAnswer | ConfirmPerson | KeepMessage | NoteTransfer
) -> None:
    """Carry out what a flow makes known in passing."""
    match wish:
        case NotePressed(klass=klass):
            calls.note_pressed(work, call_id, klass)
        case RecordAnswer(question="service", answer=answer):
            calls.rate_talk(work, call_id, Satisfied(answer))
        case RecordAnswer(question=question, answer=answer):
            follow_ups.record_answer(work, call_id, question, answer)
        case ConfirmPerson():
            callbacks.confirm_person(work, call_id)
        case KeepMessage(sid=sid, seconds=seconds):
            recordings.keep_message(work, call_id, sid, seconds)
        case NoteTransfer(name=name, begins=begins):
            calls.note_transfer(work, call_id, name, begins=begins)


def _promise(work: Work, call_id: int, typed: str) -> Answer:
    """Promise a callback; who still waits leaves the queue in the same breath, so that no desk rings for them."""
    calls.leave_queue(work, call_id, "leave")
    if calls.get_call(work, call_id).state is not CallState.IN_FLOW:
        raise LostRace("an operator has just accepted, or the call is over")
    promised = callbacks.promise_for_call(work, call_id, typed)
    return Answer(Answered.IMPOSSIBLE if promised is None else Answered.PROMISED)


def _look_up(work: Work, call_id: int, by: LookUpBy, values: Values) -> Answer:
    code = values.get("code", "")
    if by is LookUpBy.CALLER:
        found = ticket_status.look_up_caller(work, call_id, code)
    else:
        found = ticket_status.look_up_number(work, call_id, values.get("ticket", ""), code)
    match found:
        case Known():
            return Answer(Answered.FOUND, (_status_line(work, found),))
        case Unknown():
            return Answer(Answered.UNKNOWN)
        case Locked():
            return Answer(Answered.LOCKED)


def _status_line(work: Work, known: Known) -> Line:
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


def _look_outside(work: Work, call_id: int, source: str) -> Answer:
    asked = lookups.ask(work, call_id, source)
    if asked.state is LookupState.ASKED:
        return Answer(Answered.TIMEOUT) if asked.overdue else PENDING
    told = (as_line(f"l{asked.id}", asked.text_zh, asked.text_en),) if asked.text_zh else ()
    return Answer(_LOOKED_UP[asked.state], told)
