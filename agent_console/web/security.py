"""Cookies, protection against forged forms, log-in limits and security headers.

A form must carry the token of its session and come from a page of `PUBLIC_URL`.
"""

import secrets
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, g, make_response, request
from flask.typing import ResponseReturnValue, RouteCallable
from flask_wtf.csrf import CSRFError, CSRFProtect
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from agent_console.web.console_context import ConsoleOptions, options
from hotline.rules.failures import failure_reason

LOG_IN, SECOND_FACTOR = "auth.take_login", "auth.take_second_factor"
PASSKEY = "auth.take_passkey"
# These read a signature, a signed token or a bearer token and no cookie, so that a forged form cannot use a browser's session.
COOKIELESS_PREFIXES = ("/voice/", "/api/v1/", "/oidc/")
# Bytes of a request. The proxy's limit in docs/operating.md is the same.
MAX_REQUEST_BYTES = 32 * 1024 * 1024
_DEFAULT_PORTS = {"https": 443, "http": 80}

FORM_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

# The status of a wrong password or code.
REFUSED = 422
# A storage that did not answer is asked again after this time.
STORAGE_PAUSE_SECONDS = 10.0

Origin = tuple[str, str, int]
View = Callable[[], ResponseReturnValue]


def protect(app: Flask, chosen: ConsoleOptions) -> None:
    """Sets up cookies, forged-form protection, log-in limits and headers for every page of `app`."""
    app.config.update(
        SECRET_KEY=chosen.secret_key,
        SESSION_COOKIE_NAME="hotline",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=chosen.secure_cookies,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        # Flask-WTF compares with the Host header, which a proxy may have changed; `refuse_foreign_origin` does not.
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        # A typed text is never refused unread: each page answers a text that is too long with the text itself.
        MAX_FORM_MEMORY_SIZE=MAX_REQUEST_BYTES,
    )
    csrf = CSRFProtect(app)

    def refuse_forged_forms() -> None:
        if not request.path.startswith(COOKIELESS_PREFIXES):
            refuse_foreign_origin()
            csrf.protect()

    app.before_request(make_request_names)
    app.before_request(refuse_forged_forms)
    app.after_request(add_headers)
    _limit_log_ins(app, chosen)


def make_request_names() -> None:
    """Gives the request an id that people can report, and its script nonce."""
    g.request_id = secrets.token_hex(6)
    g.csp_nonce = secrets.token_urlsafe(16)


def refuse_foreign_origin() -> None:
    """Raises CSRFError for a form that does not come from a page of `PUBLIC_URL`.

    `Origin` is decisive; without it `Referer` is. With https one of them must be there. Over plain http, where browsers
    of one machine use several names for it, a form may also come from the host it was sent to.
    """
    if request.method not in FORM_METHODS:
        return
    claimed = request.headers.get("Origin") or request.headers.get("Referer")
    public = origin_of(options().public_url)
    allowed = {public}
    if not options().secure_cookies:
        allowed.add(origin_of(f"http://{request.host}"))
        if claimed is None:
            return
    if claimed is None or origin_of(claimed) not in allowed:
        reason = "no Origin and no Referer" if claimed is None else "the origin is not that of PUBLIC_URL"
        structlog.get_logger().warning("form.refused", reason=reason, public_url=options().public_url)
        raise CSRFError(reason)


def origin_of(address: str) -> Origin | None:
    """Returns scheme, host and port of an address, or None for text that is none, such as the origin `null`."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, host.lower(), port) if host else None


def csp_nonce() -> str:
    return str(g.csp_nonce)


class LogInLimits:
    """Counts the failures of log-ins by account and by address, in a storage that all web processes share.

    While the storage does not answer, this process counts in its own memory, and logs it.
    """

    # Flask-Limiter was looked at: it examines every request of the application, an eighth of the time of a short one. This
    # is the library it is built on, asked by the limited views alone.
    def __init__(self, storage_uri: str) -> None:
        self._shared = FixedWindowRateLimiter(storage_from_string(storage_uri, wrap_exceptions=True))
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._shared_from = 0.0

    def limit(self, view: RouteCallable, *limits: tuple[str, Callable[[], str]]) -> RouteCallable:
        """Returns `view` with limits, each a number in a time and the key that it counts by.

        The view raises TooManyRequests beyond one of them.
        """
        items = [(parse(text), key_of) for text, key_of in limits]

        def limited() -> ResponseReturnValue:
            counts = [(item, key_of()) for item, key_of in items]
            if not all(self._ask(FixedWindowRateLimiter.test, *count) for count in counts):
                raise TooManyRequests
            response = make_response(cast("View", view)())
            if response.status_code == REFUSED:
                for count in counts:
                    self._ask(FixedWindowRateLimiter.hit, *count)
            return response

        return limited

    def _ask(
        self, ask: Callable[[FixedWindowRateLimiter, RateLimitItem, str], bool], item: RateLimitItem, key: str
    ) -> bool:
        if time.monotonic() >= self._shared_from:
            try:
                return ask(self._shared, item, key)
            except StorageError as error:
                self._shared_from = time.monotonic() + STORAGE_PAUSE_SECONDS
                reason = failure_reason(error.storage_error)
                structlog.get_logger().warning("log_in_limits.storage_away", reason=reason)
        return ask(self._own, item, key)


def _limit_log_ins(app: Flask, chosen: ConsoleOptions) -> None:
    limits, views = LogInLimits(chosen.limiter_storage), app.view_functions
    by_address = chosen.address_login_limit, _address
    views[LOG_IN] = limits.limit(views[LOG_IN], (chosen.account_login_limit, _account), by_address)
    views[PASSKEY] = limits.limit(views[PASSKEY], by_address)
    views[SECOND_FACTOR] = limits.limit(views[SECOND_FACTOR], by_address)


def _account() -> str:
    return "account:" + request.form.get("name", "").strip().lower()[:64]


def _address() -> str:
    return f"address:{request.endpoint}:{request.remote_addr}"


def add_headers(response: Response) -> Response:
    """Adds the security headers. A header that a page has set stays."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(self)")
    headers.setdefault("X-Request-Id", g.get("request_id", ""))
    if options().secure_cookies:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if not request.path.startswith("/assets/"):
        headers.setdefault("Cache-Control", "no-store")
    elif response.status_code == 200:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _policy() -> str:
    nonce = g.get("csp_nonce", "")
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'" + _sdk_origin(),
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "media-src 'self' blob:",
            "connect-src 'self'" + "".join(f" {origin}" for origin in _line_origins()),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _line_origins() -> tuple[str, ...]:
    """Returns the origins the softphone connects to: the exchange, or the carrier's signalling and media insights."""
    softphone = options().softphone
    own = (softphone.device_url,) if softphone.device_url else ()
    return ("wss://*.twilio.com", "https://*.twilio.com", *own) if softphone.driver == "twilio" else own


def _sdk_origin() -> str:
    """Returns the origin of a Voice SDK that is not ours, after a blank."""
    script = options().softphone.script
    return f" {urlsplit(script).scheme}://{urlsplit(script).netloc}" if script else ""
