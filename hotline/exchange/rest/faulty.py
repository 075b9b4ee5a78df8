"""REST requests on a faulty line: refused before anything happens, or done and then not told.

Sources: the error dictionary (20429, 20500, 20503; 21215 "geo permission") and the carrier's notice about mainland China.
An answer is only lost where there was an effect to be lost: a request that is refused anyway uses up no fault.
"""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE
from hotline.exchange.core.faults import Fault, FaultOccasion, FaultSwitch
from hotline.exchange.rest.errors import ApiError
from hotline.exchange.rest.request_log import LOGGED_REQUEST, request_kind
from hotline.exchange.vocabulary.request_kinds import RINGS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LOG = logging.getLogger(__name__)


async def serve_faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve one admitted request, with at most one fault."""
    step = request_kind(request)
    if step is None:
        return await handler(request)
    to = str((await request.post()).get("To", "")) if step in RINGS else ""
    switch = request.app[EXCHANGE].faults.fault_for(FaultOccasion(step, to=to))
    if switch is None:
        return await handler(request)
    fault = switch.rule.fault
    _LOG.info("fault %s hits %s", fault, step)
    request[LOGGED_REQUEST].fault = fault
    match fault:
        case Fault.TOO_MANY_REQUESTS:
            refusal = ApiError(429, 20429, "Too Many Requests")
        case Fault.UNAVAILABLE:
            refusal = ApiError(503, 20503, "Service is unavailable")
        case Fault.NO_ROUTE:
            text = f"Account not authorized to call {to}. Perhaps you need to enable some international permissions"
            refusal = ApiError(400, 21215, text)
        case _:
            return await _do_and_lose(request, handler, switch)
    switch.fired += 1
    raise refusal


async def _do_and_lose(request: web.Request, handler: Handler, switch: FaultSwitch) -> web.StreamResponse:
    """Let the request take effect, and then do not tell."""
    try:
        response = await handler(request)
    except (ApiError, web.HTTPException):
        switch.give_back()
        request[LOGGED_REQUEST].fault = ""
        raise
    switch.fired += 1
    if switch.rule.fault is Fault.ERROR_AFTER:
        raise ApiError(500, 20500, "Internal Server Error")
    request[LOGGED_REQUEST].error = "connection cut: fault cut-after"
    if request.transport is not None:
        request.transport.abort()
    return response
