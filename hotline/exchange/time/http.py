"""Time at the exchange's doors: REST requests hold it, and whoever shares it can read it."""

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE
from hotline.exchange.rest.dispatch import ROOT, Handler


@web.middleware
async def hold_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let no virtual second pass while a REST request is served."""
    if not request.path.startswith(ROOT):
        return await handler(request)
    with request.app[EXCHANGE].clock.hold():
        return await handler(request)


async def tell_time(request: web.Request) -> web.Response:
    """`GET /clock`: the exchange's time (ISO 8601, UTC), its seconds since the start, its pace, and whether it is virtual."""
    exchange = request.app[EXCHANGE]
    return web.json_response(
        {
            "now": exchange.clock.now().isoformat(),
            "seconds": round(exchange.clock.seconds(), 6),
            "pace": exchange.settings.pace,
            "virtual": exchange.clock.is_virtual,
        }
    )
