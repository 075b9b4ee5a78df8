"""Finds the account of a person whom the identity provider has logged in, and ends sessions that end there."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.gateways.identity_provider import Identity, LogOut
from hotline.rules.enums import LogInStepKind
from hotline.rules.errors import NoProviderAccount, NotAllowed, UnknownUnit, UnmappedClaims
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import ALL_DUTIES, Person
from hotline.rules.people.provider_claims import ClaimedAccount, ClaimMapping, read_claims
from hotline.rules.policies import ProviderAccounts
from hotline.rules.text import is_storable
from hotline.services.people import accounts, log_in_steps, sign_ins
from hotline.services.people.passwords import digest
from hotline.store.people.factors import ProviderLink
from hotline.store.people.tables import SignIn, User
from hotline.store.people.users import as_person, find_user
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork

# Characters, as in the column (OpenID Connect Core 1.0, 2: at most 255).
MAX_SUBJECT = 255


def person_of(work: UnitOfWork, identity: Identity, mapping: ClaimMapping) -> Person:
    """Returns the user of an identity, with role and unit as its claims say now.

    A linked account is found by its subject; otherwise the policy `provider_accounts` decides. Raises NoProviderAccount,
    UnmappedClaims, and what `accounts.change_user` raises for a change that the city's rules refuse.
    """
    claimed = read_claims(identity.claims, mapping)
    user = _linked_user(work.session, identity) or _linked_now(work, identity, claimed)
    if not user.active or user.name in work.policies.accounts.emergency_accounts:
        raise NoProviderAccount(user.name)
    if claimed.role is None:
        return as_person(user)
    now = accounts.account_of(user)
    wanted = Account(
        display_name=now.display_name,
        role=claimed.role,
        unit_code=claimed.unit_code,
        work_number=now.work_number,
        contractor=now.contractor,
        duties=now.duties if now.role is claimed.role else ALL_DUTIES,
    )
    try:
        return as_person(accounts.change_user(work, user.name, wanted, "OpenID Connect"))
    except UnknownUnit:
        raise UnmappedClaims("unit") from None


def link_user(work: UnitOfWork, user: User, issuer: str, subject: str) -> None:
    """Links an account to a subject of the provider. Raises NotAllowed for a subject or an account that has a link."""
    if not subject or len(subject) > MAX_SUBJECT or not is_storable(subject):
        raise NotAllowed("a subject has 1 to 255 characters")
    taken = work.session.scalar(
        select(ProviderLink.user_id).where(ProviderLink.user_id == user.id, ProviderLink.issuer == issuer)
    )
    row = {"issuer": issuer, "subject": subject, "user_id": user.id, "created_at": work.at}
    if taken is not None or insert_if_absent(work.session, ProviderLink, ProviderLink.user_id, row) is None:
        raise NotAllowed("the account or the subject is linked already")
    work.record(events.ProviderLinked(user.id))


def unlink_user(work: UnitOfWork, user: User) -> None:
    """Removes the links of an account and ends its sessions. Raises NotAllowed if there is none."""
    removed = work.session.execute(delete(ProviderLink).where(ProviderLink.user_id == user.id))
    if not getattr(removed, "rowcount", 0):
        raise NotAllowed("the account is not linked")
    work.record(events.ProviderUnlinked(user.id))
    sign_ins.end_sessions(work, user.id)


def is_linked(session: Session, user_id: int) -> bool:
    return session.scalar(select(ProviderLink.user_id).where(ProviderLink.user_id == user_id)) is not None


def session_key(issuer: str, session_id: str) -> str:
    """Returns the hash under which a session of the provider is stored."""
    return digest(f"{issuer} {session_id}")


def end_sessions_of(work: UnitOfWork, log_out: LogOut) -> int:
    """Ends the sessions that a logout token names; returns their number. Raises NotAllowed for a token used before."""
    if not log_in_steps.use_once(work, LogInStepKind.LOG_OUT, f"{log_out.issuer} {log_out.token_id}"):
        raise NotAllowed("the token was used before")
    if log_out.session_id is not None:
        ended = update(SignIn).where(
            SignIn.provider_session == session_key(log_out.issuer, log_out.session_id),
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > work.at,
        )
        user_ids = work.session.scalars(
            ended.values(revoked_at=work.at).returning(SignIn.user_id),
            execution_options={"synchronize_session": False},
        ).all()
        if user_ids:
            work.record(
                *(events.SessionEnded(user_id, user_ids.count(user_id)) for user_id in sorted(set(user_ids)))
            )
        return len(user_ids)
    query = select(ProviderLink.user_id).where(
        ProviderLink.issuer == log_out.issuer, ProviderLink.subject == log_out.subject
    )
    user_id = work.session.scalar(query)
    return 0 if user_id is None else sign_ins.end_sessions(work, user_id)


def _linked_user(session: Session, identity: Identity) -> User | None:
    if not is_storable(identity.subject):
        return None
    query = select(User).join(ProviderLink, ProviderLink.user_id == User.id)
    return session.scalar(
        query.where(ProviderLink.issuer == identity.issuer, ProviderLink.subject == identity.subject)
    )


def _linked_now(work: UnitOfWork, identity: Identity, claimed: ClaimedAccount) -> User:
    """Returns the account with the claimed name, linked from now on. Raises NoProviderAccount."""
    rule = work.policies.accounts.provider_accounts
    is_named = bool(claimed.name) and is_storable(claimed.name)
    if rule is ProviderAccounts.LINKED or not is_named:
        raise NoProviderAccount(claimed.name)
    user = find_user(work.session, claimed.name)
    if user is None:
        if rule is not ProviderAccounts.NEW or claimed.role is None:
            raise NoProviderAccount(claimed.name)
        account = Account(claimed.display_name, claimed.role, claimed.unit_code)
        try:
            user_id = accounts.add_user(work, claimed.name, account, password=None)
        except UnknownUnit:
            raise UnmappedClaims("unit") from None
        user = work.session.get_one(User, user_id)
    # An account for emergencies, or one of another subject, is nobody's to take by a name.
    if user.name in work.policies.accounts.emergency_accounts or is_linked(work.session, user.id):
        raise NoProviderAccount(claimed.name)
    link_user(work, user, identity.issuer, identity.subject)
    return user
