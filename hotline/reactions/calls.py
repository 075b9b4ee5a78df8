"""Reactions of calls: ring and release operators, connect callers, check silent calls, fetch recordings and lookups.

A function that begins or finds something works on our rows in the unit of work that claims the delivery; its partner asks
the carrier afterwards (`registry.PreparedReaction`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hotline import events
from hotline.gateways.addresses import VoiceRoute
from hotline.gateways.carrier import CallRequest, CarrierGone
from hotline.gateways.lookups import LookupRequest
from hotline.reactions.context import ReactionContext, RetryLater
from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallState, LookupState, RecordingState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle, lookups, recordings, sounds
from hotline.services.calls.queries import CallView, get_call
from hotline.services.queueing import offers
from hotline.store.calls.offers import leg_of_talk, leg_to_release, legs_of_call
from hotline.store.calls.recordings import Recording, object_key
from hotline.store.calls.tables import Call
from hotline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring that the carrier is asked for, since `asked_at`; `is_repeated` if an earlier try may have been answered."""

    asked_at: datetime
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class CallWithLeg:
    """A call with the operator's leg of its talk, if there is one."""

    call: CallView
    leg: str | None


def begin_ring(context: ReactionContext, work: UnitOfWork, event: events.CallOffered) -> Ring | str | None:
    """Returns the ring to ask for; the leg to release if the offer is over; None if there is nothing to do."""
    if context.narrow_carrier:
        return None  # the caller's own document rings the desk
    asked_at = offers.begin_ringing(work, event.offer_id)
    if asked_at is None:
        return leg_to_release(work.connection, event.offer_id)
    return Ring(asked_at, is_repeated=asked_at < work.at)


def ring_operator(context: ReactionContext, event: events.CallOffered, ring: Ring | str) -> None:
    """Rings the operator's telephone, unless the offer is over; records the leg so that it can be released."""
    if isinstance(ring, str):
        context.carrier.hang_up(ring)
        return
    to = context.addresses.desk(event.operator_id)
    # The response to an earlier request may have been lost: search for the leg before placing another one.
    sid = _find_leg(context, event, to, ring.asked_at) if ring.is_repeated else None
    if sid is None:
        sid = context.carrier.place(
            CallRequest(
                to=f"{to}?offer={event.offer_id}&call={event.call_id}" if to.startswith("client:") else to,
                answer_url=context.addresses.url(VoiceRoute.DESK, event.offer_id),
                status_url=context.addresses.url(VoiceRoute.DESK_STATUS, event.offer_id),
                fallback_url=context.addresses.url(VoiceRoute.DESK, event.offer_id),
                ring_seconds=context.application.policies.queue.ring_seconds,
            )
        )
    with context.application.unit_of_work(Machine.WORKER) as work:
        unwanted = offers.record_leg(work, event.offer_id, sid)
    if unwanted is not None:
        context.carrier.hang_up(unwanted)


def _find_leg(context: ReactionContext, event: events.CallOffered, to: str, asked_at: datetime) -> str | None:
    """Returns the leg that an earlier try has placed, or None."""
    sid = context.carrier.find_placed(to, asked_at)
    with context.application.read_session() as session:
        is_ours = sid is not None and not offers.leg_belongs_to_another_offer(session, event.offer_id, sid)
    return sid if is_ours else None


def find_leg_to_release(
    _context: ReactionContext, work: UnitOfWork, event: events.OfferSettled
) -> str | None:
    return leg_to_release(work.connection, event.offer_id)


def release_operator(context: ReactionContext, _event: events.OfferSettled, leg: str) -> None:
    """Ends the ring of an offer that was not taken."""
    context.carrier.hang_up(leg)


def find_caller_to_connect(
    _context: ReactionContext, work: UnitOfWork, event: events.CallAccepted
) -> CallView | None:
    """Returns the call if it still waits for this operator."""
    call = get_call(work, event.call_id)
    return call if call.state is CallState.CONNECTING and call.operator_id == event.operator_id else None


def connect_caller(context: ReactionContext, _event: events.CallAccepted, call: CallView) -> None:
    """Moves the waiting caller into the conference where the operator already is."""
    try:
        queue_name = context.application.policies.queue.name
        context.carrier.take_from_queue(queue_name, call.sid, context.addresses.url(VoiceRoute.TALK, call.id))
    except CarrierGone as gone:
        # A caller who is not in the carrier's queue arrives there any moment, unless the call is over and
        # its status webhook was lost.
        if not _end_if_over(context, call.sid):
            raise RetryLater("the caller is not (yet) in the carrier's queue") from gone


def find_legs_of_call(
    _context: ReactionContext, work: UnitOfWork, event: events.CallEnded
) -> Sequence[str] | None:
    return legs_of_call(work.connection, event.call_id) or None


def release_operator_of_call(context: ReactionContext, _event: events.CallEnded, legs: Sequence[str]) -> None:
    """Ends the operator's leg of a call that is over; the leg may be alone in the conference."""
    for leg in legs:
        context.carrier.hang_up(leg)


def find_call_to_hang_up(
    _context: ReactionContext, work: UnitOfWork, event: events.CallHangUpAsked
) -> CallWithLeg | None:
    return _find_live_call(work, event.call_id)


def hang_up_call(context: ReactionContext, _event: events.CallHangUpAsked, found: CallWithLeg) -> None:
    """Ends the operator's leg at their request; the caller, if still on the line, may then rate the talk.

    Also when the call is over and its status webhook was lost.
    """
    context.carrier.hang_up(found.leg or found.call.sid)
    _end_if_over(context, found.call.sid)


def find_call_left_alone(
    _context: ReactionContext, work: UnitOfWork, event: events.CallLeftAlone
) -> CallView | None:
    call = get_call(work, event.call_id)
    return call if call.state is CallState.AFTER and call.operator_left_at is not None else None


def take_back_caller(context: ReactionContext, _event: events.CallLeftAlone, call: CallView) -> None:
    """Redirects a stranded caller back to the queue; a caller who is gone has ended the call."""
    try:
        context.carrier.redirect(call.sid, context.addresses.url(VoiceRoute.LEFT_ALONE, call.id))
    except CarrierGone:
        _end_if_over(context, call.sid)


def find_call_to_check(
    _context: ReactionContext, work: UnitOfWork, event: events.CallCheckRequested
) -> CallWithLeg | None:
    return _find_live_call(work, event.call_id)


def check_call(context: ReactionContext, _event: events.CallCheckRequested, found: CallWithLeg) -> None:
    """Asks the carrier about a call whose next webhook is overdue; ends it here if it is over there.

    A talk whose operator's leg is over there, unreported, is over as well; the caller is then retrieved.
    """
    call, leg = found.call, found.leg
    if _end_if_over(context, call.sid):
        return
    if call.state is CallState.TALKING and leg is not None and _status(context, leg) in TERMINAL_STATUSES:
        with context.application.unit_of_work(Machine.WORKER) as work:
            lifecycle.record_operator_left(work, call.id)


def _find_live_call(work: UnitOfWork, call_id: int) -> CallWithLeg | None:
    call = get_call(work, call_id)
    return None if call.state is CallState.ENDED else CallWithLeg(call, leg_of_talk(work.session, call_id))


def _status(context: ReactionContext, sid: str) -> str:
    """Returns the carrier's status of a call; an unknown call is over."""
    return context.carrier.status_of(sid) or "completed"


def _end_if_over(context: ReactionContext, sid: str) -> bool:
    status = _status(context, sid)
    if status not in TERMINAL_STATUSES:
        return False
    with context.application.unit_of_work(Machine.WORKER) as work:
        lifecycle.end_call(work, sid=sid, status=status)
    return True


def keep_sound(context: ReactionContext, event: events.RecordingMade) -> None:
    """Copies the sound of a recording to the storage; the carrier may need a while until it can be fetched."""
    with context.application.read_session() as session:
        recording = session.get_one(Recording, event.recording_id)
    state = recording.state
    if state is RecordingState.AT_CARRIER:
        state = _copy_sound(context, recording)
    if state is not RecordingState.KEPT:
        # Marked absent or expired meanwhile; this try, or an earlier one that was killed, may have stored the sound.
        context.application.sounds.delete(object_key(recording))


def _copy_sound(context: ReactionContext, recording: Recording) -> RecordingState:
    """Stores the sound, then records it; returns the state of the recording afterwards."""
    if recordings.is_provisional(recording.sid):
        raise RetryLater("the recording's own callback has not brought its sid yet")
    try:
        sound = context.carrier.fetch_recording(recording.sid)
    except CarrierGone as gone:
        raise RetryLater("the carrier does not have the sound (yet)") from gone
    context.application.sounds.put(object_key(recording), sound.data)
    with context.application.unit_of_work(Machine.WORKER) as work:
        return sounds.record_stored(work, recording.id, sound.media_type)


def ask_outside(context: ReactionContext, event: events.LookupAsked) -> None:
    """Sends a lookup to a system of the city; a lookup whose caller has waited long enough is not sent."""
    with context.application.unit_of_work(Machine.WORKER) as work:
        lookup = lookups.get(work, event.lookup_id)
    source = context.application.policies.callers.lookups.get(lookup.source)
    if lookup.state is not LookupState.ASKED:
        return
    response = None
    if source is not None and not lookup.overdue:
        with context.application.read_session() as session:
            number = session.get_one(Call, event.call_id).number
        request = LookupRequest(f"lookup-{lookup.id}", source.url, source.secret, source.seconds, number)
        response = context.lookups.ask(request, context.application.clock())
    with context.application.unit_of_work(Machine.WORKER) as work:
        if response is None:
            lookups.record_answer(work, lookup.id, LookupState.FAILED)
        else:
            state = LookupState.FOUND if response.found else LookupState.UNKNOWN
            lookups.record_answer(work, lookup.id, state, response.text_zh, response.text_en)
