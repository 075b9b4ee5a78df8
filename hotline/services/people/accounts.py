"""Users: added, changed, disabled and enabled by an administrator, each change recorded with its reason."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.enums import LinkKind, Role
from hotline.rules.errors import (
    InvalidFields,
    LastAdministrator,
    LostRace,
    NameTaken,
    NoSuchPerson,
    NotAllowed,
    UnknownUnit,
)
from hotline.rules.people.accounts import MAX_NAME, Account, account_problems, name_problem
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import is_storable
from hotline.services.people import leavers, passwords, sign_ins
from hotline.store.advisory_locks import acquire_advisory_locks
from hotline.store.people.tables import Unit, User
from hotline.store.people.users import active_person, as_person, duties_of, find_user
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork

# Changes of what a person may do go one after the other: each must leave an administrator.
LOCK = "accounts"


def account_of(user: User) -> Account:
    """Returns the present fields of a user."""
    return Account(
        user.display_name, user.role, user.unit_code, user.work_number, user.contractor, duties_of(user)
    )


def add_user(
    work: UnitOfWork, name: str, account: Account, *, password: str | None, must_change: bool = False
) -> int:
    """Adds a user; returns the id. Without a password the user chooses one by a link (`passwords.make_link`).

    Raises InvalidFields for values the city's rules refuse, UnknownUnit, and NameTaken, also for the work number of
    another user.
    """
    errors = name_problem("name", name, MAX_NAME) | account_problems(account, work.policies.accounts)
    if errors:
        raise InvalidFields(errors)
    if password is not None:
        names = (name, account.display_name, account.work_number)
        passwords.require_good_password(work.policies.accounts, password, names)
    _require_unit(work, account.unit_code)
    row = {
        "name": name,
        "display_name": account.display_name,
        "role": account.role,
        "password_hash": passwords.NO_PASSWORD if password is None else passwords.hash_password(password),
        "password_changed_at": work.at,
        "must_change_password": must_change,
        "unit_code": account.unit_code,
        "work_number": account.work_number,
        "contractor": account.contractor,
        "duties": account.stored_duties,
        "active": True,
        "created_at": work.at,
    }
    user_id = insert_if_absent(work.session, User, User.id, row)
    if user_id is None:
        # The name and the work number are unique; the database does not say which of them exists.
        taken = account.work_number if find_user(work.session, name) is None else None
        raise NameTaken(f"name {name}" if taken is None else f"work number {taken}")
    work.record(events.UserAdded(int(user_id)))
    return int(user_id)


def invite_user(work: UnitOfWork, name: str, account: Account) -> tuple[int, str]:
    """Adds a user who chooses a password by a link; returns the id and the token of the link. Raises what `add_user` raises."""
    user_id = add_user(work, name, account, password=None)
    return user_id, passwords.make_link(work, user_id, LinkKind.INVITE)


def change_user(work: UnitOfWork, name: str, wanted: Account, reason: str = "") -> User:
    """Sets the fields of the user `name`; the sessions of a user whose rights change end. Returns the user.

    Raises NoSuchPerson, InvalidFields, UnknownUnit, NameTaken, NotAllowed for one's own role, and LastAdministrator.
    """
    user = require_user(work, name)
    before = account_of(user)
    errors = account_problems(wanted, work.policies.accounts)
    if errors:
        raise InvalidFields(errors)
    _require_unit(work, wanted.unit_code)
    changes = _changes(before, wanted)
    if wanted == before:
        return user
    is_other = (before.role, before.unit_code, before.duties) != (
        wanted.role,
        wanted.unit_code,
        wanted.duties,
    )
    if is_other:
        _require_other_person(work, user)
        if not wanted.person.may(Right.MANAGE_PEOPLE):
            _require_administrator_beside(work, user.id)
    _require_free_work_number(work, user.id, wanted.work_number)
    user.display_name, user.role, user.unit_code = wanted.display_name, wanted.role, wanted.unit_code
    user.work_number, user.contractor, user.duties = (
        wanted.work_number,
        wanted.contractor,
        wanted.stored_duties,
    )
    work.flush()
    work.record(events.UserChanged(user.id, *changes, reason))
    if is_other:
        # Pages of the former role are closed, and work that the new role may not do goes to others.
        sign_ins.end_sessions(work, user.id)
        if before.person.may(Right.WRITE_TICKETS) and not wanted.person.may(Right.WRITE_TICKETS):
            leavers.hand_over(work, user.id, None)
    return user


def disable_user(work: UnitOfWork, name: str, *, successor: str | None = None, reason: str = "") -> User:
    """Disables an account; what the user had begun goes to `successor`, or to nobody in particular. Returns the user.

    From the commit on every request of the user is refused, but for the controls of a talk in progress; what belongs to
    this talk is handed over when it is over (`leavers.close_desks`). Raises NoSuchPerson, NotAllowed for oneself or a
    successor who writes no tickets, LastAdministrator, and LostRace if the account is disabled.
    """
    user = require_user(work, name)
    heir = None if successor is None else require_writer(work, successor)
    _require_other_person(work, user)
    if heir is not None and heir.id == user.id:
        raise NotAllowed("nobody succeeds oneself")
    if as_person(user).may(Right.MANAGE_PEOPLE):
        _require_administrator_beside(work, user.id)
    _set_active(work, user, active=False, reason=reason)
    leavers.leave(work, user.id, None if heir is None else heir.id)
    return user


def enable_user(work: UnitOfWork, name: str, reason: str = "") -> User:
    """Enables a disabled account; its user signs in with the former password. Raises NoSuchPerson, LostRace."""
    user = require_user(work, name)
    _set_active(work, user, active=True, reason=reason)
    return user


def unlock_user(work: UnitOfWork, name: str) -> User:
    """Ends the lock that wrong passwords have caused. Raises NoSuchPerson, LostRace if there is none."""
    user = require_user(work, name)
    if user.locked_until is None or user.locked_until <= work.at:
        raise LostRace("the account is not locked")
    user.failed_log_ins, user.locked_until = 0, None
    work.flush()
    work.record(events.UserChanged(user.id, {"locked": "true"}, {"locked": "false"}))
    return user


def reset_password(work: UnitOfWork, name: str) -> str:
    """Ends all sessions of a user and returns the token of a link with which they choose a new password.

    The former password no longer signs in. Raises NoSuchPerson, NotAllowed for oneself and for a disabled account.
    """
    user = require_user(work, name)
    _require_other_person(work, user)
    if not user.active:
        raise NotAllowed("the account is disabled")
    kind = LinkKind.INVITE if user.last_log_in_at is None else LinkKind.RESET
    user.password_hash = passwords.NO_PASSWORD
    user.failed_log_ins, user.locked_until = 0, None
    work.flush()
    sign_ins.end_sessions(work, user.id)
    return passwords.make_link(work, user.id, kind)


def state_of(user: User, at: datetime) -> str:
    """Returns `disabled`, `locked`, `invited` (no password chosen yet), `must_change` or `active`."""
    if not user.active:
        return "disabled"
    if user.locked_until is not None and user.locked_until > at:
        return "locked"
    if user.password_hash == passwords.NO_PASSWORD:
        return "invited"
    return "must_change" if user.must_change_password else "active"


def set_locale(work: UnitOfWork, locale: str) -> None:
    """Sets the language of the acting person."""
    if isinstance(work.actor, Person):
        work.session.execute(update(User).where(User.id == work.actor.id).values(locale=locale))


def active_people(session: Session, right: Right) -> dict[str, Person]:
    """Returns the active users who have `right`, by name and in its order."""
    users = session.scalars(select(User).where(User.active).order_by(User.name))
    people = {user.name: as_person(user) for user in users}
    return {name: person for name, person in people.items() if person.may(right)}


def require_user(work: UnitOfWork, name: str) -> User:
    """Returns the user `name`, disabled ones too; changes of accounts go one after the other. Raises NoSuchPerson."""
    acquire_advisory_locks(work.connection, (LOCK,))
    user = find_user(work.session, name) if is_storable(name) else None
    if user is None:
        raise NoSuchPerson(name)
    return user


def require_writer(work: UnitOfWork, name: str) -> Person:
    """Returns the active user `name`. Raises NoSuchPerson, or NotAllowed for one who writes no tickets."""
    person = active_person(work.session, name)
    if person is None:
        raise NoSuchPerson(name)
    if not person.may(Right.WRITE_TICKETS):
        raise NotAllowed(f"{name} writes no tickets")
    return person


Codes = dict[str, str | None]


def _changes(before: Account, after: Account) -> tuple[Codes, Codes]:
    """Returns the changed fields with their codes, before and after; of a name or a work number only that it changed."""
    old, new = _codes(before), _codes(after)
    changed = [name for name in old if getattr(before, name) != getattr(after, name)]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def _codes(account: Account) -> Codes:
    duties = ",".join(sorted(account.duties)) if account.role is Role.ADMIN else None
    return {
        "display_name": None,
        "work_number": None,
        "role": account.role.value,
        "unit_code": account.unit_code,
        "contractor": _truth(account.contractor),
        "duties": duties,
    }


def _require_unit(work: UnitOfWork, code: str | None) -> None:
    if code is not None and work.session.get(Unit, code) is None:
        raise UnknownUnit(code)


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _set_active(work: UnitOfWork, user: User, *, active: bool, reason: str) -> None:
    switched = update(User).where(User.id == user.id, User.active.is_(not active))
    if not updated_one(work.session, switched.values(active=active)):
        raise LostRace("the account is so already")
    work.session.refresh(user)
    work.record(
        events.UserChanged(user.id, {"active": _truth(not active)}, {"active": _truth(active)}, reason)
    )


def _require_other_person(work: UnitOfWork, user: User) -> None:
    if isinstance(work.actor, Person) and work.actor.id == user.id:
        raise NotAllowed("nobody changes their own rights")


def _require_administrator_beside(work: UnitOfWork, user_id: int) -> None:
    others = work.session.scalars(
        select(User).where(User.role == Role.ADMIN, User.active, User.id != user_id)
    )
    if not any(as_person(other).may(Right.MANAGE_PEOPLE) for other in others):
        raise LastAdministrator


def _require_free_work_number(work: UnitOfWork, user_id: int, work_number: str | None) -> None:
    if work_number is None:
        return
    query = select(func.count()).select_from(User).where(User.work_number == work_number, User.id != user_id)
    if work.session.scalar(query):
        raise NameTaken(f"work number {work_number}")
