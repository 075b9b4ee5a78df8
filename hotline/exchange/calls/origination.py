"""The beginning of calls: arriving from a telephone or a softphone, or created over REST, queued, then ringing.

Source of a softphone's call: "How to share information between your applications" (the parameters of `connect` are posted
to the TwiML application's voice URL, `To` among them; `From` is the client).
"""

import contextlib
from collections.abc import Callable, Mapping

from hotline.exchange.calls.call_task import run_call, run_document
from hotline.exchange.calls.ringing import ring
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, Endpoint, HangUpCall, Script, new_sid
from hotline.exchange.vocabulary.enums import CallEvent, CallStatus, Direction, Initiator
from hotline.exchange.vocabulary.status_callback import StatusCallback
from hotline.exchange.webhooks.callbacks import advance
from hotline.exchange.webhooks.parameters import custom_parameters

_ENDED = frozenset({CallEvent.COMPLETED})


def receive_call(exchange: Exchange, endpoint: Endpoint, number: str) -> Call:
    """Starts the call of a telephone that has dialled the hotline; it rings while the first document is requested."""
    settings = exchange.settings
    call = Call(new_sid("CA"), number, settings.number, Direction.INBOUND, exchange.clock.now())
    _start_inbound(exchange, endpoint, call, DocumentRequest(settings.voice_url))
    return call


def receive_client_call(
    exchange: Exchange, endpoint: Endpoint, identity: str, given: Mapping[str, str]
) -> Call:
    """Starts the call of a softphone through the TwiML application; the parameters `given` are untrusted."""
    settings = exchange.settings
    to = given.get("To", "")
    call = Call(new_sid("CA"), f"client:{identity}", to, Direction.INBOUND, exchange.clock.now())
    call.application = settings.app_sid
    url = settings.app_voice_url or settings.voice_url
    extra = custom_parameters(settings.account_sid, call, given)
    _start_inbound(exchange, endpoint, call, DocumentRequest(url, extra=extra))
    return call


def _start_inbound(exchange: Exchange, endpoint: Endpoint, call: Call, first: DocumentRequest) -> None:
    """Lets a call ring and runs its first document; it is busy if the account has too many calls already."""
    settings = exchange.settings
    call.status = CallStatus.RINGING
    call.started = call.created
    call.endpoint = endpoint
    call.callback = StatusCallback(settings.status_url, "POST", _ENDED)
    call.fallback = None if settings.fallback_url is None else DocumentRequest(settings.fallback_url)
    if exchange.has_most_calls():
        exchange.alert(10004, "the account has too many calls at once", call.sid)
        call.callback, call.final_status = None, CallStatus.BUSY
    exchange.registry.calls[call.sid] = call
    exchange.spawn(run_call(exchange, call, _run_inbound(exchange, call, first)))


async def _run_inbound(exchange: Exchange, call: Call, first: DocumentRequest) -> None:
    """Runs the call's first document, unless the call has been refused."""
    if call.final_status is None:
        exchange.spawn(enforce_time_limit(exchange, call))
        await run_document(exchange, call, first)


async def place_call(exchange: Exchange, call: Call, seconds: float, then: Callable[[], Script]) -> None:
    """Waits for the call's turn, rings for at most `seconds` (exchange time) and runs `then` once it is answered."""
    await _wait_in_call_queue(exchange, call)
    advance(exchange, call, CallStatus.INITIATED)
    if await ring(exchange, call, seconds):
        await then()


async def _wait_in_call_queue(exchange: Exchange, call: Call) -> None:
    """Waits until the account's calls per second allow one more call; sets the call's `queue_seconds`."""
    rate = exchange.settings.calls_per_second
    if rate == 0:
        return
    now = exchange.clock.seconds()
    start = max(now, exchange.call_rate.next_at)
    # Taken before the wait: the next call created meanwhile must come after this one.
    exchange.call_rate.next_at = start + 1 / rate
    await exchange.clock.sleep(start - now)
    call.queue_seconds = start - now


async def enforce_time_limit(exchange: Exchange, call: Call) -> None:
    """Hangs up a call `time_limit` exchange seconds after its answer; the limit may be changed meanwhile."""
    while not call.is_over:
        now = exchange.clock.seconds()
        since = now if call.answered_at is None else call.answered_at
        if since + call.time_limit <= now:
            call.interrupt(HangUpCall(Initiator.API))
            return
        with contextlib.suppress(TimeoutError):
            async with exchange.clock.timeout(since + call.time_limit - now):
                await call.over.wait()
