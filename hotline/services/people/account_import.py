"""Imports accounts from a CSV or XLSX file: planned first, then written exactly as planned, all rows or none."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.rules.enums import Role
from hotline.rules.errors import LostRace, NotAllowed
from hotline.rules.people.account_rows import AccountRow, columns_of, parse_account_row
from hotline.rules.people.accounts import MAX_NAME, Account, account_problems, name_problem
from hotline.rules.people.actors import ALL_DUTIES, Person, Right
from hotline.rules.text import is_storable
from hotline.services.people import accounts
from hotline.services.queueing import skills
from hotline.services.table_file import BrokenRow, UnreadableFile, open_table
from hotline.store.advisory_locks import acquire_advisory_locks
from hotline.store.people.tables import Unit, User
from hotline.store.people.users import skills_of_users
from hotline.unit_of_work import UnitOfWork

# Rows of one file; a larger staff comes in several.
MAX_ROWS = 2_000
Cells = list[list[str]]


class RowKind(StrEnum):
    """The kind of a planned row: the import adds, changes, leaves or refuses it."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


class AccountFileRefused(Exception):
    """Raised for a file that is no table of accounts. `problems`: column (or `file`) -> code."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {code}" for name, code in problems.items()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One row and what the import does with it. `changes`: field -> values before and after; `errors`: field -> code."""

    line: int
    name: str
    display_name: str
    kind: RowKind
    account: Account | None = None
    skills: tuple[str, ...] | None = None
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The rows in the order of the file."""

    rows: tuple[PlannedRow, ...]

    def of(self, kind: RowKind) -> tuple[PlannedRow, ...]:
        return tuple(row for row in self.rows if row.kind is kind)

    @property
    def digest(self) -> str:
        """Returns a hash of everything the plan writes, by which a confirmation names the plan that was seen."""
        told = [
            (
                row.line,
                row.name,
                row.kind.value,
                str(row.account and _values(row.account)),
                row.skills,
                dict(row.changes),
            )
            for row in self.rows
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()


def read_cells(source: BinaryIO) -> Cells:
    """Returns the rows of a file, each with its line number as first cell; the first row is the header.

    Raises AccountFileRefused.
    """
    try:
        table = open_table(source)
        header = table.header()
        if header is None or isinstance(header, BrokenRow):
            raise AccountFileRefused({"file": "empty" if header is None else header.code})
        _names, problems = columns_of(header.cells)
        if problems:
            raise AccountFileRefused(problems)
        rows: Cells = [[str(header.line), *header.cells]]
        for row in table.rows(lambda cells: len(cells) == len(header.cells)):
            if len(rows) > MAX_ROWS:
                raise AccountFileRefused({"file": "too_many_rows"})
            rows.append([str(row.line)] if isinstance(row, BrokenRow) else [str(row.line), *row.cells])
    except UnreadableFile as error:
        raise AccountFileRefused({"file": error.code}) from error
    if len(rows) == 1:
        raise AccountFileRefused({"file": "empty"})
    return rows


def plan_import(work: UnitOfWork, cells: Cells) -> ImportPlan:
    """Returns what an import of these rows does now. It writes nothing."""
    columns, _problems = columns_of(cells[0][1:])
    parsed = [parse_account_row(int(row[0]), columns, row[1:]) for row in cells[1:]]
    broken = {int(row[0]) for row in cells[1:] if len(row) == 1}
    known = _Known.read(work.session, [row.name for row in parsed])
    names = Counter(row.name for row in parsed if row.name)
    numbers = Counter(row.work_number for row in parsed if row.work_number)
    planned = []
    for row in parsed:
        if row.line in broken:
            planned.append(PlannedRow(row.line, "", "", RowKind.WRONG, errors={"file": "broken_row"}))
            continue
        twice = {"name": "twice"} if names[row.name] > 1 else {}
        if row.work_number and numbers[row.work_number] > 1:
            twice["work_number"] = "twice"
        planned.append(_plan_row(work, row, known, twice))
    return ImportPlan(tuple(planned))


def carry_out(work: UnitOfWork, cells: Cells, digest: str, reason: str) -> tuple[int, ...]:
    """Writes the plan that has this digest; returns the ids of the new users, who have no password yet.

    Raises LostRace if the plan of these rows is another one by now, NotAllowed while a row is wrong, and what
    `accounts.add_user` and `accounts.change_user` raise. Nothing is written then.
    """
    acquire_advisory_locks(work.connection, (accounts.LOCK,))
    plan = plan_import(work, cells)
    if plan.of(RowKind.WRONG):
        raise NotAllowed("the file has wrong rows")
    if plan.digest != digest:
        raise LostRace("accounts have changed since the preview")
    new = []
    for row in plan.rows:
        if row.account is None or row.kind is RowKind.SAME:
            continue
        if row.kind is RowKind.NEW:
            new.append(accounts.add_user(work, row.name, row.account, password=None))
        else:
            accounts.change_user(work, row.name, row.account, reason)
        if row.skills is not None and row.account.person.may(Right.TAKE_CALLS):
            skills.set_skills(work, row.name, row.skills)
    return tuple(new)


@dataclass(frozen=True, slots=True)
class _Known:
    """The rows of the database that the plan needs."""

    users: Mapping[str, User]
    skills: Mapping[int, tuple[str, ...]]
    owners: Mapping[str, str]
    units: Mapping[str, str]

    @classmethod
    def read(cls, session: Session, names: Sequence[str]) -> "_Known":
        wanted = {name for name in names if is_storable(name)}
        every = session.execute(select(User.name, User.work_number).where(User.work_number.is_not(None)))
        users = {
            user.name: user
            for user in session.scalars(select(User).execution_options(populate_existing=True))
            if user.name in wanted
        }
        units: dict[str, str] = {}
        for unit in session.scalars(select(Unit).where(Unit.active)):
            units |= {unit.code: unit.code, unit.name_zh: unit.code}
        return cls(
            users,
            skills_of_users(session, [user.id for user in users.values()]),
            {str(number): name for name, number in every},
            units,
        )


def _plan_row(work: UnitOfWork, row: AccountRow, known: _Known, twice: Mapping[str, str]) -> PlannedRow:
    user = known.users.get(row.name)
    before = None if user is None else accounts.account_of(user)
    errors = {**name_problem("name", row.name, MAX_NAME), **row.errors, **twice}
    unit_code = (
        before.unit_code if before is not None and row.unit is None else known.units.get(row.unit or "")
    )
    if row.unit and unit_code is None:
        errors["unit_code"] = "unknown_value"
    if row.role is None:
        return PlannedRow(row.line, row.name, row.display_name, RowKind.WRONG, errors=errors)
    account = _account(row, row.role, before, unit_code)
    errors = account_problems(account, work.policies.accounts) | errors
    number = account.work_number
    if number and known.owners.get(number, row.name) != row.name:
        errors["work_number"] = "taken"
    errors |= _skill_problems(work, row, account)
    if user is not None and not user.active:
        errors["name"] = "disabled_account"
    had = known.skills.get(user.id, ()) if user is not None else ()
    changes = {} if before is None else _changes(before, account, had, row.skills)
    is_own = user is not None and isinstance(work.actor, Person) and work.actor.id == user.id
    if is_own and changes.keys() & {"role", "unit_code", "duties"}:
        errors["name"] = "own_account"
    if errors:
        return PlannedRow(row.line, row.name, row.display_name, RowKind.WRONG, errors=errors)
    kind = RowKind.NEW if before is None else RowKind.CHANGED if changes else RowKind.SAME
    return PlannedRow(row.line, row.name, account.display_name, kind, account, row.skills, changes)


def _account(row: AccountRow, role: Role, before: Account | None, unit_code: str | None) -> Account:
    old = before or Account("", role)
    duties = old.duties if row.duties is None else row.duties or ALL_DUTIES
    return Account(
        display_name=row.display_name,
        role=role,
        # A person who is no handler any more leaves the unit; a unit named in the file is refused there.
        unit_code=unit_code if role is Role.HANDLER or row.unit else None,
        work_number=old.work_number if row.work_number is None else row.work_number or None,
        contractor=old.contractor if row.contractor is None else row.contractor,
        duties=duties if role is Role.ADMIN else ALL_DUTIES,
    )


def _skill_problems(work: UnitOfWork, row: AccountRow, account: Account) -> dict[str, str]:
    if not row.skills:
        return {}
    if not account.person.may(Right.TAKE_CALLS):
        return {"skills": "takes_no_calls"}
    return {} if set(row.skills) <= set(work.policies.callers.skills) else {"skills": "unknown_value"}


def _changes(
    before: Account, after: Account, had: tuple[str, ...], wanted: tuple[str, ...] | None
) -> dict[str, tuple[str, str]]:
    old, new = _values(before), _values(after)
    changes = {name: (old[name], new[name]) for name in old if old[name] != new[name]}
    if wanted is not None and after.person.may(Right.TAKE_CALLS) and set(wanted) != set(had):
        changes["skills"] = (", ".join(sorted(had)), ", ".join(sorted(set(wanted))))
    return changes


def _values(account: Account) -> dict[str, str]:
    return {
        "display_name": account.display_name,
        "role": account.role.value,
        "unit_code": account.unit_code or "",
        "work_number": account.work_number or "",
        "contractor": "yes" if account.contractor else "no",
        "duties": ", ".join(sorted(account.duties)) if account.role is Role.ADMIN else "",
    }
