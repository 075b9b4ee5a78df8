"""Enqueue: a place in a queue, the wait document repeated while waiting, and how the waiting ended.

Sources: the Enqueue and Queue pages (waitUrl parameters, QueueResult table). The wait document is requested anew each
time it has run out, with fresh numbers; an empty waitUrl is silence, none is the carrier's own music.

Two results are described too shortly there to be certain of. `bridging-in-process` ("instructed to bridge the enqueued
party") is told here when somebody dialled the queue and the two were never connected. `system-error` ("can happen if a
caller hangs up before being fully enqueued") is inferred: here it is told, without queue and time, when the caller hangs
up before the first wait document has come, and at no other moment.
"""

import asyncio
from typing import Any

from hotline.exchange.calls.scene import Outcome, Scene, Turn
from hotline.exchange.calls.speaking import hold_music
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, EndCall, MoveCall, new_sid
from hotline.exchange.state.queues import Member, QueueConnection, WaitingQueue
from hotline.exchange.time.concurrency import background_task
from hotline.exchange.twiml.document import Enqueue
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import CallStatus, DocumentContext, Initiator, QueueResult
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.callbacks import advance

DEFAULT_LIMIT = 1000
_SHORTEST_ROUND_SECONDS = 1.0


def open_queue(exchange: Exchange, name: str, limit: int = DEFAULT_LIMIT) -> WaitingQueue:
    """Return the queue of that name, made if it does not exist."""
    for queue in exchange.registry.queues.values():
        if queue.name == name:
            return queue
    now = exchange.clock.now()
    queue = WaitingQueue(new_sid("QU"), name, limit, created=now, updated=now)
    exchange.registry.queues[queue.sid] = queue
    return queue


def depart(exchange: Exchange, queue: WaitingQueue, member: Member) -> None:
    """Take a member out of its queue; one who is no longer there is no mistake."""
    if member in queue.members:
        queue.members.remove(member)
        queue.updated = exchange.clock.now()


async def enqueue(scene: Scene, verb: Enqueue) -> Outcome:
    exchange, call = scene.exchange, scene.call
    queue = open_queue(exchange, verb.name)
    if len(queue.members) >= queue.limit:
        exchange.trouble(14207, f"queue {queue.name} is full ({queue.limit})", call.sid)
        return scene.action(verb.action, verb.method, {"QueueResult": QueueResult.QUEUE_FULL})
    taken: asyncio.Future[QueueConnection] = asyncio.get_running_loop().create_future()
    documents = call.documents + (1 if verb.wait_url else 0)
    member = Member(call, exchange.clock.seconds(), exchange.clock.now(), taken, documents)
    queue.members.append(member)
    queue.arrival.set()
    try:
        result = await _until_over(scene, verb, queue, member)
    except asyncio.CancelledError:
        depart(exchange, queue, member)
        if call.order is not None:
            _say_goodbye(scene, verb, queue, member, _result_of(call, member))
        raise
    depart(exchange, queue, member)
    if result is QueueResult.HANGUP:
        call.order = call.order or EndCall(Initiator.PARTY)
        _say_goodbye(scene, verb, queue, member, result)
        return Turn.HANG_UP
    return scene.action(verb.action, verb.method, _numbers(scene.exchange, queue, member, result))


def _result_of(call: Call, member: Member) -> QueueResult:
    """Name how the waiting ended for a call that was stopped by an order."""
    taking = member.connection
    if isinstance(call.order, MoveCall):
        bridged = taking is not None and taking.connected.is_set()
        return QueueResult.REDIRECTED_FROM_BRIDGED if bridged else QueueResult.REDIRECTED
    if taking is not None:
        return _result_of_taking(taking)
    return QueueResult.HANGUP if member.is_settled else QueueResult.SYSTEM_ERROR


def _result_of_taking(taking: QueueConnection) -> QueueResult:
    return QueueResult.BRIDGED if taking.connected.is_set() else QueueResult.BRIDGING


def _say_goodbye(
    scene: Scene, verb: Enqueue, queue: WaitingQueue, member: Member, result: QueueResult
) -> None:
    numbers = _numbers(scene.exchange, queue, member, result)
    scene.bid_farewell(RequestKind.ENQUEUE, verb.action, verb.method, numbers)


def _numbers(exchange: Exchange, queue: WaitingQueue, member: Member, result: QueueResult) -> dict[str, str]:
    if result is QueueResult.SYSTEM_ERROR:
        return {"QueueResult": result}
    waited = (member.left or exchange.clock.seconds()) - member.joined
    return {"QueueResult": result, "QueueSid": queue.sid, "QueueTime": str(round(waited))}


async def _until_over(scene: Scene, verb: Enqueue, queue: WaitingQueue, member: Member) -> QueueResult:
    """Wait until the wait document leaves, somebody dials the queue, or the wait document cannot be run."""
    async with background_task(_wait(scene, verb, queue, member)) as waiting:
        anything: set[asyncio.Future[Any]] = {waiting, member.connection_future}
        await asyncio.wait(anything, return_when=asyncio.FIRST_COMPLETED)
        if not member.connection_future.done():
            return waiting.result()
    member.left = scene.exchange.clock.seconds()
    await _talk(scene, queue, member, member.connection_future.result())
    return _result_of_taking(member.connection_future.result())


async def _wait(scene: Scene, verb: Enqueue, queue: WaitingQueue, member: Member) -> QueueResult:
    exchange, call = scene.exchange, scene.call
    if not verb.wait_url:
        await hold_music(exchange, call, silent=verb.wait_url is not None)
    url = scene.absolute(verb.wait_url)
    while True:
        began = exchange.clock.seconds()
        fetch = DocumentRequest(url, verb.wait_method, wait_numbers(exchange, queue, member))
        try:
            turn = await scene.follow(exchange, call, fetch, DocumentContext.WAIT)
        except DocumentError as error:
            exchange.trouble(error.code, f"wait document: {error.text}", call.sid)
            return QueueResult.ERROR
        if turn is not Turn.NEXT:
            return QueueResult.LEAVE if turn is Turn.LEAVE else QueueResult.HANGUP
        await exchange.clock.sleep(_SHORTEST_ROUND_SECONDS - (exchange.clock.seconds() - began))


def wait_numbers(exchange: Exchange, queue: WaitingQueue, member: Member) -> dict[str, str]:
    """Return the queue parameters of a wait document's request; position 1 is next, times in exchange seconds."""
    now = exchange.clock.seconds()
    waits = [now - other.joined for other in queue.members]
    position = queue.members.index(member) + 1 if member in queue.members else 0
    return {
        "QueueSid": queue.sid,
        "QueuePosition": str(position),
        "QueueTime": str(round(now - member.joined)),
        "AvgQueueTime": str(round(sum(waits) / len(waits)) if waits else 0),
        "CurrentQueueSize": str(len(queue.members)),
        "MaxQueueSize": str(queue.limit),
    }


async def _talk(scene: Scene, queue: WaitingQueue, member: Member, taking: QueueConnection) -> None:
    """Hear the whisper of whoever dialled the queue, then talk until either side leaves, unless the dialler has meanwhile."""
    exchange, call = scene.exchange, scene.call
    advance(exchange, call, CallStatus.IN_PROGRESS)
    try:
        if taking.whisper is not None:
            numbers = wait_numbers(exchange, queue, member)
            extra = {key: numbers[key] for key in ("QueueSid", "QueueTime")}
            extra["DequeingCallSid"] = taking.dialler.sid
            whisper = DocumentRequest(taking.whisper.url, taking.whisper.method, extra)
            await scene.follow(exchange, call, whisper, DocumentContext.QUEUE_WHISPER)
        if not taking.over.is_set():
            call.meeting = taking.meeting
            taking.connected.set()
            await taking.over.wait()
    except DocumentError as error:
        exchange.trouble(error.code, f"queue whisper: {error.text}", call.sid)
    finally:
        call.meeting = None
        taking.over.set()
