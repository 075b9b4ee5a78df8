"""The person of a request, and the two guards of pages (`needs`) and API actions (`needs_token`).

The browser holds a random token inside the signed session cookie; `sign_ins` holds only its hash. A session can be
revoked, and a stolen database gives no access.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, cast

from flask import Response, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from agent_console.web.console_context import application, options
from agent_console.web.kept_forms import keep_request, typed_fields
from hotline.rules.people.actors import Machine, Person, Right
from hotline.services.people import sign_ins, tokens
from hotline.services.people.kept_forms import KeptReason

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

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
    *rights: Right, serves_talk: bool = False, own_account: bool = False
) -> Callable[[View[P]], View[P]]:
    """Guards a page: 303 to the sign-in page without a session, 403 without one of `rights` (none named: any person).

    A person whose password must be changed, or who must set up a second factor, gets to the page for it first, from every
    page but those with `own_account`.
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
            if not own_account and (demanded := _demanded_page(found)) is not None:
                return _to_own_account(demanded)
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


def _demanded_page(found: sign_ins.SignedIn) -> str | None:
    """Returns the endpoint of the page on which the person has to do something before anything else, or None."""
    if found.must_change_password:
        return "profile.index"
    return "second_factor.index" if found.needs_factor else None


def _to_own_account(endpoint: str) -> ResponseReturnValue:
    """Redirects to a page of the person's own account; a script, which cannot fill a form, gets 401."""
    if request.headers.get("HX-Request") or request.accept_mimetypes.best == "application/json":
        return Response(status=401, headers={"HX-Redirect": url_for(endpoint)})
    return redirect(url_for(endpoint), 303)


def home_of(person: Person) -> str:
    """Returns the address of the first page `person` may open."""
    for page in LANDING_PAGES:
        if person.may(page.right):
            return url_for(page.endpoint)
    raise Forbidden


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
