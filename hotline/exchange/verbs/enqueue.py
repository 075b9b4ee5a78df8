"""The verb Enqueue: a place in a queue, the wait document repeated while waiting, and the result of the waiting.

Sources: the Enqueue and Queue pages (waitUrl parameters, QueueResult table). The wait document is requested anew each
time it has run out, with fresh numbers; an empty waitUrl is silence, none is the carrier's own music.

The pages describe two results too briefly to be certain. `bridging-in-process` ("instructed to bridge the enqueued
party") is sent here when a call dialled the queue and the two were never connected. `system-error` ("can happen if a
caller hangs up before being fully enqueued") is inferred: here it is sent, without queue and time, when the caller hangs
up before the first wait document has come, and at no other moment.
"""

import asyncio
from typing import Any

from hotline.exchange.calls.speech import hold_music
from hotline.exchange.core.concurrency import background_task
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, HangUpCall, MoveCall, new_sid
from hotline.exchange.state.queues import Member, QueueConnection, WaitingQueue
from hotline.exchange.twiml.document import Enqueue
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.verbs.context import Outcome, VerbContext
from hotline.exchange.vocabulary.enums import (
    CallStatus,
    Continuation,
    DocumentContext,
    Initiator,
    QueueResult,
)
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.callbacks import advance

DEFAULT_LIMIT = 1000
_SHORTEST_ROUND_SECONDS = 1.0


def open_queue(exchange: Exchange, name: str, limit: int = DEFAULT_LIMIT) -> WaitingQueue:
    """Returns the queue of that name, created if it does not exist."""
    for queue in exchange.registry.queues.values():
        if queue.name == name:
            return queue
    now = exchange.clock.now()
    queue = WaitingQueue(new_sid("QU"), name, limit, created=now, updated=now)
    exchange.registry.queues[queue.sid] = queue
    return queue


def remove_member(exchange: Exchange, queue: WaitingQueue, member: Member) -> None:
    """Removes a member from its queue; has no effect on one that has left already."""
    if member in queue.members:
        queue.members.remove(member)
        queue.updated = exchange.clock.now()


async def enqueue(context: VerbContext, verb: Enqueue) -> Outcome:
    exchange, call = context.exchange, context.call
    queue = open_queue(exchange, verb.name)
    if len(queue.members) >= queue.limit:
        exchange.alert(14207, f"queue {queue.name} is full ({queue.limit})", call.sid)
        return context.action(verb.action, verb.method, {"QueueResult": QueueResult.QUEUE_FULL})
    connection_future: asyncio.Future[QueueConnection] = asyncio.get_running_loop().create_future()
    documents = call.documents + (1 if verb.wait_url else 0)
    member = Member(call, exchange.clock.seconds(), exchange.clock.now(), connection_future, documents)
    queue.members.append(member)
    queue.arrival.set()
    try:
        result = await _until_over(context, verb, queue, member)
    except asyncio.CancelledError:
        remove_member(exchange, queue, member)
        if call.order is not None:
            _send_late_result(context, verb, queue, member, _result_of(call, member))
        raise
    remove_member(exchange, queue, member)
    if result is QueueResult.HANGUP:
        # The wait document hung up: the call ends as if the caller had, and the action is still requested.
        call.order = call.order or HangUpCall(Initiator.PARTY)
        _send_late_result(context, verb, queue, member, result)
        return Continuation.HANG_UP
    return context.action(verb.action, verb.method, _result_fields(exchange, queue, member, result))


def _result_of(call: Call, member: Member) -> QueueResult:
    """Returns the result for a call that was stopped by an order."""
    connection = member.connection
    if isinstance(call.order, MoveCall):
        bridged = connection is not None and connection.connected.is_set()
        return QueueResult.REDIRECTED_FROM_BRIDGED if bridged else QueueResult.REDIRECTED
    if connection is not None:
        return _result_of_taking(connection)
    return QueueResult.HANGUP if member.is_settled else QueueResult.SYSTEM_ERROR


def _result_of_taking(connection: QueueConnection) -> QueueResult:
    return QueueResult.BRIDGED if connection.connected.is_set() else QueueResult.BRIDGING


def _send_late_result(
    context: VerbContext, verb: Enqueue, queue: WaitingQueue, member: Member, result: QueueResult
) -> None:
    fields = _result_fields(context.exchange, queue, member, result)
    context.send_late_action(RequestKind.ENQUEUE, verb.action, verb.method, fields)


def _result_fields(
    exchange: Exchange, queue: WaitingQueue, member: Member, result: QueueResult
) -> dict[str, str]:
    if result is QueueResult.SYSTEM_ERROR:
        return {"QueueResult": result}
    waited = (member.left or exchange.clock.seconds()) - member.joined
    return {"QueueResult": result, "QueueSid": queue.sid, "QueueTime": str(round(waited))}


async def _until_over(
    context: VerbContext, verb: Enqueue, queue: WaitingQueue, member: Member
) -> QueueResult:
    """Waits until the wait document leaves, another call dials the queue, or the wait document cannot be run."""
    async with background_task(_wait(context, verb, queue, member)) as waiting:
        either: set[asyncio.Future[Any]] = {waiting, member.connection_future}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not member.connection_future.done():
            return waiting.result()
    member.left = context.exchange.clock.seconds()
    await _talk(context, queue, member, member.connection_future.result())
    return _result_of_taking(member.connection_future.result())


async def _wait(context: VerbContext, verb: Enqueue, queue: WaitingQueue, member: Member) -> QueueResult:
    exchange, clock, call = context.exchange, context.exchange.clock, context.call
    if not verb.wait_url:
        await hold_music(clock, call, silent=verb.wait_url is not None)
    url = context.absolute(verb.wait_url)
    while True:
        began = clock.seconds()
        fetch = DocumentRequest(url, verb.wait_method, queue.position_fields(member, began))
        try:
            end = await exchange.run_documents(call, fetch, DocumentContext.WAIT)
        except DocumentError as error:
            exchange.alert(error.code, f"wait document: {error.text}", call.sid)
            return QueueResult.ERROR
        if end is not Continuation.NEXT:
            return QueueResult.LEAVE if end is Continuation.LEAVE else QueueResult.HANGUP
        # A wait document that is over at once must not become a loop of requests.
        await clock.sleep(_SHORTEST_ROUND_SECONDS - (clock.seconds() - began))


async def _talk(
    context: VerbContext, queue: WaitingQueue, member: Member, connection: QueueConnection
) -> None:
    """Runs the whisper document of the call that dialled the queue, then connects the two until either side leaves.

    They are not connected if the dialling call has left during the whisper.
    """
    exchange, call = context.exchange, context.call
    advance(exchange, call, CallStatus.IN_PROGRESS)
    try:
        if connection.whisper is not None:
            numbers = queue.position_fields(member, exchange.clock.seconds())
            extra = {key: numbers[key] for key in ("QueueSid", "QueueTime")}
            # The misspelling is the carrier's own name of this parameter.
            extra["DequeingCallSid"] = connection.dialler.sid
            whisper = DocumentRequest(connection.whisper.url, connection.whisper.method, extra)
            await exchange.run_documents(call, whisper, DocumentContext.QUEUE_WHISPER)
        if not connection.over.is_set():
            call.meeting = connection.meeting
            connection.connected.set()
            await connection.over.wait()
    except DocumentError as error:
        exchange.alert(error.code, f"queue whisper: {error.text}", call.sid)
    finally:
        call.meeting = None
        connection.over.set()
