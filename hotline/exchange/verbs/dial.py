"""Dial: connect the caller to people, to a conference, or to whoever waits in a queue.

Sources: the Dial page (DialCallStatus, DialCallSid, DialCallDuration, DialBridged; after a conference only the status)
and the Queue noun (DequeueResult …). A caller who hangs up first still causes the action request, whose reply is ignored.
"""

import asyncio
import contextlib
from dataclasses import replace

from hotline.exchange.calls.bridge import Bridge
from hotline.exchange.calls.legs import Attempt, Race, start_leg
from hotline.exchange.calls.scene import Outcome, Scene
from hotline.exchange.calls.speaking import utter
from hotline.exchange.state.calls import DocumentRequest, EndCall, KeyInput
from hotline.exchange.state.queues import Member, QueueConnection, WaitingQueue
from hotline.exchange.time.concurrency import background_task, wait_for_first
from hotline.exchange.twiml.document import ConferenceNoun, Dial, Leg, QueueNoun
from hotline.exchange.verbs.conference import attend, open_conference, reserve
from hotline.exchange.verbs.enqueue import depart
from hotline.exchange.verbs.gather import invite, listening
from hotline.exchange.verbs.record import absolute_callback
from hotline.exchange.verbs.recordings import begin_tape, end_tape, media_url
from hotline.exchange.vocabulary.enums import CallStatus, Initiator, RecordingSource
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import PlaybackKind
from hotline.exchange.webhooks.callbacks import advance

_RINGING_SECONDS = 5.0


async def dial(scene: Scene, verb: Dial) -> Outcome:
    result: dict[str, str] = {}
    try:
        match verb.target:
            case ConferenceNoun() as room:
                result["DialCallStatus"] = "answered"
                await _confer(scene, room)
            case QueueNoun() as source:
                await _take(scene, verb, source, result)
            case legs:
                await _connect(scene, verb, legs, result)
    except asyncio.CancelledError:
        if isinstance(scene.call.order, EndCall):
            scene.bid_farewell(RequestKind.DIAL, verb.action, verb.method, result)
        raise
    return scene.action(verb.action, verb.method, result)


async def _confer(scene: Scene, room: ConferenceNoun) -> None:
    """Sit in the conference until it is over for this call."""
    resolved = replace(
        room,
        wait_url=scene.absolute(room.wait_url) if room.wait_url else room.wait_url,
        status_url=None if room.status_url is None else scene.absolute(room.status_url),
        recording=absolute_callback(scene, room.recording),
    )
    conference = open_conference(scene.exchange, room.name)
    seat = reserve(scene.exchange, conference, scene.call, resolved)
    await attend(scene.exchange, conference, seat, resolved, scene.follow)


async def _connect(scene: Scene, verb: Dial, legs: tuple[Leg, ...], result: dict[str, str]) -> None:
    """Ring everybody and talk to the first; `result` always holds what the action would be told now."""
    race = Race()
    result |= {"DialCallStatus": CallStatus.CANCELED, "DialBridged": "false"}
    try:
        async with background_task(_ring_tone(scene, verb)):
            winner = await _ring(scene, verb, legs, race)
        if winner is None:
            result["DialCallStatus"] = race.fate()
            if race.attempts:
                result["DialCallSid"] = race.attempts[-1].call.sid
            return
        result |= {
            "DialCallStatus": CallStatus.COMPLETED,
            "DialBridged": "true",
            "DialCallSid": winner.call.sid,
        }
        await _talk(scene, verb, winner, result)
    finally:
        for attempt in race.attempts:
            if not attempt.is_ready:
                attempt.call.interrupt(EndCall(Initiator.API))
            attempt.bridge.part()


async def _ring_tone(scene: Scene, verb: Dial) -> None:
    """Let the caller hear the ringing of the country asked for."""
    while verb.ring_tone is not None and not verb.answer_on_bridge:
        text = f"♪ 回铃音 {verb.ring_tone}"
        await utter(
            scene.exchange, scene.call, text, language="", voice=PlaybackKind.MUSIC, seconds=_RINGING_SECONDS
        )


async def _ring(scene: Scene, verb: Dial, legs: tuple[Leg, ...], race: Race) -> Attempt | None:
    """Return the attempt that can be talked to, or None when all have come to nothing."""
    if verb.sequential:
        for noun in legs:
            attempt = start_leg(scene, verb, noun, race)
            if await asyncio.shield(attempt.settled):
                return attempt
        return None
    for noun in legs:
        start_leg(scene, verb, noun, race)
    for settled in asyncio.as_completed([asyncio.shield(attempt.settled) for attempt in race.attempts]):
        if await settled:
            return race.winner
    return None


async def _talk(scene: Scene, verb: Dial, winner: Attempt, result: dict[str, str]) -> None:
    """Bridge the two until one leaves or the time limit is reached."""
    exchange = scene.exchange
    advance(exchange, scene.call, CallStatus.IN_PROGRESS)
    winner.bridge.connect()
    tape = None
    if verb.record:
        callback = absolute_callback(scene, verb.recording)
        tape = begin_tape(exchange, RecordingSource.DIAL_VERB, scene.call, callback, channels=2)
    began = exchange.clock.seconds()
    try:
        async with (
            exchange.clock.timeout(verb.time_limit),
            background_task(_watch_star(scene, verb, winner.bridge)),
        ):
            await winner.bridge.over.wait()
    except TimeoutError:
        winner.call.interrupt(EndCall(Initiator.API))
    finally:
        result["DialCallDuration"] = str(round(exchange.clock.seconds() - began))
        if tape is not None:
            end_tape(exchange, tape)
            result["RecordingUrl"] = media_url(exchange, tape)


async def _watch_star(scene: Scene, verb: Dial, bridge: Bridge) -> None:
    """Let the caller part from the other side with the star key, where the document allows it."""
    if not verb.hangup_on_star:
        return
    with listening(scene.exchange, scene.call, keys=True, words=False) as ear:
        invite(scene.exchange, scene.call, ear)
        while await ear.heard.get() != KeyInput("*"):
            continue
        bridge.part()


async def _take(scene: Scene, verb: Dial, source: QueueNoun, result: dict[str, str]) -> None:
    """Talk to the head of a queue, waiting for somebody to arrive if it is empty."""
    exchange = scene.exchange
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
    depart(exchange, queues[0], member)
    waited = round(exchange.clock.seconds() - member.joined)
    sid = member.call.sid
    result |= {"DialCallSid": sid, "DequeuedCallSid": sid, "DequeuedCallQueueTime": str(waited)}
    await _talk_to(scene, verb, source, member, result)


async def _head(queue: WaitingQueue) -> Member:
    while not queue.members:
        queue.arrival.clear()
        await queue.arrival.wait()
    return queue.members[0]


async def _talk_to(
    scene: Scene, verb: Dial, source: QueueNoun, member: Member, result: dict[str, str]
) -> None:
    exchange = scene.exchange
    bridge = Bridge(scene.call, member.call)
    whisper = None if source.url is None else DocumentRequest(scene.absolute(source.url), source.method)
    taking = QueueConnection(bridge, scene.call, whisper, asyncio.Event(), bridge.over)
    member.connection_future.set_result(taking)
    try:
        await wait_for_first(taking.connected, bridge.over)
        if taking.connected.is_set():
            began = exchange.clock.seconds()
            result |= {
                "DialCallStatus": CallStatus.COMPLETED,
                "DequeueResult": "bridged",
                "DialBridged": "true",
            }
            bridge.connect()
            with contextlib.suppress(TimeoutError):
                async with exchange.clock.timeout(verb.time_limit):
                    await bridge.over.wait()
            lasted = str(round(exchange.clock.seconds() - began))
            result |= {"DialCallDuration": lasted, "DequeuedCallDuration": lasted}
    finally:
        bridge.part()
