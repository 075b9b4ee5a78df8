"""`/console/people/tokens`: the API tokens of programs, made, looked through and revoked by an administrator."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.domain_errors import entry_of
from agent_console.web.kept_forms import RejectedForm, page_key, read_kept
from agent_console.web.labels import N_, translated
from agent_console.web.reauthentication import needs_recent_proof
from hotline.rules.errors import DomainError
from hotline.rules.people.actors import Right
from hotline.services.people import tokens
from hotline.services.people.kept_forms import drop_form
from hotline.store.people.users import list_users

# Session key of a token that is shown once.
SHOWN_TOKEN = "api_token"  # noqa: S105 (the name of a key)
STATES: dict[str, str] = {"live": N_("有效"), "expired": N_("已到期"), "revoked": N_("已吊销")}
# Days for which a token is valid -> label; empty: without an end.
LIFETIMES: dict[str, str] = {"90": N_("90 天"), "365": N_("一年"), "": N_("不限期")}
MOST_USERS = 10_000


@needs(Right.MANAGE_PEOPLE)
def index() -> ResponseReturnValue:
    kept = read_kept(current_person().id, "token")
    return _page({} if kept is None else dict(kept.typed), "", kept)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def create() -> ResponseReturnValue:
    """Makes a token and shows it once. A rejected form is shown again."""
    typed = {name: request.form.get(name, "").strip() for name in ("name", "user", "scope", "days")}
    try:
        with application().unit_of_work(current_person()) as work:
            made = tokens.create_token(
                work,
                name=typed["name"],
                user_name=typed["user"],
                read_only=typed["scope"] == "read",
                expires_at=work.at + timedelta(days=int(typed["days"]))
                if typed["days"] in LIFETIMES and typed["days"]
                else None,
            )
            drop_form(work, current_person().id, page_key("token"))
    except DomainError as error:
        return _page(typed, _(entry_of(error).words) if typed["name"] else _("请填写用途。"))
    session[SHOWN_TOKEN] = made
    return redirect(url_for("people_tokens.index"), 303)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def revoke(token_id: int) -> ResponseReturnValue:
    try:
        with application().unit_of_work(current_person()) as work:
            tokens.revoke_token(work, token_id)
    except DomainError as error:
        flash(_(entry_of(error).words), "warning")
    else:
        flash(_("令牌已吊销，几秒内失效。"), "done")
    return redirect(url_for("people_tokens.index"), 303)


def _page(typed: dict[str, str], error: str, kept: RejectedForm | None = None) -> ResponseReturnValue:
    with application().read_session() as reading:
        html = render_template(
            "people/tokens.html",
            rows=tokens.list_tokens(reading),
            users=[line.user for line in list_users(reading, active=True, limit=MOST_USERS).rows],
            typed=typed,
            kept=kept,
            error=error,
            token=session.pop(SHOWN_TOKEN, None),
            lifetimes=LIFETIMES,
            at=application().clock(),
        )
    return html, 422 if error else 200


def token_state_label(state: str) -> str:
    return translated(STATES, state)


def pages() -> Blueprint:
    blueprint = Blueprint("people_tokens", __name__, url_prefix="/console/people/tokens")
    blueprint.add_app_template_global(tokens.state_of, "token_state")
    blueprint.add_app_template_global(token_state_label, "token_state_label")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("", "create", create, methods=["POST"])
    blueprint.add_url_rule("/<int(max=2147483647):token_id>/revoke", "revoke", revoke, methods=["POST"])
    return blueprint
