"""`/console/profile`: one's own account, password and sessions. The password is changed here before anything else if it must be."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web.auth import SIGN_IN, current_person, needs, signed_in
from agent_console.web.console_context import application
from agent_console.web.labels import problem_label
from agent_console.web.proofs import password_problem
from hotline.rules.errors import InvalidFields
from hotline.rules.people.passwords import MAX_PASSWORD_LENGTH
from hotline.services.people import passwords, sign_ins
from hotline.store.people.factors import factor_kinds
from hotline.store.people.tables import Unit, User


@needs(own_account=True)
def index() -> ResponseReturnValue:
    return _page({})


@needs(own_account=True)
def change_password() -> ResponseReturnValue:
    """Changes the password and ends the person's other sessions. 422 with the reason beside the field otherwise."""
    current, new, again = (
        request.form.get(name, "")[: MAX_PASSWORD_LENGTH + 1] for name in ("current", "new", "again")
    )
    person = current_person()
    if (problem := password_problem(person, current)) is not None:
        return _page({"current": problem})
    if new != again:
        return _page({"again": problem_label("not_the_same")})
    try:
        with application().unit_of_work(person) as work:
            passwords.change_own_password(work, person, new)
            sign_ins.end_sessions(work, person.id, except_token=str(session.get(SIGN_IN)))
    except InvalidFields as error:
        return _page({name: problem_label(code) for name, code in error.errors.items()})
    flash(_("密码已修改。其他设备上的登录已结束。"), "done")
    return redirect(url_for("profile.index"), 303)


@needs(own_account=True)
def end_session() -> ResponseReturnValue:
    """Ends another session of the person."""
    key = request.form.get("key", "")[:64]
    with application().unit_of_work(current_person()) as work:
        is_ended = sign_ins.end_session(work, current_person(), key)
    if is_ended:
        flash(_("已结束该登录。"), "done")
    else:
        flash(_("该登录已不存在。"), "warning")
    return redirect(url_for("profile.index"), 303)


def _page(errors: dict[str, str]) -> ResponseReturnValue:
    found = signed_in()
    token = str(session.get(SIGN_IN))
    with application().read_session() as reading:
        user = reading.get_one(User, found.person.id)
        html = render_template(
            "people/profile.html",
            user=user,
            unit=reading.get(Unit, user.unit_code) if user.unit_code else None,
            sessions=sign_ins.running_sessions(reading, user.id, application().clock(), token),
            factors=factor_kinds(reading, user.id),
            errors=errors,
            must_change=found.must_change_password,
            policy=application().policies.accounts,
        )
    return html, 422 if errors else 200


def pages() -> Blueprint:
    blueprint = Blueprint("profile", __name__, url_prefix="/console/profile")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/password", "change_password", change_password, methods=["POST"])
    blueprint.add_url_rule("/end-session", "end_session", end_session, methods=["POST"])
    return blueprint
