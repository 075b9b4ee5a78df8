"""`/console/people`: accounts as their administrator sees them. Every change is recorded with who made it and why."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.people import forms
from agent_console.people.history import history_lines
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application, options
from agent_console.web.domain_errors import entry_of
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.kept_forms import page_key, read_kept
from agent_console.web.labels import N_, translated
from agent_console.web.reauthentication import needs_recent_proof
from agent_console.web.unit_choices import unit_choices
from hotline.rules.enums import Duty, Role
from hotline.rules.errors import DomainError
from hotline.rules.people.actors import Right
from hotline.rules.text import clean
from hotline.services.people import accounts, second_factors, sign_ins
from hotline.services.people.kept_forms import drop_form
from hotline.services.queueing import skills
from hotline.store.cursors import BadCursor, Page
from hotline.store.people.factors import factor_kinds
from hotline.store.people.tables import User
from hotline.store.people.units import list_units
from hotline.store.people.users import UserLine, account_history, list_users, skills_of_users
from hotline.unit_of_work import ReadSession, UnitOfWork

# Session key of a link that is shown once, with the id of its user.
SHOWN_LINK = "account_link"
ACCOUNT_STATES: dict[str, str] = {
    "active": N_("在用"),
    "disabled": N_("已停用"),
    "locked": N_("已锁定至"),
    "invited": N_("等待设置密码"),
    "must_change": N_("须改密码"),
}
ACTIVE, DISABLED, ALL = "active", "disabled", "all"


@needs(Right.MANAGE_PEOPLE)
def index() -> ResponseReturnValue:
    filters = Filters()
    page: Page[UserLine] = Page((), None)
    role, text = filters.choice(Role, "role"), filters.text("q")
    state = request.args.get("state", ACTIVE)
    wanted = {ACTIVE: True, DISABLED: False}.get(state)
    if state not in {ACTIVE, DISABLED, ALL}:
        filters.rejected.append("state")
    known: dict[int, tuple[str, ...]] = {}
    with application().read_session() as reading:
        try:
            if not filters.rejected:
                page = list_users(
                    reading, text=text, role=role, active=wanted, limit=PAGE_ROWS, cursor=filters.cursor
                )
                known = skills_of_users(reading, [line.user.id for line in page.rows])
        except BadCursor:
            filters.rejected.append("cursor")
    html = render_template(
        "people/list.html", filters=filters, page=page, roles=Role, skills=known, at=application().clock()
    )
    return html, 422 if filters.rejected else 200


@needs(Right.MANAGE_PEOPLE)
def new() -> ResponseReturnValue:
    kept = read_kept(current_person().id, "person")
    form = forms.BLANK if kept is None else forms.AccountForm({**forms.BLANK.typed, **kept.typed}, {}, kept)
    return _form_page(form)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def add() -> ResponseReturnValue:
    """Adds a person and shows the link with which they choose a password. A rejected form is shown again in full."""
    typed = forms.typed_account()
    try:
        account = forms.parse_account(typed)
        with application().unit_of_work(current_person()) as work:
            name = clean(typed["name"])
            user_id, token = accounts.invite_user(work, name, account)
            if account.person.may(Right.TAKE_CALLS):
                skills.set_skills(work, name, _listed(typed["skills"]))
            drop_form(work, current_person().id, page_key("person"))
    except DomainError as error:
        return _form_page(forms.refused(typed, error), error)
    _show_link(user_id, token)
    return redirect(url_for("people.show", user_id=user_id), 303)


@needs(Right.MANAGE_PEOPLE)
def show(user_id: int) -> ResponseReturnValue:
    return _person_page(user_id)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def change(user_id: int) -> ResponseReturnValue:
    """Saves the fields of an account and the skills of an operator."""
    typed = forms.typed_account()
    try:
        account = forms.parse_account(typed)
        with application().unit_of_work(current_person()) as work:
            user = _user(work.session, user_id)
            accounts.change_user(work, user.name, account, typed["reason"])
            if account.person.may(Right.TAKE_CALLS):
                skills.set_skills(work, user.name, _listed(typed["skills"]))
            drop_form(work, current_person().id, page_key("person", str(user_id)))
    except DomainError as error:
        return _person_page(user_id, forms.refused(typed, error), error)
    flash(_("已保存。"), "done")
    return redirect(url_for("people.show", user_id=user_id), 303)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def disable(user_id: int) -> ResponseReturnValue:
    successor, reason = request.form.get("successor", "").strip() or None, request.form.get("reason", "")

    def carry_out(work: UnitOfWork, user: User) -> str:
        accounts.disable_user(work, user.name, successor=successor, reason=reason)
        return str(_("账号已停用，已不能登录。"))

    return _act(user_id, carry_out)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def enable(user_id: int) -> ResponseReturnValue:
    reason = request.form.get("reason", "")

    def carry_out(work: UnitOfWork, user: User) -> str:
        accounts.enable_user(work, user.name, reason)
        return str(_("账号已启用，可用原密码登录。"))

    return _act(user_id, carry_out)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def unlock(user_id: int) -> ResponseReturnValue:
    def carry_out(work: UnitOfWork, user: User) -> str:
        accounts.unlock_user(work, user.name)
        return str(_("已解除锁定。"))

    return _act(user_id, carry_out)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def end_sessions(user_id: int) -> ResponseReturnValue:
    def carry_out(work: UnitOfWork, user: User) -> str:
        count = sign_ins.end_sessions(work, user.id)
        return str(_("已结束 %(n)s 个登录。", n=count))

    return _act(user_id, carry_out)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def reset(user_id: int) -> ResponseReturnValue:
    """Ends the person's sessions and shows a link for a new password."""

    def carry_out(work: UnitOfWork, user: User) -> str:
        _show_link(user.id, accounts.reset_password(work, user.name))
        return str(_("原密码已失效，该账号的所有登录已结束。"))

    return _act(user_id, carry_out)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def reset_factors(user_id: int) -> ResponseReturnValue:
    """Removes the second factors of a person who has lost them; the sessions end."""

    def carry_out(work: UnitOfWork, user: User) -> str:
        second_factors.reset_factors(work, user)
        return str(_("第二验证已重置，该账号的所有登录已结束。"))

    return _act(user_id, carry_out)


def _act(user_id: int, carry_out: Callable[[UnitOfWork, User], str]) -> ResponseReturnValue:
    """Carries out one step and returns to the person; a refusal is told there."""
    try:
        with application().unit_of_work(current_person()) as work:
            done = carry_out(work, _user(work.session, user_id))
    except DomainError as error:
        flash(_(entry_of(error).words), "warning")
    else:
        flash(done, "done")
    return redirect(url_for("people.show", user_id=user_id), 303)


def _person_page(
    user_id: int, form: forms.AccountForm | None = None, error: DomainError | None = None
) -> ResponseReturnValue:
    link = session.pop(SHOWN_LINK, None)
    at = application().clock()
    kept = read_kept(current_person().id, "person", str(user_id))
    with application().read_session() as reading:
        user = _user(reading, user_id)
        shown = form or forms.form_of(
            accounts.account_of(user), user.name, skills.skills_of(reading, user.id)
        ).with_kept(kept)
        html = render_template(
            "people/person.html",
            user=user,
            form=shown,
            error=None if error is None else _(entry_of(error).words),
            lines=history_lines(account_history(reading, user.id)),
            sessions=sign_ins.running_sessions(reading, user.id, at),
            factors=factor_kinds(reading, user.id),
            link=link["url"] if isinstance(link, dict) and link.get("user_id") == user.id else None,
            link_hours=application().policies.accounts.link_hours,
            writers=[
                name for name in accounts.active_people(reading, Right.WRITE_TICKETS) if name != user.name
            ],
            at=at,
            is_self=user.id == current_person().id,
            is_locked=user.locked_until is not None and user.locked_until > at,
            **_choices(reading),
        )
    return html, 422 if error is not None else 200


def _form_page(form: forms.AccountForm, error: DomainError | None = None) -> ResponseReturnValue:
    with application().read_session() as reading:
        html = render_template(
            "people/new.html",
            form=form,
            error=None if error is None else _(entry_of(error).words),
            **_choices(reading),
        )
    return html, 422 if error is not None else 200


def _choices(reading: ReadSession) -> dict[str, object]:
    return {
        "roles": Role,
        "duties": Duty,
        "duty_fields": forms.DUTY_FIELDS,
        "units": unit_choices(unit for unit in list_units(reading) if unit.active),
        "known_skills": sorted(application().policies.callers.skills),
    }


def _user(reading: ReadSession, user_id: int) -> User:
    user = reading.get(User, user_id)
    if user is None:
        raise NotFound
    return user


def _show_link(user_id: int, token: str) -> None:
    """Keeps a link for the next page of this browser, which shows it once."""
    address = options().public_url + url_for("account_links.choose", token=token)
    session[SHOWN_LINK] = {"user_id": user_id, "url": address}


def _listed(text: str) -> list[str]:
    return [
        skill
        for skill in (part.strip() for part in text.replace("、", ",").replace("，", ",").split(","))
        if skill
    ]


def account_state_label(state: str) -> str:
    return translated(ACCOUNT_STATES, state)


def pages() -> Blueprint:
    blueprint = Blueprint("people", __name__, url_prefix="/console/people")
    blueprint.add_app_template_global(accounts.state_of, "account_state")
    blueprint.add_app_template_global(account_state_label, "account_state_label")
    add_rule = blueprint.add_url_rule
    one = "/<int(max=2147483647):user_id>"
    add_rule("", "index", index)
    add_rule("/new", "new", new)
    add_rule("/new", "add", add, methods=["POST"])
    add_rule(one, "show", show)
    add_rule(one, "change", change, methods=["POST"])
    for step in (disable, enable, unlock, reset, reset_factors, end_sessions):
        add_rule(f"{one}/{step.__name__.replace('_', '-')}", step.__name__, step, methods=["POST"])
    return blueprint
