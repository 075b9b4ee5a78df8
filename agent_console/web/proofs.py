"""Checks that the person at the browser is the one of its session: by password, or by a code of the second factor.

A wrong password or code counts towards the lock of the account, so that an unattended browser is no place to guess at.
"""

from flask_babel import gettext as _

from agent_console.web import passkeys
from agent_console.web.console_context import application, options
from agent_console.web.domain_errors import entry_of
from agent_console.web.labels import problem_label
from hotline.rules.errors import UnreadableSecret
from hotline.rules.people.actors import Machine, Person
from hotline.services.people import passwords, second_factors, sign_ins
from hotline.services.people.encryption import SecretCipher

# Characters of a typed code; a longer text is no code.
MAX_CODE = 64


def password_problem(person: Person, typed: str) -> str | None:
    """Returns the words of the problem with the person's typed password, or None for the right one."""
    with application().read_session() as reading:
        is_unlocked = sign_ins.unlocked_person(reading, person.id, application().clock()) is not None
        is_right = passwords.is_own_password(reading, person, typed)
    if is_unlocked and is_right:
        return None
    return _count(person, "wrong_password") if is_unlocked else _locked()


def code_problem(person: Person, typed: str) -> str | None:
    """Returns the words of the problem with a typed code, or None for a right one, which is used up."""
    try:
        with application().unit_of_work(person) as work:
            is_unlocked = sign_ins.unlocked_person(work.session, person.id, work.at) is not None
            is_right = is_unlocked and second_factors.use_code(work, person.id, typed, totp_cipher())
    except UnreadableSecret as error:
        return str(_(entry_of(error).words))
    if is_right:
        return None
    return _count(person, "wrong_code") if is_unlocked else _locked()


def passkey_problem(person: Person, field: str) -> str | None:
    """Returns the words of the problem with the passkey's answer in `field`, or None for the right one."""
    with application().read_session() as reading:
        is_unlocked = sign_ins.unlocked_person(reading, person.id, application().clock()) is not None
    if is_unlocked and passkeys.user_of_answer(person.id, field=field) is not None:
        return None
    return _count(person, "wrong_passkey") if is_unlocked else _locked()


def totp_cipher() -> SecretCipher:
    """Returns the cipher of the secrets of authenticator apps in this installation."""
    return second_factors.totp_cipher(options().secret_key)


def _count(person: Person, problem: str) -> str:
    with application().unit_of_work(Machine.SYSTEM) as work:
        sign_ins.record_wrong_proof(work, person.id)
    return problem_label(problem)


def _locked() -> str:
    return str(_("账号因连续输错已锁定，请稍后再试。"))
