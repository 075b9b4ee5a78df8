"""Logging in with a password, the second step of it, and logging out."""

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from agent_console.web import passkeys
from agent_console.web.auth import SIGN_IN, home_of, local_address, signed_in, signed_in_or_none
from agent_console.web.console_context import application, options
from agent_console.web.domain_errors import entry_of
from agent_console.web.locale import LOCALES, remember_locale
from agent_console.web.proofs import MAX_CODE, totp_cipher
from hotline.rules.enums import LogInStepKind
from hotline.rules.errors import LostRace, UnfinishedCall, UnreadableSecret
from hotline.rules.people.actors import Machine, Person, Right
from hotline.rules.people.passwords import MAX_PASSWORD_LENGTH
from hotline.rules.people.second_factors import MAX_TRIES
from hotline.rules.policies import LocalLogIn
from hotline.services.people import log_in_steps, second_factors, sign_ins
from hotline.services.queueing import presence
from hotline.store.people.factors import factor_kinds, has_any_passkey
from hotline.store.people.kept_forms import newest_kept_form
from hotline.store.people.tables import User

# Session key of the step of a log-in that is not complete.
STEP = "log_in_step"

# A sign in a User-Agent header -> name; the first that is found counts, because most browsers name several.
_BROWSERS = (
    *(("MicroMessenger", "微信"), ("Edg", "Edge"), ("QQBrowser", "QQ"), ("OPR", "Opera")),
    *(("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)
_SYSTEMS = (
    *(("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android")),
    *(("HarmonyOS", "HarmonyOS"), ("Mac OS", "macOS"), ("Linux", "Linux")),
)


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
        passkey_options=passkeys.request_options(None) if _has_passkeys() else "",
        has_provider=options().provider is not None,
        local_log_in=application().policies.accounts.local_log_in,
    )


def _has_passkeys() -> bool:
    """Returns whether anyone here has a passkey."""
    with application().read_session() as reading:
        return has_any_passkey(reading)


def take_passkey() -> ResponseReturnValue:
    """Signs in the person whose passkey has signed the page's challenge and verified its user. 422 otherwise."""
    back = local_address(request.form.get("next"))
    person = passkeys.user_of_answer(None, alone=True)
    name = "" if person is None else _name_of(person)
    if person is None or not may_log_in_locally(name):
        error = (
            _("通行密钥没有通过核验，请重试")
            if local_log_in_is_open()
            else _("通行密钥没有通过核验；不经统一身份认证的登录只留给应急账号")
        )
        return _login_page(name="", error=error, back=back), 422
    # It is two proofs at once: the authenticator, and the PIN or fingerprint that it has asked for.
    return complete_log_in(person, back)


def _name_of(person: Person) -> str:
    with application().read_session() as reading:
        return reading.get_one(User, person.id).name


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
    is_local = may_log_in_locally(name)
    if person is None or not is_local:
        with application().unit_of_work(Machine.SYSTEM) as work:
            sign_ins.record_failed_log_in(work, name)
        # The same words for every name: the page does not tell which accounts are for emergencies.
        error = (
            _("用户名或密码不正确")
            if local_log_in_is_open()
            else _("用户名或密码不正确；密码登录只留给应急账号")
        )
        page = _login_page(name=name, error=error, back=back)
        return page, 422
    return continue_log_in(person, back)


def may_log_in_locally(name: str) -> bool:
    """Returns whether the account may log in here without the identity provider."""
    return options().provider is None or application().policies.accounts.may_log_in_locally(name)


def local_log_in_is_open() -> bool:
    """Returns whether every account may log in here without the identity provider."""
    return options().provider is None or application().policies.accounts.local_log_in is LocalLogIn.ALL


def continue_log_in(person: Person, back: str | None) -> ResponseReturnValue:
    """Asks a person whose password was right for the second factor, or signs in one who has none."""
    with application().read_session() as reading:
        has_factor = bool(factor_kinds(reading, person.id))
    if not has_factor:
        return complete_log_in(person, back)
    with application().unit_of_work(Machine.SYSTEM) as work:
        session[STEP] = log_in_steps.begin_step(
            work, LogInStepKind.SECOND_FACTOR, {"back": back}, user_id=person.id
        )
    return redirect(url_for("auth.show_second_factor"), 303)


def show_second_factor() -> ResponseReturnValue:
    with application().read_only_unit(Machine.SYSTEM) as work:
        step = log_in_steps.find_step(work, LogInStepKind.SECOND_FACTOR, _step_token())
    return _begin_anew() if step is None or step.user_id is None else _second_factor_page(step.user_id)


def take_second_factor() -> ResponseReturnValue:
    """Checks the code and signs the person in. 422 for a wrong one; after some of them the log-in begins anew."""
    token = _step_token()
    with application().unit_of_work(Machine.SYSTEM) as work:
        step = log_in_steps.find_step(work, LogInStepKind.SECOND_FACTOR, token)
        # Counted and committed before the code is judged, so that guesses sent at the same time count too.
        may_try = step is not None and log_in_steps.count_try(work, token, MAX_TRIES)
    if step is None or step.user_id is None or not may_try:
        return _begin_anew()
    try:
        person = _use_factor(step.user_id, token)
    except UnreadableSecret as error:
        return _second_factor_page(step.user_id, _(entry_of(error).words)), 422
    if person is None:
        with application().unit_of_work(Machine.SYSTEM) as work:
            sign_ins.record_wrong_proof(work, step.user_id)
        return _second_factor_page(step.user_id, _("验证码不正确，或已用过。")), 422
    return complete_log_in(person, step.data.get("back"))


def _second_factor_page(user_id: int, error: str | None = None) -> str:
    with application().read_session() as reading:
        kinds = factor_kinds(reading, user_id)
    return render_template(
        "second_factor.html", error=error, kinds=kinds, passkey_options=passkeys.request_options(user_id)
    )


def _use_factor(user_id: int, token: str) -> Person | None:
    """Returns the person if the passkey or code of this request is right and the account neither locked nor disabled."""
    if request.form.get(passkeys.CREDENTIAL):
        person = passkeys.user_of_answer(user_id)
        if person is None:
            return None
        with application().unit_of_work(Machine.SYSTEM) as work:
            return person if log_in_steps.end_step(work, LogInStepKind.SECOND_FACTOR, token) else None
    with application().unit_of_work(Machine.SYSTEM) as work:
        person = sign_ins.unlocked_person(work.session, user_id, work.at)
        cipher = totp_cipher()
        is_right = person is not None and second_factors.use_code(
            work, user_id, request.form.get("code", "")[:MAX_CODE], cipher
        )
        if not is_right or log_in_steps.end_step(work, LogInStepKind.SECOND_FACTOR, token) is None:
            return None
    return person


def _step_token() -> str:
    return str(session.get(STEP, ""))


def _begin_anew() -> ResponseReturnValue:
    """Leads back to the password: the step is over, or had too many wrong codes."""
    session.pop(STEP, None)
    flash(_("登录没有在十分钟内完成，或验证码输错次数过多。请重新登录。"), "warning")
    return redirect(url_for("auth.login"), 303)


def complete_log_in(
    person: Person, back: str | None, *, provider_session: str | None = None
) -> ResponseReturnValue:
    """Signs the person in and leads to `back` or to the first page the person may open."""
    begin_session(person, provider_session=provider_session)
    _tell_of_kept_form(person, back)
    response = redirect(back or home_of(person), 303)
    if (locale := signed_in().locale) in LOCALES:
        remember_locale(response, str(locale))
    return response


def begin_session(person: Person, *, provider_session: str | None = None) -> None:
    """Signs `person` in at this browser; the former session of the browser's cookie is left behind."""
    agent = request.user_agent.string
    with application().unit_of_work(Machine.SYSTEM) as work:
        token = sign_ins.sign_in(
            work,
            person.id,
            options().idle_limit,
            client_name(agent),
            provider_session=provider_session,
        )
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


def pages() -> Blueprint:
    blueprint = Blueprint("auth", __name__)
    blueprint.add_url_rule("/", "home", home)
    blueprint.add_url_rule("/login", "login", show_login)
    blueprint.add_url_rule("/login", "take_login", take_login, methods=["POST"])
    blueprint.add_url_rule("/login/passkey", "take_passkey", take_passkey, methods=["POST"])
    blueprint.add_url_rule("/login/second-factor", "show_second_factor", show_second_factor)
    blueprint.add_url_rule("/login/second-factor", "take_second_factor", take_second_factor, methods=["POST"])
    blueprint.add_url_rule("/logout", "logout", logout, methods=["POST"])
    return blueprint
