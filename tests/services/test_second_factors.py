"""Second factors: codes are accepted once, near their time, and an administrator removes lost ones."""

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from hotline import events
from hotline.events import Event
from hotline.rules.enums import FactorKind, LogInStepKind, Role
from hotline.rules.errors import InvalidFields, NotAllowed, UnreadableSecret
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Policies
from hotline.services.people import log_in_steps, second_factors, sign_ins
from hotline.services.retention import delete_expired
from hotline.store.people.factors import LogInStep, RecoveryCode, TotpFactor, factor_kinds
from hotline.store.people.tables import User
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of
from tests.policies import city_policies
from tests.stopped_clock import StoppedClock

CIPHER = second_factors.totp_cipher("a key only for these tests")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def policies() -> Policies:
    city = city_policies()
    accounts = replace(
        city.accounts, second_factor_roles=frozenset({Role.ADMIN}), lock_after=3, lock_minutes=5
    )
    return replace(city, accounts=accounts)


def code_at(clock: StoppedClock, seconds: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(clock.at + timedelta(seconds=seconds))


def enrolled(application: Application, clock: StoppedClock, role: Role = Role.OPERATOR) -> User:
    user = make_user(application, role)
    with application.unit_of_work(person_of(user)) as work:
        second_factors.add_totp(work, person_of(user), SECRET, code_at(clock), CIPHER)
    clock.advance(5 * 60)
    return user


def is_accepted(application: Application, user: User, code: str) -> bool:
    with application.unit_of_work(Machine.SYSTEM) as work:
        return second_factors.use_code(work, user.id, code, CIPHER)


def test_the_secret_lies_encrypted_and_another_key_does_not_open_it(
    application: Application, clock: StoppedClock
) -> None:
    user = enrolled(application, clock)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert SECRET not in work.session.get_one(TotpFactor, user.id).secret
        with pytest.raises(UnreadableSecret):
            second_factors.use_code(work, user.id, code_at(clock), second_factors.totp_cipher("another key"))


def test_a_code_is_accepted_once_and_no_earlier_one_after_it(
    application: Application, clock: StoppedClock
) -> None:
    user = enrolled(application, clock)
    early, code = code_at(clock, -30), code_at(clock)
    assert is_accepted(application, user, f" {code[:3]} {code[3:]} ")
    assert not is_accepted(application, user, code)
    assert not is_accepted(application, user, early)
    clock.advance(30)
    assert is_accepted(application, user, code_at(clock))


def test_the_code_of_the_enrolment_does_not_log_in(application: Application, clock: StoppedClock) -> None:
    user = make_user(application)
    code = code_at(clock)
    with application.unit_of_work(person_of(user)) as work:
        second_factors.add_totp(work, person_of(user), SECRET, code, CIPHER)
    assert not is_accepted(application, user, code)


@pytest.mark.parametrize("seconds", [-120, -61, 61, 120])
def test_a_code_of_another_time_is_refused(
    application: Application, clock: StoppedClock, seconds: int
) -> None:
    assert not is_accepted(application, enrolled(application, clock), code_at(clock, seconds))


@pytest.mark.parametrize("typed", ["", "abcdef", "12345", "1234567", "①②③④⑤⑥", "\ud800" * 6, "A" * 16])
def test_no_rubbish_is_a_code(application: Application, clock: StoppedClock, typed: str) -> None:
    assert not is_accepted(application, enrolled(application, clock), typed)


def test_full_width_digits_are_read(application: Application, clock: StoppedClock) -> None:
    user = enrolled(application, clock)
    wide = "".join(chr(ord("０") + int(digit)) for digit in code_at(clock))
    assert is_accepted(application, user, wide)


def test_a_wrong_code_sets_nothing_up_and_a_second_app_is_refused(
    application: Application, clock: StoppedClock
) -> None:
    user = make_user(application)
    with (
        pytest.raises(InvalidFields),
        application.unit_of_work(person_of(user)) as work,
    ):
        second_factors.add_totp(work, person_of(user), SECRET, code_at(clock, 300), CIPHER)
    other = enrolled(application, clock)
    with pytest.raises(NotAllowed), application.unit_of_work(person_of(other)) as work:
        second_factors.add_totp(work, person_of(other), SECRET, code_at(clock), CIPHER)


def test_recovery_codes_work_once_each_for_their_owner_until_new_ones_are_made(
    application: Application, clock: StoppedClock
) -> None:
    user, other = enrolled(application, clock), enrolled(application, clock)
    with application.unit_of_work(person_of(user)) as work:
        codes = second_factors.make_recovery_codes(work, person_of(user))
        stored = set(work.session.scalars(select(RecoveryCode.code_hash)))
    assert (len(set(codes)), len(stored)) == (10, 10)
    assert not stored & set(codes)
    assert not is_accepted(application, other, codes[0])
    assert is_accepted(application, user, codes[0].lower())
    assert not is_accepted(application, user, codes[0])
    with application.read_session() as session:
        assert second_factors.recovery_codes_left(session, user.id) == 9
    with application.unit_of_work(person_of(user)) as work:
        second_factors.make_recovery_codes(work, person_of(user))
    assert not is_accepted(application, user, codes[1])


def test_an_administrator_removes_lost_factors_and_the_sessions_end(
    application: Application, clock: StoppedClock, announced: list[Event]
) -> None:
    admin = make_user(application, Role.ADMIN)
    user = enrolled(application, clock)
    with application.unit_of_work(Machine.SYSTEM) as work:
        token = sign_ins.sign_in(work, user.id)
    with application.unit_of_work(person_of(admin)) as work:
        second_factors.reset_factors(work, work.session.get_one(User, user.id), "手机丢失")
    assert events.SecondFactorRemoved(user.id, None, "手机丢失") in announced
    with application.read_session() as session:
        assert factor_kinds(session, user.id) == ()
        assert sign_ins.person_by_sign_in(session, token, clock.at) is None
    for actor, who in ((admin, user), (user, user)):
        with pytest.raises(NotAllowed), application.unit_of_work(person_of(actor)) as work:
            second_factors.reset_factors(work, work.session.get_one(User, who.id))


def test_who_needs_a_second_factor_is_asked_for_one_until_it_is_set_up(
    application: Application, clock: StoppedClock
) -> None:
    admin, operator = make_user(application, Role.ADMIN), make_user(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        first, second = sign_ins.sign_in(work, admin.id), sign_ins.sign_in(work, operator.id)
        third = sign_ins.sign_in(work, admin.id, provider_session="a" * 64)

    def lacking() -> list[bool]:
        with application.read_session() as session:
            found = [sign_ins.person_by_sign_in(session, token, clock.at) for token in (first, second, third)]
        return [each is not None and each.needs_factor for each in found]

    assert lacking() == [True, False, False]
    with application.unit_of_work(person_of(admin)) as work:
        second_factors.add_totp(work, person_of(admin), SECRET, code_at(clock), CIPHER)
    assert lacking() == [False, False, False]
    with pytest.raises(NotAllowed), application.unit_of_work(person_of(admin)) as work:
        second_factors.remove_totp(work, person_of(admin))


def test_the_last_factor_takes_the_recovery_codes_with_it(
    application: Application, clock: StoppedClock, announced: list[Event]
) -> None:
    user = enrolled(application, clock)
    with application.unit_of_work(person_of(user)) as work:
        codes = second_factors.make_recovery_codes(work, person_of(user))
        second_factors.remove_totp(work, person_of(user))
    assert events.SecondFactorRemoved(user.id, FactorKind.TOTP) in announced
    assert not is_accepted(application, user, codes[0])


def test_wrong_codes_lock_the_account_as_wrong_passwords_do(
    application: Application, clock: StoppedClock, announced: list[Event]
) -> None:
    user = make_user(application)
    for _ in range(3):
        with application.unit_of_work(Machine.SYSTEM) as work:
            assert sign_ins.unlocked_person(work.session, user.id, work.at) is not None
            sign_ins.record_wrong_proof(work, user.id)
    assert events.AccountLocked(user.id) in announced
    with application.read_session() as session:
        assert sign_ins.unlocked_person(session, user.id, clock.at) is None
        assert sign_ins.unlocked_person(session, user.id, clock.at + timedelta(minutes=5)) is not None


def test_a_step_ends_once_and_by_itself_and_has_a_number_of_tries(
    application: Application, clock: StoppedClock
) -> None:
    user = make_user(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        token, other = (
            log_in_steps.begin_step(work, LogInStepKind.SECOND_FACTOR, {"back": None}, user_id=user.id)
            for _ in range(2)
        )
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert [log_in_steps.count_try(work, token, 2) for _ in range(3)] == [True, True, False]
        assert log_in_steps.end_step(work, LogInStepKind.SECOND_FACTOR, token) is not None
        assert log_in_steps.end_step(work, LogInStepKind.SECOND_FACTOR, token) is None
        assert log_in_steps.find_step(work, LogInStepKind.SECOND_FACTOR, "unknown") is None
    clock.advance(log_in_steps.LIFETIME.total_seconds())
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert log_in_steps.end_step(work, LogInStepKind.SECOND_FACTOR, other) is None
    clock.advance(3 * 86_400)
    with application.unit_of_work(Machine.SYSTEM) as work:
        delete_expired(work)
        assert work.session.scalars(select(LogInStep)).all() == []
