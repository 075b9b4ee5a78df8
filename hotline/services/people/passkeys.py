"""Passkeys (WebAuthn): registered, listed and removed by their owner, used as second factor or alone."""

import hashlib
import struct
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hotline.rules.enums import FactorKind
from hotline.rules.errors import InvalidFields, NotAllowed
from hotline.rules.people.accounts import name_problem
from hotline.rules.people.actors import Person
from hotline.services.people.factor_records import record_added, record_removed
from hotline.services.people.passwords import digest
from hotline.store.people.factors import Passkey
from hotline.store.people.tables import User
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork

MAX_PASSKEYS, MAX_NAME = 10, 60
# Characters of a browser's answer; a credential with its attestation has some two thousand.
MAX_CREDENTIAL = 20_000
# The untrusted answers of browsers raise these in the library that reads them.
_NONSENSE = (WebAuthnException, struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Our side as browsers know it: `id` is the host name, `origin` scheme, host and port."""

    id: str
    name: str
    origin: str


def registration_options(session: Session, party: RelyingParty, user: User, challenge: bytes) -> str:
    """Returns the options of `navigator.credentials.create`, as JSON."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_name=user.name,
        user_display_name=user.display_name,
        user_id=hashlib.sha256(f"hotline user {user.id}".encode()).digest(),
        challenge=challenge,
        exclude_credentials=_descriptors(session, user.id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    return options_to_json(options)


def request_options(session: Session, party: RelyingParty, challenge: bytes, user_id: int | None) -> str:
    """Returns the options of `navigator.credentials.get`, as JSON: for a known user, or for whoever has a passkey here."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        allow_credentials=None if user_id is None else _descriptors(session, user_id),
        user_verification=UserVerificationRequirement.REQUIRED
        if user_id is None
        else UserVerificationRequirement.PREFERRED,
    )
    return options_to_json(options)


def add_passkey(
    work: UnitOfWork, person: Person, party: RelyingParty, *, name: str, credential: str, challenge: bytes
) -> None:
    """Registers the passkey that the browser made. Raises InvalidFields (`name`, `credential`), NotAllowed beyond ten."""
    problem = name_problem("passkey_name", name, MAX_NAME)
    if problem:
        raise InvalidFields(problem)
    if len(list_passkeys(work.session, person.id)) >= MAX_PASSKEYS:
        raise NotAllowed("a person has ten passkeys at most")
    try:
        made = verify_registration_response(
            credential=credential[:MAX_CREDENTIAL],
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except _NONSENSE:
        raise InvalidFields({"credential": "wrong_passkey"}) from None
    row = {
        "user_id": person.id,
        "credential_hash": _key_hash(made.credential_id),
        "credential_id": bytes_to_base64url(made.credential_id),
        "public_key": bytes_to_base64url(made.credential_public_key),
        "sign_count": made.sign_count,
        "name": name,
        "created_at": work.at,
        "last_used_at": None,
    }
    if insert_if_absent(work.session, Passkey, Passkey.id, row) is None:
        raise InvalidFields({"credential": "wrong_passkey"})
    record_added(work, person, FactorKind.PASSKEY)


def use_passkey(
    work: UnitOfWork,
    party: RelyingParty,
    *,
    credential: str,
    challenge: bytes,
    user_id: int | None,
    alone: bool = False,
) -> int | None:
    """Returns the user whose passkey has signed the challenge, or None; with `user_id` that user's passkeys alone count.

    `alone`: it replaces the password as well, so the authenticator must have verified its user (by PIN or fingerprint).
    """
    try:
        answer = parse_authentication_credential_json(credential[:MAX_CREDENTIAL])
        row = work.session.scalar(select(Passkey).where(Passkey.credential_hash == _key_hash(answer.raw_id)))
        if row is None or (user_id is not None and row.user_id != user_id):
            return None
        proved = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
            require_user_verification=alone,
        )
    except _NONSENSE:
        return None
    unchanged = update(Passkey).where(Passkey.id == row.id, Passkey.sign_count == row.sign_count)
    used = unchanged.values(sign_count=proved.new_sign_count, last_used_at=work.at)
    return row.user_id if updated_one(work.session, used) else None


def remove_passkey(work: UnitOfWork, person: Person, passkey_id: int) -> None:
    """Removes a passkey of the person. Raises NotAllowed for an unknown one, and for the last factor of who needs one."""
    mine = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == person.id)
    if not updated_one(work.session, mine):
        raise NotAllowed("there is no such passkey")
    record_removed(work, person, FactorKind.PASSKEY)


def list_passkeys(session: Session, user_id: int) -> list[Passkey]:
    """Returns the passkeys of a user, the oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)))


def _descriptors(session: Session, user_id: int) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id))
        for each in list_passkeys(session, user_id)
    ]


def _key_hash(credential_id: bytes) -> str:
    return digest(bytes_to_base64url(credential_id))
