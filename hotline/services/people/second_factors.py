"""Second factors: an authenticator app (TOTP), passkeys and recovery codes, set up by their owner and reset by an administrator."""

from datetime import datetime

import pyotp
from pyotp.utils import strings_equal
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.enums import FactorKind
from hotline.rules.errors import InvalidFields, NotAllowed
from hotline.rules.people.actors import Person
from hotline.rules.people.second_factors import (
    RECOVERY_CODE_LENGTH,
    RECOVERY_CODES,
    TOTP_DIGITS,
    TOTP_SECONDS,
    TOTP_WINDOW,
    is_recovery_code,
    is_totp_code,
    normalized_code,
)
from hotline.services.people import sign_ins
from hotline.services.people.encryption import SecretCipher
from hotline.services.people.factor_records import record_added, record_removed
from hotline.services.people.passwords import digest
from hotline.store.people.factors import Passkey, RecoveryCode, TotpFactor, factor_kinds
from hotline.store.people.tables import User
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork


def totp_cipher(secret_key: str) -> SecretCipher:
    """Returns the cipher of the secrets of authenticator apps."""
    return SecretCipher(secret_key, "totp")


def new_totp_secret() -> str:
    """Returns a secret for an authenticator app, base32."""
    return pyotp.random_base32()


def totp_uri(secret: str, account: str, issuer: str) -> str:
    """Returns the `otpauth://` address that an authenticator app reads from a QR code."""
    return _totp(secret).provisioning_uri(name=account, issuer_name=issuer)


def recovery_codes_left(session: Session, user_id: int) -> int:
    """Returns how many recovery codes the user has not used."""
    query = select(func.count()).select_from(RecoveryCode)
    return session.scalar(query.where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))) or 0


def add_totp(work: UnitOfWork, person: Person, secret: str, code: str, cipher: SecretCipher) -> None:
    """Sets up the authenticator app that shows `code`. Raises InvalidFields (`code`), NotAllowed if there is one."""
    interval = _matching_interval(secret, normalized_code(code), work.at)
    if interval is None:
        raise InvalidFields({"code": "wrong_code"})
    row = {
        "user_id": person.id,
        "secret": cipher.encrypt(secret),
        "last_interval": interval,
        "created_at": work.at,
    }
    if insert_if_absent(work.session, TotpFactor, TotpFactor.user_id, row) is None:
        raise NotAllowed("there is an authenticator app")
    record_added(work, person, FactorKind.TOTP)


def make_recovery_codes(work: UnitOfWork, person: Person) -> tuple[str, ...]:
    """Returns new recovery codes, the only time; the earlier ones end."""
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person.id))
    made = tuple(pyotp.random_base32()[:RECOVERY_CODE_LENGTH] for _ in range(RECOVERY_CODES))
    work.session.add_all(
        RecoveryCode(code_hash=_code_hash(person.id, code), user_id=person.id, created_at=work.at)
        for code in made
    )
    work.flush()
    work.record(events.RecoveryCodesMade(person.id))
    return made


def use_code(work: UnitOfWork, user_id: int, typed: str, cipher: SecretCipher) -> bool:
    """Returns whether a typed code is the app's present one or an unused recovery code; it is used up then.

    Raises UnreadableSecret if SECRET_KEY is not that of the enrolment; recovery codes work still.
    """
    code = normalized_code(typed)
    if is_recovery_code(code):
        unused = update(RecoveryCode).where(
            RecoveryCode.code_hash == _code_hash(user_id, code), RecoveryCode.used_at.is_(None)
        )
        if not updated_one(work.session, unused.values(used_at=work.at)):
            return False
        work.record(events.RecoveryCodeUsed(user_id))
        return True
    row = work.session.get(TotpFactor, user_id)
    if row is None or not is_totp_code(code):
        return False
    interval = _matching_interval(cipher.decrypt(row.secret), code, work.at)
    if interval is None:
        return False
    later = update(TotpFactor).where(TotpFactor.user_id == user_id, TotpFactor.last_interval < interval)
    return updated_one(work.session, later.values(last_interval=interval))


def remove_totp(work: UnitOfWork, person: Person) -> None:
    """Removes the person's own authenticator app, and the recovery codes with the last factor. Raises NotAllowed.

    A person whose role needs a second factor keeps one.
    """
    removed = delete(TotpFactor).where(TotpFactor.user_id == person.id)
    if not updated_one(work.session, removed):
        raise NotAllowed("there is no authenticator app")
    work.session.expire_all()
    record_removed(work, person, FactorKind.TOTP)


def reset_factors(work: UnitOfWork, user: User, reason: str = "") -> None:
    """Removes all second factors of another user, whose sessions end. Raises NotAllowed for oneself or without any."""
    if isinstance(work.actor, Person) and work.actor.id == user.id:
        raise NotAllowed("nobody resets their own second factor")
    if not factor_kinds(work.session, user.id):
        raise NotAllowed("there is no second factor")
    for table in (TotpFactor, Passkey):
        work.session.execute(delete(table).where(table.user_id == user.id))
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    work.session.expire_all()
    work.record(events.SecondFactorRemoved(user.id, None, reason))
    sign_ins.end_sessions(work, user.id)


def _totp(secret: str) -> pyotp.TOTP:
    return pyotp.TOTP(secret, digits=TOTP_DIGITS, interval=TOTP_SECONDS)


def _matching_interval(secret: str, code: str, at: datetime) -> int | None:
    """Returns the interval whose code is `code`, near `at`, or None."""
    totp = _totp(secret)
    now = totp.timecode(at)
    near = range(now - TOTP_WINDOW, now + TOTP_WINDOW + 1)
    # `TOTP.verify` says only whether a code fits; without its interval a code could be used twice.
    return next((each for each in near if strings_equal(totp.generate_otp(each), code)), None)


def _code_hash(user_id: int, code: str) -> str:
    return digest(f"{user_id}:{code}")
