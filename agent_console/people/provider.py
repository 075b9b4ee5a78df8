"""Logging in through the city's identity provider (OpenID Connect), and the provider's word that a session has ended.

The browser is led to the provider with a state, a nonce and a PKCE challenge, which stay in its session cookie; the
provider's answer counts for this browser alone, once, and for ten minutes.
"""

import secrets
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.web.auth import local_address
from agent_console.web.console_context import ProviderOptions, application, options
from agent_console.web.domain_errors import entry_of
from agent_console.web.log_in import complete_log_in
from hotline.gateways.identity_provider import Identity, LogInRequest, ProviderRefusal, ProviderUnavailable
from hotline.rules.enums import LogInStepKind
from hotline.rules.errors import DomainError, NotAllowed
from hotline.rules.people.actors import Machine
from hotline.services.people import log_in_steps, provider_log_ins

# Session key of a request to the provider that has no answer yet.
ASKED = "provider_log_in"
# Characters of a code, a state or a token; longer ones are none.
MAX_PARAMETER, MAX_TOKEN = 4_096, 32_768


def begin() -> ResponseReturnValue:
    """Leads the browser to the provider. 503 with a way to the local log-in if the provider is away."""
    known, at = _provider(), application().clock()
    asked = LogInRequest(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        redirect_uri=_callback_address(),
    )
    try:
        address = known.provider.log_in_address(asked, at)
    except ProviderUnavailable as error:
        return _unavailable(error)
    session[ASKED] = {
        "state": asked.state,
        "nonce": asked.nonce,
        "verifier": asked.verifier,
        "back": local_address(request.args.get("next")),
        "at": at.timestamp(),
    }
    return redirect(address, 303)


def callback() -> ResponseReturnValue:
    """Signs in the person whom the provider names, or says why not; nobody is signed in then."""
    known, at = _provider(), application().clock()
    asked = session.pop(ASKED, None)
    if not _is_answer_to(asked, at):
        return _refused(_("这次登录已失效、已用过，或不是由这个浏览器发起的。"), 400)
    if "code" not in request.args:
        structlog.get_logger().warning("provider.refused", reason="the provider sent no code")
        return _refused(_("统一身份认证没有同意这次登录。"), 403)
    login = LogInRequest(asked["state"], asked["nonce"], asked["verifier"], _callback_address())
    try:
        identity = known.provider.fetch_identity(login, request.args["code"][:MAX_PARAMETER], at)
    except ProviderUnavailable as error:
        return _unavailable(error)
    except ProviderRefusal as error:
        structlog.get_logger().warning("provider.refused", reason=str(error))
        return _refused(_("统一身份认证的答复没有通过核验。"), 403)
    return _sign_in(known, identity, asked.get("back"))


def _sign_in(known: ProviderOptions, identity: Identity, back: str | None) -> ResponseReturnValue:
    try:
        with application().unit_of_work(Machine.SYSTEM) as work:
            person = provider_log_ins.person_of(work, identity, known.claims)
    except DomainError as error:
        # The kind alone: names of persons do not belong in the log.
        structlog.get_logger().warning("provider.no_account", reason=type(error).__name__)
        return _refused(_(entry_of(error).words), 403)
    # A provider that names no session cannot end one alone, so the name may be any.
    named = identity.session_id or secrets.token_urlsafe(32)
    key = provider_log_ins.session_key(identity.issuer, named)
    return complete_log_in(person, back, provider_session=key)


def _is_answer_to(asked: Any, at: datetime) -> bool:
    """Returns whether the request answers what this browser asked, in time and for the first time."""
    if not isinstance(asked, dict) or not secrets.compare_digest(
        str(asked.get("state")).encode(), request.args.get("state", "").encode(errors="replace")
    ):
        return False
    age = at.timestamp() - float(asked.get("at", 0))
    if not 0 <= age <= log_in_steps.LIFETIME.total_seconds():
        return False
    # The cookie could be sent again with the address; a state counts once.
    with application().unit_of_work(Machine.SYSTEM) as work:
        return log_in_steps.use_once(work, LogInStepKind.PROVIDER, asked["state"])


def end_session() -> ResponseReturnValue:
    """Ends the sessions that the provider's logout token names (Back-Channel Logout 1.0): 200, or 400 with the reason."""
    known, at = _provider(), application().clock()
    try:
        log_out = known.provider.read_log_out(request.form.get("logout_token", "")[:MAX_TOKEN], at)
        with application().unit_of_work(Machine.SYSTEM) as work:
            provider_log_ins.end_sessions_of(work, log_out)
    except (ProviderRefusal, NotAllowed) as error:
        structlog.get_logger().warning("provider.log_out_refused", reason=str(error))
        return {"error": "invalid_request", "error_description": str(error)}, 400
    except ProviderUnavailable as error:
        structlog.get_logger().warning("provider.unavailable", reason=str(error))
        return {"error": "temporarily_unavailable"}, 503
    return {}, 200


def _provider() -> ProviderOptions:
    """Returns the configured provider. Raises NotFound without one."""
    known = options().provider
    if known is None:
        raise NotFound
    return known


def _callback_address() -> str:
    return options().public_url + url_for("provider.callback")


def _unavailable(error: ProviderUnavailable) -> ResponseReturnValue:
    structlog.get_logger().warning("provider.unavailable", reason=str(error))
    return _refused(_("统一身份认证暂时不能使用，请稍后再试。急需时，管理员可以用应急账号登录。"), 503)


def _refused(words: str, status: int) -> ResponseReturnValue:
    return render_template("people/provider_refusal.html", words=words), status


def pages() -> Blueprint:
    blueprint = Blueprint("provider", __name__)
    blueprint.add_url_rule("/login/provider", "begin", begin)
    blueprint.add_url_rule("/login/provider/callback", "callback", callback)
    # Under a prefix of its own: it reads a signature and no cookie.
    blueprint.add_url_rule("/oidc/back-channel-logout", "end_session", end_session, methods=["POST"])
    return blueprint
