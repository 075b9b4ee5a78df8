"""Reactions of outbound calls: place an attempt once, and check one whose end was never reported."""

from hotline import events
from hotline.gateways.addresses import VoiceRoute
from hotline.gateways.carrier import CallRequest, CarrierOutcomeUnknown, CarrierRefused
from hotline.reactions.context import ReactionContext
from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import DialState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.outbound import outbound_calls
from hotline.services.outbound.outbound_calls import DialView


def place_dial(context: ReactionContext, event: events.DialPlanned) -> None:
    """Places a call, once."""
    with context.application.unit_of_work(Machine.WORKER) as work:
        dial = outbound_calls.begin_placing(work, event.dial_id)
    if dial is None:
        return
    try:
        # If an earlier response of the carrier was lost, the call may exist: search before placing it
        # again.
        sid = _find_ours(context, dial) or context.carrier.place(_order(context, dial))
    except CarrierRefused as refused:
        with context.application.unit_of_work(Machine.WORKER) as work:
            outbound_calls.end_dial(work, dial.ref, outcome="refused", detail=str(refused.code))
        return
    except CarrierOutcomeUnknown:
        with context.application.unit_of_work(Machine.WORKER) as work:
            outbound_calls.record_unknown_outcome(work, dial.id)
        raise
    with context.application.unit_of_work(Machine.WORKER) as work:
        outbound_calls.record_dial_sid(work, dial.ref, sid)


def check_dial(context: ReactionContext, event: events.DialCheckRequested) -> None:
    """Asks the carrier about an attempt without an end; ends it here if it is over or unknown there."""
    with context.application.unit_of_work(Machine.WORKER) as work:
        dial = outbound_calls.get_dial(work, event.dial_id)
    if dial.state is DialState.ENDED:
        return
    sid = dial.sid or _find_ours(context, dial)
    status = None if sid is None else context.carrier.status_of(sid)
    if status is not None and status not in TERMINAL_STATUSES:
        return
    with context.application.unit_of_work(Machine.WORKER) as work:
        held = outbound_calls.lock_dial(work, dial.ref)
        if sid is not None:
            lifecycle.end_call(work, sid=sid, status=status or "completed")
        outbound_calls.end_dial(work, held.ref, outcome=status or outbound_calls.LOST, sid=sid)


def _find_ours(context: ReactionContext, dial: DialView) -> str | None:
    """Returns the sid of an attempt whose placing was not confirmed; None if it was never placed."""
    if not dial.outcome_unknown or dial.placing_at is None:
        return None
    sid = context.carrier.find_placed(dial.number, dial.placing_at)
    with context.application.read_session() as session:
        return None if sid is None or outbound_calls.belongs_to_another_dial(session, dial.id, sid) else sid


def _order(context: ReactionContext, dial: DialView) -> CallRequest:
    policies = context.application.policies
    dialling = policies.callbacks if dial.follow_up_id is None else policies.follow_ups
    return CallRequest(
        to=dial.number,
        answer_url=context.addresses.url(VoiceRoute.DIAL, dial.ref),
        status_url=context.addresses.url(VoiceRoute.DIAL_STATUS, dial.ref),
        fallback_url=context.addresses.url(VoiceRoute.DIAL, dial.ref),
        ring_seconds=dialling.ring_seconds,
    )
