"""The verb Dial: connects the caller to people, to a conference, or to the head of a queue.

Sources: the Dial page (DialCallStatus, DialCallSid, DialCallDuration, DialBridged; after a conference only the status)
and the Queue noun (DequeueResult …). A caller who hangs up first still causes the action request, whose reply is ignored.
"""

import asyncio
import contextlib
from dataclasses import replace

from hotline.exchange.calls.caller_input import announce_listening, listening
from hotline.exchange.calls.speech import utter
from hotline.exchange.core.concurrency import background_task, wait_for_any
from hotline.exchange.state.calls import DocumentRequest, HangUpCall, KeyInput
from hotline.exchange.state.queues import Member, QueueConnection, WaitingQueue
from hotline.exchange.twiml.document import ConferenceNoun, Dial, Leg, QueueNoun
from hotline.exchange.verbs.conference import add_participant, join, open_conference
from hotline.exchange.verbs.context import Outcome, VerbContext
from hotline.exchange.verbs.enqueue import remove_member
from hotline.exchange.verbs.legs import Bridge, DialedLeg, DialedLegs, start_leg
from hotline.exchange.verbs.recordings import begin_recording, end_recording
from hotline.exchange.vocabulary.enums import CallStatus, Initiator, RecordingSource
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import PlaybackKind
from hotline.exchange.webhooks.callbacks import advance

_RINGING_SECONDS = 5.0


async def dial(context: VerbContext, verb: Dial) -> Outcome:
    # Filled while the Dial runs: it always holds what the action request would carry at this moment.
    result: dict[str, str] = {}
    try:
        match verb.target:
            case ConferenceNoun() as room:
                result["DialCallStatus"] = "answered"
                await _confer(context, room)
            case QueueNoun() as source:
                await _dial_queue(context, verb, source, result)
            case legs:
                await _dial_legs(context, verb, legs, result)
    except asyncio.CancelledError:
        if isinstance(context.call.order, HangUpCall):
            context.send_late_action(RequestKind.DIAL, verb.action, verb.method, result)
        raise
    return context.action(verb.action, verb.method, result)


async def _confer(context: VerbContext, room: ConferenceNoun) -> None:
    """Takes part in the conference until it is over for this call."""
    resolved = replace(
        room,
        wait_url=context.absolute(room.wait_url) if room.wait_url else room.wait_url,
        status_url=None if room.status_url is None else context.absolute(room.status_url),
        recording=context.absolute_callback(room.recording),
    )
    conference = open_conference(context.exchange, room.name)
    seat = add_participant(context.exchange, conference, context.call, resolved)
    await join(context.exchange, conference, seat, resolved)


async def _dial_legs(context: VerbContext, verb: Dial, legs: tuple[Leg, ...], result: dict[str, str]) -> None:
    """Rings the nouns and connects the caller with the first that answers."""
    dialed = DialedLegs()
    result |= {"DialCallStatus": CallStatus.CANCELED, "DialBridged": "false"}
    try:
        async with background_task(_ring_tone(context, verb)):
            winner = await _ring(context, verb, legs, dialed)
        if winner is None:
            result["DialCallStatus"] = dialed.final_status()
            if dialed.legs:
                result["DialCallSid"] = dialed.legs[-1].call.sid
            return
        result |= {
            "DialCallStatus": CallStatus.COMPLETED,
            "DialBridged": "true",
            "DialCallSid": winner.call.sid,
        }
        await _talk(context, verb, winner, result)
    finally:
        for leg in dialed.legs:
            if not leg.is_ready:
                leg.call.interrupt(HangUpCall(Initiator.API))
            leg.bridge.part()


async def _ring_tone(context: VerbContext, verb: Dial) -> None:
    """Lets the caller hear the ring tone of the country that the document asks for."""
    clock, call = context.exchange.clock, context.call
    while verb.ring_tone is not None and not verb.answer_on_bridge:
        text = f"♪ 回铃音 {verb.ring_tone}"
        await utter(clock, call, text, language="", voice=PlaybackKind.MUSIC, seconds=_RINGING_SECONDS)


async def _ring(
    context: VerbContext, verb: Dial, legs: tuple[Leg, ...], dialed: DialedLegs
) -> DialedLeg | None:
    """Returns the leg that can be connected, or None when all have failed."""
    if verb.sequential:
        for noun in legs:
            leg = start_leg(context, verb, noun, dialed)
            # The leg's own task owns the future; a caller who hangs up must not cancel it.
            if await asyncio.shield(leg.settled):
                return leg
        return None
    for noun in legs:
        start_leg(context, verb, noun, dialed)
    for settled in asyncio.as_completed([asyncio.shield(leg.settled) for leg in dialed.legs]):
        if await settled:
            return dialed.winner
    return None


async def _talk(context: VerbContext, verb: Dial, winner: DialedLeg, result: dict[str, str]) -> None:
    """Bridges the two until one leaves or the time limit is reached."""
    exchange, clock = context.exchange, context.exchange.clock
    advance(exchange, context.call, CallStatus.IN_PROGRESS)
    winner.bridge.connect()
    recording = None
    if verb.record:
        callback = context.absolute_callback(verb.recording)
        recording = begin_recording(exchange, RecordingSource.DIAL_VERB, context.call, callback, channels=2)
    began = clock.seconds()
    try:
        async with clock.timeout(verb.time_limit), background_task(_watch_star(context, verb, winner.bridge)):
            await winner.bridge.over.wait()
    except TimeoutError:
        winner.call.interrupt(HangUpCall(Initiator.API))
    finally:
        result["DialCallDuration"] = str(round(clock.seconds() - began))
        if recording is not None:
            end_recording(exchange, recording)
            result["RecordingUrl"] = exchange.settings.recording_url(recording.sid)


async def _watch_star(context: VerbContext, verb: Dial, bridge: Bridge) -> None:
    """Lets the caller leave the other side with the star key, where the document allows it (hangupOnStar)."""
    if not verb.hangup_on_star:
        return
    with listening(context.call, keys=True, words=False) as listener:
        announce_listening(context.call, listener)
        while await listener.heard.get() != KeyInput("*"):
            continue
        bridge.part()


async def _dial_queue(context: VerbContext, verb: Dial, source: QueueNoun, result: dict[str, str]) -> None:
    """Connects the caller with the head of a queue, and waits for a member if the queue is empty."""
    exchange = context.exchange
    queues = [queue for queue in exchange.registry.queues.values() if queue.name == source.name]
    if not queues:
        result |= {"DialCallStatus": CallStatus.FAILED, "DequeueResult": "queue-not-found"}
        return
    result |= {
        "DialCallStatus": CallStatus.NO_ANSWER,
        "DequeueResult": "no-answer",
        "QueueSid": queues[0].sid,
    }
    try:
        async with exchange.clock.timeout(verb.timeout + exchange.settings.dial_buffer):
            member = await _head(queues[0])
    except TimeoutError:
        return
    remove_member(exchange, queues[0], member)
    waited = round(exchange.clock.seconds() - member.joined)
    sid = member.call.sid
    result |= {"DialCallSid": sid, "DequeuedCallSid": sid, "DequeuedCallQueueTime": str(waited)}
    await _talk_to_member(context, verb, source, member, result)


async def _head(queue: WaitingQueue) -> Member:
    while not queue.members:
        queue.arrival.clear()
        await queue.arrival.wait()
    return queue.members[0]


async def _talk_to_member(
    context: VerbContext, verb: Dial, source: QueueNoun, member: Member, result: dict[str, str]
) -> None:
    clock = context.exchange.clock
    bridge = Bridge(context.call, member.call)
    whisper = None if source.url is None else DocumentRequest(context.absolute(source.url), source.method)
    connection = QueueConnection(bridge, context.call, whisper, asyncio.Event(), bridge.over)
    # From here the member's own task runs the whisper document and sets `connected` (see `enqueue`).
    member.connection_future.set_result(connection)
    try:
        await wait_for_any(connection.connected, bridge.over)
        if connection.connected.is_set():
            began = clock.seconds()
            result |= {
                "DialCallStatus": CallStatus.COMPLETED,
                "DequeueResult": "bridged",
                "DialBridged": "true",
            }
            bridge.connect()
            with contextlib.suppress(TimeoutError):
                async with clock.timeout(verb.time_limit):
                    await bridge.over.wait()
            lasted = str(round(clock.seconds() - began))
            result |= {"DialCallDuration": lasted, "DequeuedCallDuration": lasted}
    finally:
        bridge.part()
