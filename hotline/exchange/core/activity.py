"""What a call is doing at this moment, for whoever watches the board."""

from collections.abc import Iterator
from contextlib import contextmanager

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Activity, Call


@contextmanager
def doing(exchange: Exchange, call: Call, what: str, detail: str) -> Iterator[None]:
    """Let the board say that `call` does this for as long as the block lasts; blocks may lie in each other."""
    act = Activity(what, detail, exchange.clock.seconds())
    call.activities.append(act)
    try:
        yield
    finally:
        call.activities.remove(act)
