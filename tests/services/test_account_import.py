"""Accounts from a file: every row is told before anything is written, and what is written is what was told."""

import io

import pytest
from openpyxl import Workbook

from hotline.rules.enums import Role
from hotline.rules.errors import LostRace, NotAllowed
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import Machine, Person
from hotline.services.people import account_import, accounts
from hotline.services.people.account_import import AccountFileRefused, ImportPlan, RowKind
from hotline.services.queueing import skills
from hotline.store.people.users import find_user
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user, person_of

HEADER = "用户名,姓名,角色,承办单位,工号,技能,管理职责,外包人员"


@pytest.fixture(autouse=True)
def unit(application: Application) -> str:
    return make_unit(application, "water", name_zh="水务局").code


@pytest.fixture
def admin(application: Application) -> Person:
    return person_of(make_user(application, Role.ADMIN, name="root", display_name="沈既白"))


def plan_of(
    application: Application, person: Person | Machine, *rows: str, header: str = HEADER
) -> ImportPlan:
    cells = account_import.read_cells(io.BytesIO("\n".join((header, *rows)).encode()))
    with application.unit_of_work(person) as work:
        return account_import.plan_import(work, cells)


def write(application: Application, person: Person, *rows: str, header: str = HEADER) -> tuple[int, ...]:
    cells = account_import.read_cells(io.BytesIO("\n".join((header, *rows)).encode()))
    with application.unit_of_work(person) as work:
        plan = account_import.plan_import(work, cells)
        return account_import.carry_out(work, cells, plan.digest, "批量导入")


def test_new_changed_and_same_rows_are_told_and_written(application: Application, admin: Person) -> None:
    with application.unit_of_work(admin) as work:
        accounts.add_user(work, "old", Account("旧名", Role.OPERATOR, work_number="010"), password=None)
        accounts.add_user(work, "same", Account("不变", Role.LEADER), password=None)
    rows = (
        "lin,林一诺,话务员,,088,dialect,,否",
        "old,新名,operator,,010,,,",
        "same,不变,领导,,,,,",
        "wu,吴水,单位经办人,水务局,,,,",
    )
    plan = plan_of(application, admin, *rows)
    assert [row.kind for row in plan.rows] == [RowKind.NEW, RowKind.CHANGED, RowKind.SAME, RowKind.NEW]
    assert dict(plan.rows[1].changes) == {"display_name": ("旧名", "新名")}
    with application.read_session() as session:
        assert find_user(session, "lin") is None
    new = write(application, admin, *rows)
    with application.read_session() as session:
        lin, wu = find_user(session, "lin"), find_user(session, "wu")
        assert lin is not None
        assert wu is not None
        assert new == (lin.id, wu.id)
        assert (lin.work_number, skills.skills_of(session, lin.id)) == ("088", ("dialect",))
        assert (wu.role, wu.unit_code) == (Role.HANDLER, "water")
    assert {row.kind for row in plan_of(application, admin, *rows).rows} == {RowKind.SAME}


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (",林一诺,operator,,,,,", "name", "missing"),
        ("a/b,林一诺,operator,,,,,", "name", "not_printable"),
        ("lin,,operator,,,,,", "display_name", "missing"),
        ("lin,林一诺,boss,,,,,", "role", "unknown_value"),
        ("lin,林一诺,,,,,,", "role", "missing"),
        ("lin,林一诺,handler,,,,,", "unit_code", "missing"),
        ("lin,林一诺,handler,nowhere,,,,", "unit_code", "unknown_value"),
        ("lin,林一诺,operator,water,,,,", "unit_code", "handlers_only"),
        ("lin,林一诺,operator,,001,,,", "work_number", "taken"),
        ("lin,林一诺,operator,,,klingon,,", "skills", "unknown_value"),
        ("lin,林一诺,leader,,,dialect,,", "skills", "takes_no_calls"),
        ("lin,林一诺,admin,,,,king,", "duties", "unknown_value"),
        ("lin,林一诺,operator,,,,,maybe", "contractor", "unknown_value"),
        ("lin,林一诺,supervisor,,,,,是", "contractor", "not_for_contractors"),
        ("left,离职,operator,,,,,", "name", "disabled_account"),
        ("root,沈既白,leader,,,,,", "name", "own_account"),
        ("lin,林一诺", "role", "missing"),
    ],
)
def test_a_wrong_row_is_told_with_its_line_and_writes_nothing(
    application: Application, admin: Person, row: str, field: str, code: str
) -> None:
    make_user(application, Role.OPERATOR, name="taken", work_number="001")
    make_user(application, Role.OPERATOR, name="left", active=False)
    rows = ("good,好,leader,,,,,", row)
    plan = plan_of(application, admin, *rows)
    assert (plan.rows[1].line, plan.rows[1].kind, plan.rows[1].errors.get(field)) == (3, RowKind.WRONG, code)
    with pytest.raises(NotAllowed):
        write(application, admin, *rows)
    with application.read_session() as session:
        assert find_user(session, "good") is None


def test_a_name_or_work_number_that_stands_twice_is_wrong_in_both_rows(
    application: Application, admin: Person
) -> None:
    plan = plan_of(application, admin, "a,甲,operator,,1,,,", "a,乙,operator,,2,,,", "b,丙,operator,,2,,,")
    assert [dict(row.errors) for row in plan.rows] == [
        {"name": "twice"},
        {"name": "twice", "work_number": "twice"},
        {"work_number": "twice"},
    ]


def test_five_hundred_wrong_rows_are_all_told(application: Application, admin: Person) -> None:
    plan = plan_of(application, admin, *(f"u{n},某人,nobody,,,,," for n in range(500)))
    assert len(plan.of(RowKind.WRONG)) == 500
    assert plan.rows[-1].line == 501


def test_columns_that_are_missing_stay_as_they_are(application: Application, admin: Person) -> None:
    with application.unit_of_work(admin) as work:
        account = Account("旧名", Role.OPERATOR, work_number="010", contractor=True)
        accounts.add_user(work, "old", account, password=None)
        skills.set_skills(work, "old", ["dialect"])
    write(application, admin, "old,新名,operator", header="name,display_name,role")
    with application.read_session() as session:
        user = find_user(session, "old")
        assert user is not None
        assert (user.display_name, user.work_number, user.contractor) == ("新名", "010", True)
        assert skills.skills_of(session, user.id) == ("dialect",)


def test_what_was_told_is_not_written_when_accounts_have_changed(
    application: Application, admin: Person
) -> None:
    cells = account_import.read_cells(io.BytesIO(f"{HEADER}\nlin,林一诺,leader,,,,,".encode()))
    with application.unit_of_work(admin) as work:
        digest = account_import.plan_import(work, cells).digest
    with application.unit_of_work(Machine.SYSTEM) as work:
        accounts.add_user(work, "lin", Account("别人", Role.LEADER), password=None)
    with pytest.raises(LostRace), application.unit_of_work(admin) as work:
        account_import.carry_out(work, cells, digest, "")
    with application.read_session() as session:
        found = find_user(session, "lin")
        assert found is not None
        assert found.display_name == "别人"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", {"file": "empty"}),
        (HEADER, {"file": "empty"}),
        ("用户名,姓名\na,b", {"role": "missing"}),
        ("name,name,display_name,role\na,a,b,c", {"name": "twice"}),
    ],
)
def test_a_file_that_is_no_table_of_accounts_is_refused(content: str, problem: dict[str, str]) -> None:
    with pytest.raises(AccountFileRefused) as refused:
        account_import.read_cells(io.BytesIO(content.encode()))
    assert refused.value.problems == problem


def test_too_many_rows_are_refused_as_a_whole() -> None:
    rows = "\n".join(f"u{n},某人,leader,,,,," for n in range(account_import.MAX_ROWS + 1))
    with pytest.raises(AccountFileRefused) as refused:
        account_import.read_cells(io.BytesIO(f"{HEADER}\n{rows}".encode()))
    assert refused.value.problems == {"file": "too_many_rows"}


def test_a_workbook_is_read_as_well(application: Application, admin: Person) -> None:
    book, target = Workbook(), io.BytesIO()
    book.active.append(HEADER.split(","))
    book.active.append(["lin", "林一诺", "话务员", None, 88, "dialect、english", None, None])
    book.save(target)
    target.seek(0)
    cells = account_import.read_cells(target)
    with application.unit_of_work(admin) as work:
        (row,) = account_import.plan_import(work, cells).rows
    assert (row.kind, row.account and row.account.work_number) == (RowKind.NEW, "88")
    assert row.skills == ("dialect", "english")
