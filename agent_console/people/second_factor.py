"""`/console/profile/second-factor`: a person sets up an authenticator app or passkeys, and gets recovery codes."""

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web import passkeys
from agent_console.web.auth import current_person, home_of, needs, signed_in
from agent_console.web.console_context import application
from agent_console.web.domain_errors import entry_of
from agent_console.web.labels import problem_label
from agent_console.web.proofs import MAX_CODE, code_problem, totp_cipher
from agent_console.web.reauthentication import needs_recent_proof
from hotline.rules.enums import FactorKind
from hotline.rules.errors import DomainError, InvalidFields, UnreadableSecret
from hotline.rules.people.second_factors import needs_second_factor, shown_code
from hotline.rules.phone_numbers import format_national
from hotline.rules.text import clean
from hotline.services.people import passkeys as services_passkeys
from hotline.services.people import second_factors
from hotline.store.people.factors import factor_kinds
from hotline.store.people.tables import User

# Session keys: the secret of an app that is not confirmed, encrypted; codes that are shown once.
PENDING, SHOWN_CODES = "totp_secret", "recovery_codes"


@needs(own_account=True)
def index() -> ResponseReturnValue:
    return _page({})


@needs(own_account=True)
@needs_recent_proof
def add_totp() -> ResponseReturnValue:
    """Sets up the app whose code was typed, and shows recovery codes once. 422 for a wrong code; the QR code stays."""
    person = current_person()
    try:
        with application().unit_of_work(person) as work:
            second_factors.add_totp(work, person, _pending_secret(), _code(), totp_cipher())
            made = second_factors.make_recovery_codes(work, person)
    except InvalidFields as error:
        return _page({name: problem_label(code) for name, code in error.errors.items()})
    except DomainError as error:
        flash(_(entry_of(error).words), "warning")
        return redirect(url_for("second_factor.index"), 303)
    session.pop(PENDING, None)
    session[SHOWN_CODES] = list(made)
    flash(_("第二验证已启用。以后登录时，输入密码后还要输入验证器上的六位数字。"), "done")
    return redirect(url_for("second_factor.index"), 303)


@needs(own_account=True)
def make_recovery_codes() -> ResponseReturnValue:
    """Shows new recovery codes once, for a right code of the app. 422 otherwise."""
    person = current_person()
    if (error := code_problem(person, _code())) is not None:
        return _page({"recovery": error})
    with application().unit_of_work(person) as work:
        made = second_factors.make_recovery_codes(work, person)
    session[SHOWN_CODES] = list(made)
    return redirect(url_for("second_factor.index"), 303)


@needs(own_account=True)
def remove_totp() -> ResponseReturnValue:
    """Removes the app, for a right code of it. 422 otherwise."""
    person = current_person()
    if (error := code_problem(person, _code())) is not None:
        return _page({"remove": error})
    try:
        with application().unit_of_work(person) as work:
            second_factors.remove_totp(work, person)
    except DomainError as refusal:
        flash(_(entry_of(refusal).words), "warning")
    else:
        flash(_("验证器已停用。"), "done")
    return redirect(url_for("second_factor.index"), 303)


@needs(own_account=True)
@needs_recent_proof
def add_passkey() -> ResponseReturnValue:
    """Registers the passkey that the browser made; with the first factor recovery codes are shown once. 422 otherwise."""
    person, party, challenge = (
        current_person(),
        passkeys.relying_party(),
        passkeys.take_challenge(passkeys.CREATION),
    )
    if party is None or challenge is None:
        return _page({"credential": problem_label("wrong_passkey")})
    made: tuple[str, ...] = ()
    try:
        with application().unit_of_work(person) as work:
            services_passkeys.add_passkey(
                work,
                person,
                party,
                name=clean(request.form.get("passkey_name", "")),
                credential=request.form.get(passkeys.CREDENTIAL, ""),
                challenge=challenge,
            )
            if not second_factors.recovery_codes_left(work.session, person.id):
                made = second_factors.make_recovery_codes(work, person)
    except InvalidFields as error:
        return _page({name: problem_label(code) for name, code in error.errors.items()})
    except DomainError as error:
        flash(_(entry_of(error).words), "warning")
        return redirect(url_for("second_factor.index"), 303)
    if made:
        session[SHOWN_CODES] = list(made)
    flash(_("通行密钥已添加。"), "done")
    return redirect(url_for("second_factor.index"), 303)


@needs(own_account=True)
@needs_recent_proof
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    try:
        with application().unit_of_work(current_person()) as work:
            services_passkeys.remove_passkey(work, current_person(), passkey_id)
    except DomainError as error:
        flash(_(entry_of(error).words), "warning")
    else:
        flash(_("通行密钥已删除。"), "done")
    return redirect(url_for("second_factor.index"), 303)


def _page(errors: dict[str, str]) -> ResponseReturnValue:
    found = signed_in()
    with application().read_session() as reading:
        kinds = factor_kinds(reading, found.person.id)
        user = reading.get_one(User, found.person.id)
        own_passkeys = services_passkeys.list_passkeys(reading, user.id)
        left = second_factors.recovery_codes_left(reading, found.person.id)
    secret = "" if FactorKind.TOTP in kinds else _pending_secret()
    issuer = f"{_('马上就办一线通')} {format_national(application().policies.number)}"
    address = second_factors.totp_uri(secret, found.name, issuer) if secret else ""
    policy = application().policies.accounts
    html = render_template(
        "people/second_factor.html",
        kinds=kinds,
        passkeys=own_passkeys,
        passkey_options=passkeys.registration_options(user),
        typed_name=request.form.get("passkey_name", ""),
        codes_left=left,
        secret=shown_code(secret),
        address=address,
        picture=segno.make(address, micro=False).svg_data_uri(scale=4, border=4) if address else "",
        codes=[shown_code(code) for code in session.pop(SHOWN_CODES, ())],
        errors=errors,
        must_add=found.needs_factor,
        is_needed=needs_second_factor(found.person.role, policy),
        home=home_of(found.person),
    )
    return html, 422 if errors else 200


def _pending_secret() -> str:
    """Returns the secret that this browser is shown; a reload shows the same, so that a scanned code stays right."""
    kept = session.get(PENDING)
    try:
        return totp_cipher().decrypt(str(kept))
    except UnreadableSecret:
        secret = second_factors.new_totp_secret()
        # A cookie is signed and can be read by anyone who gets hold of it.
        session[PENDING] = totp_cipher().encrypt(secret)
        return secret


def _code() -> str:
    return request.form.get("code", "")[:MAX_CODE]


def pages() -> Blueprint:
    blueprint = Blueprint("second_factor", __name__, url_prefix="/console/profile/second-factor")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/totp", "add_totp", add_totp, methods=["POST"])
    blueprint.add_url_rule("/recovery-codes", "make_recovery_codes", make_recovery_codes, methods=["POST"])
    blueprint.add_url_rule("/passkeys", "add_passkey", add_passkey, methods=["POST"])
    blueprint.add_url_rule(
        "/passkeys/<int(max=2147483647):passkey_id>/remove",
        "remove_passkey",
        remove_passkey,
        methods=["POST"],
    )
    blueprint.add_url_rule("/remove", "remove_totp", remove_totp, methods=["POST"])
    return blueprint
