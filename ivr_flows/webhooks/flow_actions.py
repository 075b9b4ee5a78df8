"""Performs a flow's actions through the services and returns their outcomes to the engine."""

import re
from dataclasses import dataclass

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AnnounceOutages,
    CheckCaller,
    CheckOpeningHours,
    ConfirmPerson,
    FlowAction,
    JoinQueue,
    LookUpBy,
    LookUpExternal,
    LookUpTicket,
    MatchDialledNumber,
    NameMatter,
    PromiseCallback,
    RecordAnswer,
    RecordRequestClass,
    RecordTransfer,
    SaveMessage,
)
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import CallState, Language, LookupState, RequestClass, Satisfied, TicketState
from hotline.rules.errors import LostRace
from hotline.services.calls import callers, lifecycle, lookups, recordings
from hotline.services.calls.queries import CallView, get_call, lock_call
from hotline.services.outbound import callbacks, follow_ups
from hotline.services.queueing.queue import join_queue_in, leave_queue
from hotline.services.queueing.situation import QueueSituation, read_situation
from hotline.services.tickets import status
from hotline.services.tickets.status import KnownTicket, LookupLocked, UnknownTicket
from hotline.store.calls.lookups import Lookup
from hotline.store.calls.outages import Outage
from hotline.unit_of_work import ReadSession, UnitOfWork
from ivr_flows.speech import (
    LiteralText,
    PromptLine,
    SpokenDay,
    SpokenMatter,
    SpokenMoment,
    SpokenNotice,
    spoken_deadline,
)
from ivr_flows.turn import PENDING, TOO_LATE, ActionResult, Values
from ivr_flows.webhooks.first_turn_cache import FirstTurnCache, spoken_notice

JOINS: dict[QueueJoin, ActionResult] = {
    QueueJoin.JOINED: ActionResult(ActionOutcome.JOINED),
    QueueJoin.FULL: ActionResult(ActionOutcome.FULL),
    QueueJoin.OFF_DUTY: ActionResult(ActionOutcome.OFF_DUTY),
    QueueJoin.TOO_LATE: TOO_LATE,
}
_LOOKED_UP: dict[LookupState, ActionOutcome] = {
    LookupState.FOUND: ActionOutcome.FOUND,
    LookupState.UNKNOWN: ActionOutcome.UNKNOWN,
    LookupState.FAILED: ActionOutcome.FAILED,
}


# After any other action the call may have changed.
_UNCHANGING = MatchDialledNumber | CheckOpeningHours | AnnounceOutages | CheckCaller | RecordRequestClass


@dataclass(slots=True)
class ActionPerformer:
    """Performs the actions of one turn of `call`, which this unit of work has locked and read.

    `pressed` is the class that the caller chose on the way, to be saved with the position.
    """

    work: UnitOfWork
    first_turns: FirstTurnCache
    call: CallView
    pressed: RequestClass | None = None
    _situation: QueueSituation | None = None
    _may_have_changed: bool = False

    def perform(self, action: FlowAction, values: Values) -> ActionResult:
        """Performs `action` with the digits its caller has entered.

        Raises LostRace if the call moved on meanwhile, NoSuchCall for a follow-up answer in a call that is none.
        """
        if self._may_have_changed:
            self.call, self._situation = lock_call(self.work, self.call.id), None
        self._may_have_changed = not isinstance(action, _UNCHANGING)
        work, call = self.work, self.call
        match action:
            case JoinQueue():
                desk = values.get("desk", "")
                return JOINS[join_queue_in(work, call, self._read_situation(), action, desk=desk)]
            case PromiseCallback():
                return _promise(work, call.id, values.get("number", ""))
            case CheckCaller(condition=question):
                matches = callers.caller_matches(work, call, question, self._calls_in_hour)
                return ActionResult(ActionOutcome.YES if matches else ActionOutcome.NO)
            case LookUpTicket() | NameMatter() | LookUpExternal():
                return _inform(work, call.id, action, values)
            case RecordRequestClass(request_class=request_class):
                self.pressed = request_class
                return ActionResult(ActionOutcome.DONE)
            case RecordAnswer() | ConfirmPerson() | SaveMessage() | RecordTransfer():
                _note(work, call.id, action)
                return ActionResult(ActionOutcome.DONE)
            case MatchDialledNumber() | CheckOpeningHours() | AnnounceOutages():
                return self.first_turns.answer(action, call.dialed, work.at)

    def _read_situation(self) -> QueueSituation:
        # Whoever is asked whether they phone too often mostly joins the queue at once: one statement serves both.
        if self._situation is None:
            self._situation = read_situation(self.work, self.call.id)
        return self._situation

    def _calls_in_hour(self) -> int:
        return self._read_situation().calls_in_hour


def _inform(
    work: UnitOfWork, call_id: int, action: LookUpTicket | NameMatter | LookUpExternal, values: Values
) -> ActionResult:
    """Performs an action whose outcome brings lines to be spoken."""
    match action:
        case LookUpTicket(by=by):
            return _look_up(work, call_id, by, values)
        case NameMatter():
            return _name_matter(work, call_id)
        case LookUpExternal(source=source):
            return _look_up_external(work, call_id, source)


def _note(
    work: UnitOfWork, call_id: int, action: RecordAnswer | ConfirmPerson | SaveMessage | RecordTransfer
) -> None:
    """Performs an action without a choice of outcomes."""
    match action:
        case RecordAnswer(question="service", answer=answer):
            lifecycle.rate_talk(work, call_id, Satisfied(answer))
        case RecordAnswer(question=question, answer=answer):
            follow_ups.record_answer(work, call_id, question, answer)
        case ConfirmPerson():
            callbacks.confirm_person(work, call_id)
        case SaveMessage(sid=sid, seconds=seconds):
            recordings.record_message(work, call_id, sid, seconds)
        case RecordTransfer(name=name, begins=begins):
            lifecycle.record_transfer(work, call_id, name, begins=begins)


def _promise(work: UnitOfWork, call_id: int, typed: str) -> ActionResult:
    """Promises a callback. A caller who still waits leaves the queue."""
    # In the same transaction, so that no operator is rung for a caller who was promised a callback.
    leave_queue(work, call_id, "leave")
    if get_call(work, call_id).state is not CallState.IN_FLOW:
        raise LostRace("an operator has just accepted, or the call is over")
    promised = callbacks.promise_for_call(work, call_id, typed)
    return ActionResult(ActionOutcome.IMPOSSIBLE if promised is None else ActionOutcome.PROMISED)


def _look_up(work: UnitOfWork, call_id: int, by: LookUpBy, values: Values) -> ActionResult:
    code = values.get("code", "")
    if by is LookUpBy.CALLER:
        found = status.look_up_caller(work, call_id, code)
    else:
        found = status.look_up_number(work, call_id, values.get("ticket", ""), code)
    match found:
        case KnownTicket():
            return ActionResult(ActionOutcome.FOUND, (_status_line(work, found),))
        case UnknownTicket():
            return ActionResult(ActionOutcome.UNKNOWN)
        case LookupLocked():
            return ActionResult(ActionOutcome.LOCKED)


def _status_line(work: UnitOfWork, known: KnownTicket) -> PromptLine:
    """Returns the line about a ticket's status; a state whose date is missing is spoken as waiting."""
    dated = {
        TicketState.DISPATCHED: ("status_dispatched", "due", known.due_at),
        TicketState.ACKNOWLEDGED: ("status_acknowledged", "due", known.due_at),
        TicketState.IN_PROGRESS: ("status_in_progress", "due", known.due_at),
        TicketState.CLOSED: ("status_closed", "closed", known.closed_at),
    }
    if known.state is TicketState.REPLIED:
        return PromptLine("status_replied")
    prompt, name, moment = dated.get(known.state, ("status_waiting", "", None))
    if moment is None:
        return PromptLine("status_waiting")
    local = moment.astimezone(work.zone)
    spoken = spoken_deadline(local) if name == "due" else SpokenMoment(local)
    return PromptLine(prompt, None, ((name, spoken),))


# A longer place is cut: a person recognises the matter by its beginning.
MAX_PLACE_LENGTH = 60


def _name_matter(work: UnitOfWork, call_id: int) -> ActionResult:
    """Returns the lines that name a follow-up's matter. Title, text and names of people are not spoken."""
    matter = follow_ups.matter_of_call(work, call_id)
    if matter is None:
        return ActionResult(ActionOutcome.UNKNOWN)
    named = (("day", SpokenDay(matter.received_on)), ("matter", SpokenMatter(matter.kind)))
    lines = [PromptLine("follow_up_matter", None, named)]
    place = " ".join(matter.place.split())[:MAX_PLACE_LENGTH]
    if place:
        # An English voice cannot read a place that is written in Chinese.
        voice = Language.ZH_CN if _HAN.search(place) else None
        spoken = LiteralText(((Language.ZH_CN, place),))
        lines.append(PromptLine("follow_up_place", voice, (("place", spoken),)))
    return ActionResult(ActionOutcome.FOUND, tuple(lines))


def _look_up_external(work: UnitOfWork, call_id: int, source: str) -> ActionResult:
    lookup = lookups.ask(work, call_id, source)
    if lookup.state is LookupState.ASKED:
        return ActionResult(ActionOutcome.TIMEOUT) if lookup.overdue else PENDING
    lines = (spoken_notice(f"l{lookup.id}", lookup.text_zh, lookup.text_en),) if lookup.text_zh else ()
    return ActionResult(_LOOKED_UP[lookup.state], lines)


_HAN = re.compile("[\u3400-\u9fff]")
_KEY = re.compile(r"([nl])([0-9]{1,9})")


def find_notice(session: ReadSession, key: str) -> SpokenNotice | None:
    """Returns the text that a URL refers to by `key` (n17: outage 17, l5: lookup 5), or None if there is none."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    kind, number = match[1], int(match[2])
    row: Outage | Lookup | None = session.get(Outage, number) if kind == "n" else session.get(Lookup, number)
    return None if row is None or not row.text_zh else spoken_notice(key, row.text_zh, row.text_en)
