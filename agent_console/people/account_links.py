"""`/account/TOKEN`: a person chooses a password by a link from their administrator, and is signed in."""

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web.console_context import application
from agent_console.web.labels import problem_label
from agent_console.web.log_in import continue_log_in, may_log_in_locally
from hotline.rules.errors import InvalidFields, NoSuchLink
from hotline.rules.people.actors import Machine
from hotline.rules.people.passwords import MAX_PASSWORD_LENGTH
from hotline.services.people import passwords


def choose(token: str) -> ResponseReturnValue:
    return _page(token, {})


def take(token: str) -> ResponseReturnValue:
    """Sets the password and signs the person in. 422 with the reason beside the field; the link stays valid then."""
    new, again = (request.form.get(name, "")[: MAX_PASSWORD_LENGTH + 1] for name in ("new", "again"))
    if new != again:
        return _page(token, {"again": problem_label("not_the_same")})
    try:
        with application().read_only_unit(Machine.SYSTEM) as work:
            owner = passwords.find_link(work, token)[1].name
        if not may_log_in_locally(owner):
            return _page(token, {"new": _("请用统一身份认证登录；密码登录只留给应急账号。")})
        with application().unit_of_work(Machine.SYSTEM) as work:
            person = passwords.use_link(work, token, new)
    except NoSuchLink:
        return _page(token, {})
    except InvalidFields as error:
        return _page(token, {name: problem_label(code) for name, code in error.errors.items()})
    # Who has a second factor is asked for it: the link proves no more than a password.
    response = continue_log_in(person, None)
    flash(_("密码已设置。"), "done")
    return response


def _page(token: str, errors: dict[str, str]) -> ResponseReturnValue:
    policy = application().policies.accounts
    try:
        with application().read_only_unit(Machine.SYSTEM) as work:
            link, user = passwords.find_link(work, token)
            html = render_template(
                "people/choose_password.html", link=link, user=user, errors=errors, policy=policy
            )
    except NoSuchLink:
        return render_template("people/link_over.html"), 410
    return html, 422 if errors else 200


def pages() -> Blueprint:
    blueprint = Blueprint("account_links", __name__, url_prefix="/account")
    blueprint.add_url_rule("/<string(maxlength=64):token>", "choose", choose)
    blueprint.add_url_rule("/<string(maxlength=64):token>", "take", take, methods=["POST"])
    return blueprint
