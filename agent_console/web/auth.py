"""Signing in and out, and the two guards of pages (`needs`) and API actions (`needs_token`).

The browser holds a random token inside the signed session cookie; `sign_ins` holds only its hash. A session can be
revoked, and a stolen database gives no access.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from agent_console.web.console_context import application, options
from agent_console.web.kept_forms import keep_request, typed_fields
from agent_console.web.locale import LOCALES, remember_locale
from hotline.rules.errors import LostRace, UnfinishedCall
from hotline.rules.people.actors import Machine, Person, Right
from hotline.rules.people.passwords import MAX_PASSWORD_LENGTH
from hotline.services.people import sign_ins, tokens
from hotline.services.people.kept_forms import KeptReason
from hotline.services.queueing import presence
from hotline.store.people.kept_forms import newest_kept_form

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

# A sign in a User-Agent header -> name; the first that is found counts, because most browsers name several.
_BROWSERS = (
    *(("MicroMessenger", "微信"), ("Edg", "Edge"), ("QQBrowser", "QQ"), ("OPR", "Opera")),
    *(("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)
_SYSTEMS = (
    *(("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android")),
    *(("HarmonyOS", "HarmonyOS"), ("Mac OS", "macOS"), ("Linux", "Linux")),
)
# Session key of the token.
SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class LandingPage:
    """The page a person sees after signing in: the first one their rights open."""

    endpoint: str
    right: Right


LANDING_PAGES = (
    LandingPage("desk.index", Right.TAKE_CALLS),
    LandingPage("unit.index", Right.HANDLE_TICKETS),
    LandingPage("tickets.index", Right.READ_ALL_TICKETS),
)


def signed_in_or_none() -> sign_ins.SignedIn | None:
    """Returns the person signed in at this browser, read once a request; None without a valid session.

    A person whose account was disabled during a talk is signed in for the controls of this talk alone.
    """
    if "signed_in" not in g:
        token = session.get(SIGN_IN)
        g.signed_in = None
        if isinstance(token, str):
            with application().read_session() as reading:
                g.signed_in = sign_ins.person_by_sign_in(reading, token, application().clock())
            _renew(g.signed_in, token)
    found = cast("sign_ins.SignedIn | None", g.signed_in)
    return None if found is not None and found.is_leaving and not g.get("serves_talk") else found


def _renew(found: sign_ins.SignedIn | None, token: str) -> None:
    """Prolongs a session that is in use; the heartbeat of an open desk is a use."""
    limit = options().idle_limit
    if found is not None and sign_ins.is_renewal_due(found.ends_at, application().clock(), limit):
        with application().unit_of_work(Machine.SYSTEM) as work:
            sign_ins.renew_sign_in(work, token, limit)


def signed_in() -> sign_ins.SignedIn:
    """Returns the person signed in at this browser. Raises Unauthorized without one; guard the page with `needs`."""
    found = signed_in_or_none()
    if found is None:
        raise Unauthorized
    return found


def current_person() -> Person:
    """Returns the acting person of this request: of the browser session, or of the API token."""
    person = g.get("token_person")
    return cast("Person", person) if person is not None else signed_in().person


def current_token_id() -> int:
    """Returns the API token's id of this request. Raises Unauthorized outside `needs_token`."""
    token_id = g.get("token_id")
    if token_id is None:
        raise Unauthorized
    return cast("int", token_id)


def needs(
    *rights: Right, serves_talk: bool = False, changes_password: bool = False
) -> Callable[[View[P]], View[P]]:
    """Guards a page: 303 to the sign-in page without a session, 403 without one of `rights` (none named: any person).

    A person whose password must be changed gets to the profile first, from every page but those with `changes_password`.
    `serves_talk`: the page belongs to the controls of a talk, which a person uses to its end although the account was
    disabled.
    """

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            g.serves_talk = serves_talk
            found = signed_in_or_none()
            if found is None:
                return _to_sign_in()
            if found.must_change_password and not changes_password:
                return _to_profile()
            if rights and not any(found.person.may(right) for right in rights):
                raise Forbidden
            return view(*args, **kwargs)

        return guarded

    return guard


def needs_token(*rights: Right) -> Callable[[View[P]], View[P]]:
    """Guards an API action: Unauthorized (with WWW-Authenticate) without a live bearer token, Forbidden without the right."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            _take_bearer_token()
            if rights and not any(current_person().may(right) for right in rights):
                raise Forbidden
            return view(*args, **kwargs)

        return guarded

    return guard


def _take_bearer_token() -> None:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer", {"realm": "hotline"}))
    found = tokens.find_program(application(), given.token)
    if found is None:
        raise Unauthorized(
            www_authenticate=WWWAuthenticate("bearer", {"realm": "hotline", "error": "invalid_token"})
        )
    if found.read_only and request.method not in {"GET", "HEAD"}:
        raise Forbidden
    g.token_person, g.token_id = found.person, found.token_id
    if found.is_use_due(application().clock()):
        with application().unit_of_work(Machine.SYSTEM) as work:
            tokens.record_use(work, found.token_id)


def _to_sign_in() -> ResponseReturnValue:
    """Redirects a page to the sign-in page and back afterwards, with what was typed kept. A script cannot fill a form: 401."""
    if request.headers.get("HX-Request") or request.accept_mimetypes.best == "application/json":
        return Response(status=401, headers={"HX-Redirect": url_for("auth.login")})
    if request.method == "GET":
        return redirect(url_for("auth.login", next=request.full_path.rstrip("?")), 303)
    token = session.get(SIGN_IN)
    kept_at = keep_request(KeptReason.EXPIRED, token if isinstance(token, str) else None)
    if kept_at is None and typed_fields():
        # The author is unknown, so the text can only be shown in the answer to this very request.
        raise Unauthorized
    return redirect(url_for("auth.login", next=kept_at, kept=1 if kept_at else None), 303)


def _to_profile() -> ResponseReturnValue:
    """Redirects to the profile, where the password is changed; a script, which cannot fill a form, gets 401."""
    if request.headers.get("HX-Request") or request.accept_mimetypes.best == "application/json":
        return Response(status=401, headers={"HX-Redirect": url_for("profile.index")})
    return redirect(url_for("profile.index"), 303)


def home_of(person: Person) -> str:
    """Returns the address of the first page `person` may open."""
    for page in LANDING_PAGES:
        if person.may(page.right):
            return url_for(page.endpoint)
    raise Forbidden


def home() -> ResponseReturnValue:
    found = signed_in_or_none()
    return redirect(home_of(found.person) if found else url_for("auth.login"), 303)


def show_login() -> ResponseReturnValue:
    found = signed_in_or_none()
    if found is not None:
        return redirect(home_of(found.person), 303)
    # An account of the demonstration is a link that fills in its name.
    chosen = request.args.get("name", "")
    name = chosen if any(account.name == chosen for account in options().demo_accounts) else ""
    return _login_page(name=name, notice=_notice(), back=local_address(request.args.get("next")))


def _login_page(*, name: str, back: str | None, error: str | None = None, notice: str = "") -> str:
    return render_template(
        "login.html",
        name=name,
        error=error,
        notice=notice,
        back=back,
        demo_accounts=options().demo_accounts,
    )


def _notice() -> str:
    """Returns the reason for which a person has to sign in again, or an empty text."""
    if "kept" in request.args:
        return str(_("登录已结束。您填写的内容已保存，登录后会放回原处，只有您本人能看到。"))
    return str(_("登录已过期，请重新登录。")) if SIGN_IN in session else ""


def take_login() -> ResponseReturnValue:
    """Checks name and password. 422 with the form kept if they are wrong; the log-in limits count only these."""
    name = request.form.get("name", "").strip()[:64]
    back = local_address(request.form.get("next"))
    with application().read_session() as reading:
        person = sign_ins.check_password(
            reading, name, request.form.get("password", "")[:MAX_PASSWORD_LENGTH], application().clock()
        )
    if person is None:
        with application().unit_of_work(Machine.SYSTEM) as work:
            sign_ins.record_failed_log_in(work, name)
        page = _login_page(name=name, error=_("用户名或密码不正确"), back=back)
        return page, 422
    begin_session(person)
    _tell_of_kept_form(person, back)
    response = redirect(back or home_of(person), 303)
    if (locale := signed_in().locale) in LOCALES:
        remember_locale(response, str(locale))
    return response


def begin_session(person: Person) -> None:
    """Signs `person` in at this browser; the former session of the browser's cookie is left behind."""
    agent = request.user_agent.string
    with application().unit_of_work(Machine.SYSTEM) as work:
        token = sign_ins.sign_in(work, person.id, options().idle_limit, client_name(agent))
    session.clear()
    session[SIGN_IN] = token
    g.pop("signed_in", None)


def client_name(agent: str) -> str:
    """Returns browser and system of a User-Agent header as people call them; empty for one that names neither."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return " · ".join(part for part in (browser, system) if part)


def _tell_of_kept_form(person: Person, back: str | None) -> None:
    """Shows the way to what this person typed earlier and could not send."""
    with application().read_session() as reading:
        kept = newest_kept_form(reading, person.id)
    if kept is not None and kept.address != back:
        link = Markup('<a href="{}">{}</a>').format(kept.address, _("打开"))
        flash(Markup("{} {}").format(_("您有填写后没有提交的内容。"), link), "warning")


def logout() -> ResponseReturnValue:
    """Ends the session and closes the desk. With an unfinished call the session stays, and the page says so."""
    token, found = session.get(SIGN_IN), signed_in_or_none()
    if found is not None and found.person.may(Right.TAKE_CALLS) and not _close_desk(found.person):
        flash(_("请先结束并处理完当前来电，再退出登录。"), "warning")
        return redirect(url_for("desk.index"), 303)
    if isinstance(token, str):
        with application().unit_of_work(Machine.SYSTEM) as work:
            sign_ins.sign_out(work, token)
    session.clear()
    return redirect(url_for("auth.login"), 303)


def _close_desk(person: Person) -> bool:
    """Closes this person's desk. Returns False if a call prevents it."""
    try:
        with application().unit_of_work(person) as work:
            presence.close_desk(work)
    except (LostRace, UnfinishedCall):
        return False
    return True


def local_address(raw: str | None) -> str | None:
    """Returns `raw` if it is a local path, otherwise None, so that no redirect leads to another site."""
    if (
        not raw
        or not raw.startswith("/")
        or raw.startswith(("//", "/\\"))
        or any(c in raw for c in "\r\n\t\\")
    ):
        return None
    return raw


def pages() -> Blueprint:
    blueprint = Blueprint("auth", __name__)
    blueprint.add_url_rule("/", "home", home)
    blueprint.add_url_rule("/login", "login", show_login)
    blueprint.add_url_rule("/login", "take_login", take_login, methods=["POST"])
    blueprint.add_url_rule("/logout", "logout", logout, methods=["POST"])
    return blueprint
