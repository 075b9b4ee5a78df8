"""Users, browser sessions and API tokens: how they are checked, how long they last, how they end."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from hotline.rules.enums import Role
from hotline.rules.errors import InvalidFields, NameTaken, NoSuchPerson, UnknownUnit
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import Machine, Person
from hotline.rules.policies import IDLE_LIMIT
from hotline.services.people import accounts, sign_ins, tokens
from hotline.store.people.tables import ApiToken, SignIn, User
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user, person_of
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

PASSWORD = "correct-horse-电池"


def add(application: Application, name: str = "zhang", role: Role = Role.OPERATOR, **facts: Any) -> int:
    with application.unit_of_work(Machine.SYSTEM) as work:
        password = facts.pop("password", PASSWORD)
        account = Account(facts.pop("display_name", "张"), role, **facts)
        return accounts.add_user(work, name, account, password=password)


def check(application: Application, name: str, password: str) -> Person | None:
    with application.read_session() as session:
        return sign_ins.check_password(session, name, password, application.clock())


def signed_in(application: Application, token: str) -> sign_ins.SignedIn | None:
    with application.read_session() as session:
        return sign_ins.person_by_sign_in(session, token, application.clock())


def sign_in(application: Application, person: Person) -> str:
    with application.unit_of_work(person) as work:
        return sign_ins.sign_in(work, person.id)


def retire(application: Application, user_id: int) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(User).where(User.id == user_id).values(active=False))


def test_a_password_is_kept_as_argon2_and_only_the_right_one_opens(application: Application) -> None:
    user_id = add(application)
    with application.read_session() as session:
        kept = session.get_one(User, user_id).password_hash
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert check(application, "zhang", PASSWORD) == Person(user_id, Role.OPERATOR)
    assert check(application, "zhang", PASSWORD + "x") is None


@pytest.mark.parametrize("name", ["nobody", "", "ZHANG", "a\x00b", "\ud83d", "x" * 5000])
def test_no_name_is_a_crash(application: Application, name: str) -> None:
    add(application)
    assert check(application, name, PASSWORD) is None


@pytest.mark.parametrize("password", ["", "a\x00b", "\ud83d", "x" * 5000])
def test_no_password_is_a_crash(application: Application, password: str) -> None:
    add(application)
    assert check(application, "zhang", password) is None


def test_who_may_not_log_in_is_told_nothing_else(application: Application) -> None:
    make_user(application, name="program")
    retire(application, add(application, "retired"))
    assert check(application, "program", "!") is None
    assert check(application, "retired", PASSWORD) is None


def test_a_browser_session_holds_for_a_shift(application: Application, clock: StoppedClock) -> None:
    person = person_of(make_user(application, name="li", display_name="李", work_number="00017", locale="en"))
    token = sign_in(application, person)
    ends_at = clock.at + IDLE_LIMIT
    who = sign_ins.SignedIn(person, "li", "李", "00017", "en", ends_at, authenticated_at=clock.at)
    clock.advance(IDLE_LIMIT.total_seconds() - 1)
    assert signed_in(application, token) == who
    clock.advance(1)
    assert signed_in(application, token) is None


def test_a_session_in_use_goes_on_and_one_that_is_over_or_revoked_does_not(
    application: Application, clock: StoppedClock
) -> None:
    person = person_of(make_user(application))
    used, unused, revoked = (sign_in(application, person) for _ in range(3))
    with application.unit_of_work(person) as work:
        sign_ins.sign_out(work, revoked)
    for _ in range(30):
        clock.advance(3600)
        with application.unit_of_work(person) as work:
            for token in (used, revoked):
                sign_ins.renew_sign_in(work, token)
    with application.unit_of_work(person) as work:
        sign_ins.renew_sign_in(work, unused)
    assert [signed_in(application, token) is not None for token in (used, unused, revoked)] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(("minutes", "due"), [(0, False), (5, False), (6, True), (700, True)])
def test_a_session_is_renewed_only_now_and_then(clock: StoppedClock, *, minutes: int, due: bool) -> None:
    ends_at = clock.at + IDLE_LIMIT
    assert sign_ins.is_renewal_due(ends_at, clock.at + timedelta(minutes=minutes)) is due


def test_a_session_ends_when_it_is_revoked_or_its_person_is_gone(application: Application) -> None:
    person = person_of(make_user(application))
    first, second = sign_in(application, person), sign_in(application, person)
    with application.unit_of_work(person) as work:
        sign_ins.sign_out(work, first)
        sign_ins.sign_out(work, first)
        sign_ins.sign_out(work, "unknown")
    assert signed_in(application, first) is None
    assert signed_in(application, second) is not None
    retire(application, person.id)
    assert signed_in(application, second) is None


@pytest.mark.parametrize("token", ["", "wrong", "\ud83d", "a\x00b"])
def test_no_token_is_a_crash(application: Application, token: str) -> None:
    assert signed_in(application, token) is None
    with application.read_session() as session:
        assert tokens.program_by_token(session, token) is None
    with application.unit_of_work(Machine.SYSTEM) as work:
        sign_ins.sign_out(work, token)


def test_no_secret_is_stored(application: Application) -> None:
    make_user(application, name="li")
    person = person_of(make_user(application))
    browser = sign_in(application, person)
    with application.unit_of_work(Machine.SYSTEM) as work:
        program = tokens.create_token(work, name="open data", user_name="li")
    with application.read_session() as session:
        kept = [*session.scalars(select(SignIn.token_hash)), *session.scalars(select(ApiToken.token_hash))]
    assert not {browser, program, program.removeprefix("hl_")} & set(kept)
    assert all(len(digest) == 64 for digest in kept)


def test_a_program_acts_for_its_person_until_either_is_gone(application: Application) -> None:
    user = make_user(application, Role.SUPERVISOR, name="li")
    with application.unit_of_work(Machine.SYSTEM) as work:
        token = tokens.create_token(work, name="open data", user_name="li")
    with application.read_session() as session:
        known = tokens.program_by_token(session, token)
    assert known is not None
    assert known[0] == Person(user.id, Role.SUPERVISOR)
    with application.unit_of_work(Machine.SYSTEM) as work:
        revoked = update(ApiToken).where(ApiToken.id == known[1])
        work.session.execute(revoked.values(revoked_at=work.at - timedelta(seconds=1)))
    with application.read_session() as session:
        assert tokens.program_by_token(session, token) is None


def test_the_token_of_an_inactive_user_is_refused(application: Application) -> None:
    user = make_user(application, name="li")
    with application.unit_of_work(Machine.SYSTEM) as work:
        token = tokens.create_token(work, name="open data", user_name="li")
    retire(application, user.id)
    with application.read_session() as session:
        assert tokens.program_by_token(session, token) is None
    for name in ("li", "nobody"):
        with pytest.raises(NoSuchPerson), application.unit_of_work(Machine.SYSTEM) as work:
            tokens.create_token(work, name="another", user_name=name)


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"password": "seven77"}, InvalidFields),
        ({"role": Role.HANDLER}, InvalidFields),
        ({"unit_code": "city-management"}, InvalidFields),
        ({"role": Role.HANDLER, "unit_code": "nowhere"}, UnknownUnit),
        ({"name": "taken"}, NameTaken),
        ({"work_number": "00001"}, NameTaken),
    ],
)
def test_who_cannot_be_added(
    application: Application, facts: dict[str, Any], refusal: type[Exception]
) -> None:
    make_unit(application)
    make_user(application, name="taken", work_number="00001")
    with pytest.raises(refusal):
        add(application, **facts)


def test_of_two_added_at_once_under_one_name_one_is_refused(application: Application) -> None:
    outcomes = at_once(lambda: add(application), lambda: add(application))
    assert sorted(type(one).__name__ for one in outcomes) == ["NameTaken", "int"]


def test_a_handler_belongs_to_their_unit(application: Application) -> None:
    make_unit(application)
    user_id = add(application, role=Role.HANDLER, unit_code="city-management")
    assert check(application, "zhang", PASSWORD) == Person(user_id, Role.HANDLER, "city-management")


def test_a_person_chooses_their_language_and_a_machine_has_none(application: Application) -> None:
    user = make_user(application)
    for actor in (person_of(user), Machine.SYSTEM):
        with application.unit_of_work(actor) as work:
            accounts.set_locale(work, "en")
    with application.read_session() as session:
        assert session.get_one(User, user.id).locale == "en"
