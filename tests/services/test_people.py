"""People and programs: how they prove who they are, for how long it holds, and how it ends."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from hotline.rules.enums import Role
from hotline.rules.errors import NameTaken, NoSuchPerson, NotAllowed, UnknownUnit
from hotline.rules.people.actors import Machine, Person
from hotline.services.people import accounts
from hotline.store.people.tables import ApiToken, SignIn, User
from hotline.unit_of_work import Hall
from tests.builders import make_unit, make_user, person_of
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

PASSWORD = "correct-horse-电池"


def add(hall: Hall, name: str = "zhang", role: Role = Role.OPERATOR, **facts: Any) -> int:
    with hall.open_work(Machine.SYSTEM) as work:
        said = {"display_name": "张", "password": PASSWORD, **facts}
        return accounts.add_user(work, name=name, role=role, **said)


def check(hall: Hall, name: str, password: str) -> Person | None:
    with hall.look() as session:
        return accounts.check_password(session, name, password)


def signed_in(hall: Hall, token: str) -> accounts.SignedIn | None:
    with hall.look() as session:
        return accounts.person_of_sign_in(session, token, hall.clock())


def sign_in(hall: Hall, person: Person) -> str:
    with hall.open_work(person) as work:
        return accounts.sign_in(work, person.id)


def retire(hall: Hall, user_id: int) -> None:
    with hall.open_work(Machine.SYSTEM) as work:
        work.session.execute(update(User).where(User.id == user_id).values(active=False))


def test_a_password_is_kept_as_argon2_and_only_the_right_one_opens(hall: Hall) -> None:
    user_id = add(hall)
    with hall.look() as session:
        kept = session.get_one(User, user_id).password_hash
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert check(hall, "zhang", PASSWORD) == Person(user_id, Role.OPERATOR)
    assert check(hall, "zhang", PASSWORD + "x") is None


@pytest.mark.parametrize("name", ["nobody", "", "ZHANG", "a\x00b", "\ud83d", "x" * 5000])
def test_no_name_is_a_crash(hall: Hall, name: str) -> None:
    add(hall)
    assert check(hall, name, PASSWORD) is None


@pytest.mark.parametrize("password", ["", "a\x00b", "\ud83d", "x" * 5000])
def test_no_password_is_a_crash(hall: Hall, password: str) -> None:
    add(hall)
    assert check(hall, "zhang", password) is None


def test_who_may_not_log_in_is_told_nothing_else(hall: Hall) -> None:
    make_user(hall, name="program")
    retire(hall, add(hall, "retired"))
    assert check(hall, "program", "!") is None
    assert check(hall, "retired", PASSWORD) is None


def test_a_browser_session_holds_for_a_shift(hall: Hall, clock: StoppedClock) -> None:
    person = person_of(make_user(hall, name="li", display_name="李", work_number="00017", locale="en"))
    token = sign_in(hall, person)
    who = accounts.SignedIn(person, "li", "李", "00017", "en")
    clock.advance(accounts.SIGN_IN_HOURS * 3600 - 1)
    assert signed_in(hall, token) == who
    clock.advance(1)
    assert signed_in(hall, token) is None


def test_a_session_ends_when_it_is_revoked_or_its_person_is_gone(hall: Hall) -> None:
    person = person_of(make_user(hall))
    first, second = sign_in(hall, person), sign_in(hall, person)
    with hall.open_work(person) as work:
        accounts.sign_out(work, first)
        accounts.sign_out(work, first)
        accounts.sign_out(work, "unknown")
    assert signed_in(hall, first) is None
    assert signed_in(hall, second) is not None
    retire(hall, person.id)
    assert signed_in(hall, second) is None


@pytest.mark.parametrize("token", ["", "wrong", "\ud83d", "a\x00b"])
def test_no_token_is_a_crash(hall: Hall, token: str) -> None:
    assert signed_in(hall, token) is None
    with hall.look() as session:
        assert accounts.person_of_api_token(session, token) is None
    with hall.open_work(Machine.SYSTEM) as work:
        accounts.sign_out(work, token)


def test_no_secret_is_stored(hall: Hall) -> None:
    make_user(hall, name="li")
    person = person_of(make_user(hall))
    browser = sign_in(hall, person)
    with hall.open_work(Machine.SYSTEM) as work:
        program = accounts.create_token(work, name="open data", user_name="li")
    with hall.look() as session:
        kept = [*session.scalars(select(SignIn.token_hash)), *session.scalars(select(ApiToken.token_hash))]
    assert not {browser, program, program.removeprefix("hl_")} & set(kept)
    assert all(len(digest) == 64 for digest in kept)


def test_a_program_acts_for_its_person_until_either_is_gone(hall: Hall) -> None:
    user = make_user(hall, Role.SUPERVISOR, name="li")
    with hall.open_work(Machine.SYSTEM) as work:
        token = accounts.create_token(work, name="open data", user_name="li")
    with hall.look() as session:
        known = accounts.person_of_api_token(session, token)
    assert known is not None
    assert known[0] == Person(user.id, Role.SUPERVISOR)
    with hall.open_work(Machine.SYSTEM) as work:
        revoked = update(ApiToken).where(ApiToken.id == known[1])
        work.session.execute(revoked.values(revoked_at=work.at - timedelta(seconds=1)))
    with hall.look() as session:
        assert accounts.person_of_api_token(session, token) is None


def test_a_program_of_a_retired_person_is_nobody(hall: Hall) -> None:
    user = make_user(hall, name="li")
    with hall.open_work(Machine.SYSTEM) as work:
        token = accounts.create_token(work, name="open data", user_name="li")
    retire(hall, user.id)
    with hall.look() as session:
        assert accounts.person_of_api_token(session, token) is None
    for name in ("li", "nobody"):
        with pytest.raises(NoSuchPerson), hall.open_work(Machine.SYSTEM) as work:
            accounts.create_token(work, name="another", user_name=name)


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"password": "seven77"}, NotAllowed),
        ({"role": Role.HANDLER}, NotAllowed),
        ({"unit_code": "city-management"}, NotAllowed),
        ({"role": Role.HANDLER, "unit_code": "nowhere"}, UnknownUnit),
        ({"name": "taken"}, NameTaken),
        ({"work_number": "00001"}, NameTaken),
    ],
)
def test_who_cannot_be_added(hall: Hall, facts: dict[str, Any], refusal: type[Exception]) -> None:
    make_unit(hall)
    make_user(hall, name="taken", work_number="00001")
    with pytest.raises(refusal):
        add(hall, **facts)


def test_of_two_added_at_once_under_one_name_one_is_refused(hall: Hall) -> None:
    outcomes = at_once(lambda: add(hall), lambda: add(hall))
    assert sorted(type(one).__name__ for one in outcomes) == ["NameTaken", "int"]


def test_a_handler_belongs_to_their_unit(hall: Hall) -> None:
    make_unit(hall)
    user_id = add(hall, role=Role.HANDLER, unit_code="city-management")
    assert check(hall, "zhang", PASSWORD) == Person(user_id, Role.HANDLER, "city-management")


def test_a_person_chooses_their_language_and_a_machine_has_none(hall: Hall) -> None:
    user = make_user(hall)
    for actor in (person_of(user), Machine.SYSTEM):
        with hall.open_work(actor) as work:
            accounts.choose_locale(work, "en")
    with hall.look() as session:
        assert session.get_one(User, user.id).locale == "en"
