"""How calls begin: one arriving from a telephone, or one ordered over REST that waits for its turn and then rings."""

from collections.abc import Callable

from hotline.gateways.exchange.callbacks import advance
from hotline.gateways.exchange.exchange import Exchange
from hotline.gateways.exchange.interpreter import follow
from hotline.gateways.exchange.live import live, run
from hotline.gateways.exchange.ringing import ring
from hotline.gateways.exchange.sounds import Endpoint
from hotline.gateways.exchange.state.calls import Call, Fetch, HangUp, Script, StatusCallback, new_sid
from hotline.gateways.exchange.words import By, CallEvent, CallStatus, Direction

_ENDED = frozenset({CallEvent.COMPLETED})


def arrive(exchange: Exchange, endpoint: Endpoint, number: str) -> Call:
    """A telephone has dialled the hotline: the call rings at once and asks the application what to do."""
    settings = exchange.settings
    call = Call(new_sid("CA"), number, settings.number, Direction.INBOUND, exchange.clock.now())
    call.status = CallStatus.RINGING
    call.started = call.created
    call.endpoint = endpoint
    call.callback = StatusCallback(settings.status_url, "POST", _ENDED)
    call.fallback = None if settings.fallback_url is None else Fetch(settings.fallback_url)
    exchange.board.calls[call.sid] = call
    exchange.spawn(live(exchange, call, run(exchange, call, Fetch(settings.voice_url), follow), follow))
    return call


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


async def limit_time(exchange: Exchange, call: Call, seconds: float) -> None:
    """Hang up a call that is still there after so many exchange seconds."""
    try:
        async with exchange.clock.timeout(seconds):
            await call.over.wait()
    except TimeoutError:
        call.obey(HangUp(By.API))
