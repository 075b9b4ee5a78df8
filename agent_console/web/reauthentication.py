"""Asks for the password or the second factor again before a dangerous step, and goes on with what was typed.

The page that asks holds the refused form in hidden fields and sends it again to the same address with the proof. Nothing of
it is stored, and nothing is lost. A form with files cannot be held so; guard the step after it.
"""

from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from flask import render_template, request, session
from flask.typing import ResponseReturnValue

from agent_console.web import passkeys
from agent_console.web.auth import SIGN_IN, View, signed_in
from agent_console.web.console_context import application
from agent_console.web.proofs import MAX_CODE, code_problem, passkey_problem, password_problem
from hotline.rules.people.actors import Machine, Person
from hotline.rules.people.passwords import MAX_PASSWORD_LENGTH
from hotline.services.people import passwords, sign_ins
from hotline.store.people.factors import factor_kinds

P = ParamSpec("P")
# Fields of the proof; `kept_forms` never keeps them.
PASSWORD, CODE, PASSKEY = "proof_password", "proof_code", "proof_passkey"
_NOT_SENT_AGAIN = frozenset({"csrf_token", PASSWORD, CODE, PASSKEY})


def needs_recent_proof(view: View[P]) -> View[P]:
    """Guards a step of a page, inside `needs`: 403 with a page that asks for a proof if the last one is too old.

    The policy `reauthenticate_minutes` says how old it may be; 0: the step is not guarded. 422 for a wrong proof.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if _is_proof_recent():
            return view(*args, **kwargs)
        if not any(request.form.get(name) for name in (PASSWORD, CODE, PASSKEY)):
            return _page(None), 403
        problem = _proof_problem(signed_in().person)
        if problem is not None:
            return _page(problem), 422
        with application().unit_of_work(Machine.SYSTEM) as work:
            sign_ins.record_authentication(work, str(session.get(SIGN_IN)))
        return view(*args, **kwargs)

    return guarded


def _proof_problem(person: Person) -> str | None:
    password, code = request.form.get(PASSWORD, ""), request.form.get(CODE, "")
    if request.form.get(PASSKEY):
        return passkey_problem(person, PASSKEY)
    if code:
        return code_problem(person, code[:MAX_CODE])
    return password_problem(person, password[: MAX_PASSWORD_LENGTH + 1])


def _is_proof_recent() -> bool:
    minutes = application().policies.accounts.reauthenticate_minutes
    proved_at = signed_in().authenticated_at
    if minutes == 0:
        return True
    return proved_at is not None and application().clock() < proved_at + timedelta(minutes=minutes)


def _page(error: str | None) -> str:
    with application().read_session() as reading:
        kinds = factor_kinds(reading, signed_in().person.id)
        has_password = passwords.has_password(reading, signed_in().person.id)
    typed = [(name, text) for name, text in request.form.items(multi=True) if name not in _NOT_SENT_AGAIN]
    return render_template(
        "reauthentication.html",
        typed=typed,
        error=error,
        kinds=kinds,
        passkey_options=passkeys.request_options(signed_in().person.id),
        has_password=has_password,
    )
