"""How calls begin: arriving from a telephone or a softphone, or ordered over REST, waiting for their turn, then ringing.

Source of a softphone's call: "How to share information between your applications" (the parameters of `connect` are posted
to the TwiML application's voice URL, `To` among them; `From` is the client).
"""

import contextlib
from collections.abc import Callable, Mapping

from hotline.exchange.calls.call_task import live, run
from hotline.exchange.calls.ringing import ring
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, EndCall, Script, StatusCallback, new_sid
from hotline.exchange.verbs.interpreter import follow
from hotline.exchange.vocabulary.enums import CallEvent, CallStatus, Direction, Initiator
from hotline.exchange.vocabulary.sounds import Endpoint
from hotline.exchange.webhooks.callbacks import advance
from hotline.exchange.webhooks.parameters import custom

_ENDED = frozenset({CallEvent.COMPLETED})


def arrive(exchange: Exchange, endpoint: Endpoint, number: str) -> Call:
    """A telephone has dialled the hotline: the call rings at once and asks the application what to do."""
    settings = exchange.settings
    call = Call(new_sid("CA"), number, settings.number, Direction.INBOUND, exchange.clock.now())
    _let_in(exchange, endpoint, call, DocumentRequest(settings.voice_url))
    return call


def connect(exchange: Exchange, endpoint: Endpoint, identity: str, given: Mapping[str, str]) -> Call:
    """A softphone has called through the TwiML application, with whatever parameters it liked to give: all are untrusted."""
    settings = exchange.settings
    to = given.get("To", "")
    call = Call(new_sid("CA"), f"client:{identity}", to, Direction.INBOUND, exchange.clock.now())
    call.application = settings.app_sid
    url = settings.app_voice_url or settings.voice_url
    _let_in(exchange, endpoint, call, DocumentRequest(url, extra=custom(exchange, call, given)))
    return call


def _let_in(exchange: Exchange, endpoint: Endpoint, call: Call, first: DocumentRequest) -> None:
    """Let a call ring and run its first document, unless the account has too many already."""
    settings = exchange.settings
    call.status = CallStatus.RINGING
    call.started = call.created
    call.endpoint = endpoint
    call.callback = StatusCallback(settings.status_url, "POST", _ENDED)
    call.fallback = None if settings.fallback_url is None else DocumentRequest(settings.fallback_url)
    if is_full(exchange):
        exchange.trouble(10004, "the account has too many calls at once", call.sid)
        call.callback, call.final_status = None, CallStatus.BUSY
    exchange.registry.calls[call.sid] = call
    exchange.spawn(live(exchange, call, _arrived(exchange, call, first), follow))


async def _arrived(exchange: Exchange, call: Call, first: DocumentRequest) -> None:
    """Run the call's first document, unless it is refused already."""
    if call.final_status is None:
        exchange.spawn(limit_time(exchange, call))
        await run(exchange, call, first, follow)


def is_full(exchange: Exchange) -> bool:
    """Whether the account has as many live legs as it may."""
    most = exchange.settings.concurrent_calls
    return most > 0 and sum(not call.is_over for call in exchange.registry.calls.values()) >= most


async def place(exchange: Exchange, call: Call, seconds: float, then: Callable[[], Script]) -> None:
    """Wait for the call's turn, ring for at most `seconds` exchange seconds, and go on with `then` once answered."""
    await _turn(exchange, call)
    advance(exchange, call, CallStatus.INITIATED)
    if await ring(exchange, call, seconds):
        await then()


async def _turn(exchange: Exchange, call: Call) -> None:
    """Leave the account's queue at so many calls a second; the time spent in it is kept in milliseconds of record."""
    rate = exchange.settings.calls_per_second
    if rate == 0:
        return
    now = exchange.clock.seconds()
    start = max(now, exchange.turns.next_at)
    exchange.turns.next_at = start + 1 / rate
    await exchange.clock.sleep(start - now)
    call.queue_seconds = start - now


async def limit_time(exchange: Exchange, call: Call) -> None:
    """Hang up a call that is still there `time_limit` exchange seconds after its answer; the limit may change meanwhile."""
    while not call.is_over:
        now = exchange.clock.seconds()
        since = now if call.answered_at is None else call.answered_at
        if since + call.time_limit <= now:
            call.interrupt(EndCall(Initiator.API))
            return
        with contextlib.suppress(TimeoutError):
            async with exchange.clock.timeout(since + call.time_limit - now):
                await call.over.wait()
