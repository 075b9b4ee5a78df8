"""The first webhook of a call and the answers to its questions, read and written at once: nearly all webhooks of callers.

Nothing is locked. What a handler of this module has decided is written by one statement (on PostgreSQL), if the call is still
as it was read. A handler returns None, and has written nothing, for everything else: a repeat, a call that has changed
meanwhile, a step that needs more than the call and the queue. `caller` then has a handler that locks the call and begins anew.
"""

from dataclasses import dataclass, field

from hotline import events
from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AnnounceOutages,
    CheckCaller,
    CheckOpeningHours,
    FlowAction,
    JoinQueue,
    MatchDialledNumber,
    RecordRequestClass,
)
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import CallPurpose, CallState, RequestClass
from hotline.services.calls import lifecycle
from hotline.services.calls.callers import caller_matches
from hotline.services.calls.check_times import check_time, first_check, is_check_due_in_time
from hotline.services.calls.queries import CallView
from hotline.services.calls.steps import CallStep
from hotline.services.queueing.queue import decide_join
from hotline.services.queueing.situation import QueueSituation, find_call_in_situation
from ivr_flows.engine import hear, settle
from ivr_flows.turn import ActionResult, Listen, Values
from ivr_flows.webhooks.call_flow import arrival_of, script_of, speaker_for
from ivr_flows.webhooks.caller import is_awaited, what_was_heard
from ivr_flows.webhooks.document_length import longest_seconds
from ivr_flows.webhooks.flow_actions import JOINS
from ivr_flows.webhooks.webhook import WebhookRequest


def incoming(request: WebhookRequest) -> str | None:
    """Records a new call and greets it. Leaves a call that is known, and a flow that begins with an action, to `caller.incoming`."""
    context, at = request.context, request.work.at
    script = context.registry.active(CallPurpose.INBOUND)
    first = context.first_turns.first_turn(script.flow, request.form.value("To"))
    if first.actions or not isinstance(first.then, Listen):
        return None
    arrival = arrival_of(context, request.form, first)
    greeting = context.renderer.greeting(
        speaker_for(context, script, first.language or arrival.language), first, script.flow
    )
    seconds = longest_seconds(greeting)
    soon = first_check(at)
    check_at = soon if is_check_due_in_time(at, soon, seconds) else check_time(at, seconds)
    # No receipt: a repeat is rendered again from the call's own row.
    return greeting if lifecycle.record_arrival(request.work, arrival, check_at) else None


def heard(request: WebhookRequest) -> str | None:
    """Takes the step of a call in its flow that an answer leads to: to another question, or into the queue."""
    found = find_call_in_situation(request.work, request.form.sid)
    if found is None or found[0].state is not CallState.IN_FLOW or not is_awaited(request, found[0]):
        return None
    call, situation = found
    script = script_of(request, call)
    turn = hear(script.flow, call.position, what_was_heard(request, call))
    actions = _GatheredActions(request, call, situation)
    try:
        settled = settle(script.flow, turn, actions.perform)
    except _NeedsLock:
        return None
    language = str(settled.language or turn.language or call.language)
    document = request.context.renderer.turn(speaker_for(request.context, script, language), settled, call.id)
    step = actions.step
    step.changes |= lifecycle.position_changes(settled.position, language, settled.path, actions.pressed)
    seconds = longest_seconds(document)
    if not is_check_due_in_time(request.work.at, call.check_at, seconds):
        step.changes["check_at"] = check_time(request.work.at, seconds)
    if not step.write(request.work, request.receipt(document)):
        return None
    # The scheduler matches again every second, so a desk that becomes ready at this moment is not forgotten.
    request.may_be_offered = step.event is not None and situation.is_desk_ready
    return document


class _NeedsLock(Exception):
    """Raised by an action that reads or writes more than the call and the queue."""


@dataclass(slots=True)
class _GatheredActions:
    """Decides the outcomes of actions and gathers what they change in `step`; `pressed` is the class that the caller chose."""

    request: WebhookRequest
    call: CallView
    situation: QueueSituation
    step: CallStep = field(init=False)
    pressed: RequestClass | None = None

    def __post_init__(self) -> None:
        self.step = CallStep(self.call)

    def perform(self, action: FlowAction, values: Values) -> ActionResult:
        """Returns the outcome of `action`. Raises _NeedsLock."""
        work = self.request.work
        match action:
            case JoinQueue() if self.step.event is None:
                return self._join(action, values)
            case CheckCaller(condition=condition):
                matches = caller_matches(work, self.call, condition, lambda: self.situation.calls_in_hour)
                return ActionResult(ActionOutcome.YES if matches else ActionOutcome.NO)
            case RecordRequestClass(request_class=request_class):
                self.pressed = request_class
                return ActionResult(ActionOutcome.DONE)
            case MatchDialledNumber() | CheckOpeningHours() | AnnounceOutages():
                return self.request.context.first_turns.answer(action, self.call.dialed, work.at)
            case _:
                raise _NeedsLock

    def _join(self, wish: JoinQueue, values: Values) -> ActionResult:
        decision = decide_join(
            self.request.work, self.call, self.situation, wish, desk=values.get("desk", "")
        )
        if decision.result is QueueJoin.OFF_DUTY and self.call.purpose is not CallPurpose.INBOUND:
            # The promise of a callback is renewed.
            raise _NeedsLock
        if decision.result is QueueJoin.JOINED:
            self.step.event = events.CallQueued(self.call.id)
        self.step.changes |= decision.changes
        return JOINS[decision.result]
