"""The middleware of the REST API: authentication, the concurrency limit, errors in the carrier's form, and faults.

Sources: the error dictionary (20003, 20404, 20429, 20500, 20503; 21215 "geo permission") and the carrier's notice about
calls to mainland China.
"""

import base64
import binascii
import hmac
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE
from hotline.exchange.core.faults import Fault, FaultOccasion, FaultSwitch
from hotline.exchange.rest.errors import ApiError, not_found
from hotline.exchange.rest.request_log import LOGGED_REQUEST, log_request, request_kind
from hotline.exchange.vocabulary.request_kinds import RINGS
from hotline.exchange.vocabulary.settings import ExchangeSettings

ROOT = "/2010-04-01/"
_LOG = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ConcurrentRequests:
    """The number of REST requests in progress."""

    count: int = 0


CONCURRENT_REQUESTS = web.AppKey("concurrent_requests", ConcurrentRequests)


@web.middleware
async def rest_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serves and logs a REST request; every other request passes unchanged."""
    if not request.path.startswith(ROOT):
        return await handler(request)
    concurrent = request.app[CONCURRENT_REQUESTS]
    concurrent.count += 1
    try:
        # No virtual second passes while a REST request is served.
        with request.app[EXCHANGE].clock.hold():
            response = await log_request(request, lambda: _served(request, handler))
    finally:
        concurrent.count -= 1
    if not response.prepared:
        response.headers["Twilio-Concurrent-Requests"] = str(concurrent.count + 1)
    return response


async def _served(request: web.Request, handler: Handler) -> web.StreamResponse:
    settings = request.app[EXCHANGE].settings
    try:
        _admit(request, settings)
        return await _serve_with_fault(request, handler)
    except ApiError as error:
        return error.response()
    except web.HTTPNotFound:
        return not_found(request.path).response()
    except web.HTTPMethodNotAllowed:
        return ApiError(405, 20004, "Method not allowed").response()
    except web.HTTPRequestEntityTooLarge:
        return ApiError(413, 20001, "The request is too large").response()


def _admit(request: web.Request, settings: ExchangeSettings) -> None:
    """Raises ApiError for too many requests (20429), bad credentials (20003) or another account's address (20404)."""
    if request.app[CONCURRENT_REQUESTS].count > settings.api_concurrency:
        raise ApiError(429, 20429, "Too Many Requests")
    _authenticate(request, settings)
    if not request.path.startswith(f"{settings.api_root}/"):
        raise not_found(request.path)


def _authenticate(request: web.Request, settings: ExchangeSettings) -> None:
    """Accepts the account with its token, or the API key with its secret; raises ApiError 20003."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user, secret = "", ""
    known = {settings.account_sid: settings.auth_token, settings.api_key: settings.api_secret}
    right = hmac.compare_digest(known.get(user, "").encode(), secret.encode())
    if scheme.lower() != "basic" or user not in known or not right:
        raise ApiError(401, 20003, "Authenticate")


async def _serve_with_fault(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serves an authenticated request with at most one fault: refused before it takes effect, or its answer lost."""
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
            error = ApiError(429, 20429, "Too Many Requests")
        case Fault.UNAVAILABLE:
            error = ApiError(503, 20503, "Service is unavailable")
        case Fault.NO_ROUTE:
            text = f"Account not authorized to call {to}. Perhaps you need to enable some international permissions"
            error = ApiError(400, 21215, text)
        case _:
            return await _lose_answer(request, handler, switch)
    switch.fired += 1
    raise error


async def _lose_answer(request: web.Request, handler: Handler, switch: FaultSwitch) -> web.StreamResponse:
    """Lets the request take effect, then answers 20500 or cuts the connection."""
    try:
        response = await handler(request)
    except (ApiError, web.HTTPException):
        # A refused request had no effect whose answer could be lost, so it uses up no fault.
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
