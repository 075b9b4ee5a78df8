"""Cookies, protection against forged forms, log-in limits and security headers.

The limits count failures only, in Redis, so that all web processes share them. While Redis is unreachable
Flask-Limiter counts in memory and logs it.
"""

import secrets
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask.typing import RouteCallable
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

from agent_console.web.console_context import ConsoleOptions, options

LOG_IN = "auth.take_login"
# These read a signature or a bearer token and no cookie, so that a forged form cannot use a browser's session.
COOKIELESS_PREFIXES = ("/voice/", "/api/v1/")


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
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
    )
    csrf = CSRFProtect(app)

    def refuse_forged_forms() -> None:
        if not request.path.startswith(COOKIELESS_PREFIXES):
            csrf.protect()

    app.before_request(make_request_names)
    app.before_request(refuse_forged_forms)
    app.after_request(add_headers)
    _limit_log_ins(app, chosen)


def make_request_names() -> None:
    """Gives the request an id that people can report, and its script nonce."""
    g.request_id = secrets.token_hex(6)
    g.csp_nonce = secrets.token_urlsafe(16)


def csp_nonce() -> str:
    return str(g.csp_nonce)


def _limit_log_ins(app: Flask, chosen: ConsoleOptions) -> None:
    limiter = Limiter(
        get_remote_address,
        app=app,
        storage_uri=chosen.limiter_storage,
        strategy="fixed-window",
        in_memory_fallback_enabled=True,
        headers_enabled=False,
    )
    view: RouteCallable = app.view_functions[LOG_IN]
    by_account = limiter.shared_limit(
        chosen.account_login_limit, "account", key_func=_account, deduct_when=_refused
    )
    by_address = limiter.limit(chosen.address_login_limit, deduct_when=_refused)
    app.view_functions[LOG_IN] = cast("RouteCallable", by_account(by_address(view)))


def _account() -> str:
    return "account:" + request.form.get("name", "").strip().lower()[:64]


def _refused(response: Response) -> bool:
    return response.status_code == 422


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
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "media-src 'self' blob:",
            "connect-src 'self' " + _line_origins(),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _line_origins() -> str:
    """Returns the origins the softphone connects to: the exchange, or Twilio's signalling and media insights."""
    softphone = options().softphone
    if softphone.driver == "twilio":
        return "wss://*.twilio.com https://*.twilio.com"
    address = urlsplit(softphone.device_url)
    return f"{address.scheme}://{address.netloc}"
