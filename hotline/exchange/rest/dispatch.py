"""The door of the REST API: who may enter, how many at once, and every refusal in the carrier's form."""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE
from hotline.exchange.rest.errors import ApiError, not_found
from hotline.exchange.rest.faulty import serve_faulty
from hotline.exchange.rest.request_log import log_request
from hotline.exchange.vocabulary.settings import ExchangeSettings

ROOT = "/2010-04-01/"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ConcurrentRequests:
    """How many REST requests are being served at this moment."""

    size: int = 0


CONCURRENT_REQUESTS = web.AppKey("crowd", ConcurrentRequests)


@web.middleware
async def rest_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let REST requests in one by one; everything else passes untouched."""
    if not request.path.startswith(ROOT):
        return await handler(request)
    crowd = request.app[CONCURRENT_REQUESTS]
    crowd.size += 1
    try:
        response = await log_request(request, lambda: _served(request, handler))
    finally:
        crowd.size -= 1
    if not response.prepared:
        response.headers["Twilio-Concurrent-Requests"] = str(crowd.size + 1)
    return response


async def _served(request: web.Request, handler: Handler) -> web.StreamResponse:
    settings = request.app[EXCHANGE].settings
    try:
        _admit(request, settings)
        return await serve_faulty(request, handler)
    except ApiError as error:
        return error.response()
    except web.HTTPNotFound:
        return not_found(request.path).response()
    except web.HTTPMethodNotAllowed:
        return ApiError(405, 20004, "Method not allowed").response()
    except web.HTTPRequestEntityTooLarge:
        return ApiError(413, 20001, "The request is too large").response()


def _admit(request: web.Request, settings: ExchangeSettings) -> None:
    """Refuse a crowd (20429), strangers (20003) and the addresses of other accounts (20404)."""
    if request.app[CONCURRENT_REQUESTS].size > settings.api_concurrency:
        raise ApiError(429, 20429, "Too Many Requests")
    _authenticate(request, settings)
    if not request.path.startswith(f"{settings.api_root}/"):
        raise not_found(request.path)


def _authenticate(request: web.Request, settings: ExchangeSettings) -> None:
    """Accept the account with its token or the API key with its secret; raises ApiError 20003."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user, secret = "", ""
    known = {settings.account_sid: settings.auth_token, settings.api_key: settings.api_secret}
    right = hmac.compare_digest(known.get(user, "").encode(), secret.encode())
    if scheme.lower() != "basic" or user not in known or not right:
        raise ApiError(401, 20003, "Authenticate")
