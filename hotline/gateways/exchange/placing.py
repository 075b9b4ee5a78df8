"""How calls begin: one arriving from a telephone, or one ordered over REST that waits for its turn and then rings."""

from hotline.gateways.exchange.exchange import Exchange
from hotline.gateways.exchange.interpreter import live, run
from hotline.gateways.exchange.sounds import Endpoint
from hotline.gateways.exchange.state.calls import Call, Fetch, StatusCallback, new_sid
from hotline.gateways.exchange.words import CallEvent, CallStatus, Direction

_ENDED = frozenset({CallEvent.COMPLETED})


def arrive(exchange: Exchange, endpoint: Endpoint, number: str) -> Call:
    """A telephone has dialled the hotline: the call rings at once and asks the application what to do."""
    settings = exchange.settings
    call = Call(new_sid("CA"), number, settings.number, Direction.INBOUND, exchange.clock.now())
    call.status = CallStatus.RINGING
    call.endpoint = endpoint
    call.callback = StatusCallback(settings.status_url, "POST", _ENDED)
    call.fallback = None if settings.fallback_url is None else Fetch(settings.fallback_url)
    exchange.board.calls[call.sid] = call
    exchange.spawn(live(exchange, call, run(exchange, call, Fetch(settings.voice_url))))
    return call
