"""Accounts in the hands of an administrator: changes, links, locks, and what a leaver leaves behind."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from hotline.rules.enums import (
    CallState,
    Duty,
    LinkKind,
    NoMatterReason,
    PresenceState,
    Role,
    TicketAction,
    TicketState,
)
from hotline.rules.errors import (
    InvalidFields,
    LastAdministrator,
    LostRace,
    NameTaken,
    NoSuchLink,
    NoSuchPerson,
    NoSuchToken,
    NotAllowed,
)
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import ALL_DUTIES, Machine, Person, Right
from hotline.rules.policies import AccountPolicy
from hotline.rules.tickets.fields import TicketFields
from hotline.services.people import accounts, leavers, passwords, sign_ins, tokens
from hotline.services.queueing import desks, offers
from hotline.services.tickets import actions
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Presence, SignIn, User
from hotline.store.people.users import account_history, as_person, list_users
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit, make_user, person_of
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

NEW = "Correct-horse-电池"
OPERATOR = Account("林一诺", Role.OPERATOR, work_number="088")


@pytest.fixture
def admin(application: Application) -> Person:
    return person_of(make_user(application, Role.ADMIN, name="root"))


def invited(application: Application, admin: Person, account: Account = OPERATOR) -> tuple[User, str]:
    with application.unit_of_work(admin) as work:
        user_id, token = accounts.invite_user(work, "lin", account)
        return work.session.get_one(User, user_id), token


def read(application: Application, name: str) -> User:
    with application.read_session() as session:
        return session.scalars(select(User).where(User.name == name)).one()


def history(application: Application, user: User) -> list[str]:
    with application.read_session() as session:
        return [entry.event.kind for entry in account_history(session, user.id)]


def signed_in(application: Application, token: str) -> sign_ins.SignedIn | None:
    with application.read_session() as session:
        return sign_ins.person_by_sign_in(session, token, application.clock())


def open_session(application: Application, user: User) -> str:
    with application.unit_of_work(Machine.SYSTEM) as work:
        return sign_ins.sign_in(work, user.id)


def open_desk(application: Application, user: User, state: PresenceState, call_id: int | None = None) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        row = Presence(
            user_id=user.id,
            state=state,
            since=work.at,
            idle_since=work.at,
            seen_at=work.at,
            call_id=call_id,
        )
        work.session.add(row)


def desk_state(application: Application, user: User) -> PresenceState:
    with application.read_session() as session:
        return session.get_one(Presence, user.id).state


def close_desks(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return leavers.close_desks(work)


def test_an_invited_person_chooses_a_password_once(application: Application, admin: Person) -> None:
    user, token = invited(application, admin)
    with application.read_session() as session:
        assert sign_ins.check_password(session, "lin", NEW, application.clock()) is None
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert passwords.use_link(work, token, NEW).id == user.id
    with application.read_session() as session:
        assert sign_ins.check_password(session, "lin", NEW, application.clock()) == Person(
            user.id, Role.OPERATOR
        )
    with pytest.raises(NoSuchLink), application.unit_of_work(Machine.SYSTEM) as work:
        passwords.use_link(work, token, NEW + "x")
    assert history(application, user) == ["PasswordSet", "AccountLinkMade", "UserAdded"]


def test_of_two_who_use_a_link_at_once_one_sets_the_password(application: Application, admin: Person) -> None:
    _user, token = invited(application, admin)

    def use(password: str) -> Person:
        with application.unit_of_work(Machine.SYSTEM) as work:
            return passwords.use_link(work, token, password)

    outcomes = at_once(lambda: use(NEW), lambda: use(NEW + "2"))
    assert sorted(type(one).__name__ for one in outcomes) == ["NoSuchLink", "Person"]


def test_a_weak_password_leaves_the_link_valid(application: Application, admin: Person) -> None:
    _user, token = invited(application, admin)
    with pytest.raises(InvalidFields) as refused, application.unit_of_work(Machine.SYSTEM) as work:
        passwords.use_link(work, token, "short")
    assert refused.value.errors == {"new": "too_short"}
    with application.unit_of_work(Machine.SYSTEM) as work:
        passwords.use_link(work, token, NEW)


def test_a_link_ends_with_its_hours_and_with_the_next_link(
    application: Application, admin: Person, clock: StoppedClock
) -> None:
    user, first = invited(application, admin)
    with application.unit_of_work(admin) as work:
        second = passwords.make_link(work, user.id, LinkKind.INVITE)
    with pytest.raises(NoSuchLink), application.unit_of_work(Machine.SYSTEM) as work:
        passwords.find_link(work, first)
    clock.advance(timedelta(hours=application.policies.accounts.link_hours).total_seconds())
    with pytest.raises(NoSuchLink), application.unit_of_work(Machine.SYSTEM) as work:
        passwords.find_link(work, second)


def test_a_reset_voids_the_password_and_every_session(application: Application, admin: Person) -> None:
    user = make_user(application, name="li", password=NEW)
    session_token = open_session(application, user)
    with application.unit_of_work(admin) as work:
        token = accounts.reset_password(work, "li")
    assert signed_in(application, session_token) is None
    with application.read_session() as session:
        assert sign_ins.check_password(session, "li", NEW, application.clock()) is None
    with application.unit_of_work(Machine.SYSTEM) as work:
        link, _ = passwords.find_link(work, token)
        assert link.kind is LinkKind.RESET


def test_wrong_passwords_lock_an_account_for_a_while(
    application: Application, admin: Person, clock: StoppedClock
) -> None:
    user = make_user(application, name="li", password=NEW)
    policy = application.policies.accounts

    def opens() -> bool:
        with application.read_session() as session:
            return sign_ins.check_password(session, "li", NEW, application.clock()) is not None

    for _try in range(policy.lock_after):
        assert opens()
        with application.unit_of_work(Machine.SYSTEM) as work:
            sign_ins.record_failed_log_in(work, "li")
    assert not opens()
    assert accounts.state_of(read(application, "li"), application.clock()) == "locked"
    clock.advance(timedelta(minutes=policy.lock_minutes).total_seconds())
    assert opens()
    assert history(application, user) == ["AccountLocked"]


def test_an_administrator_ends_a_lock(application: Application, admin: Person) -> None:
    make_user(application, name="li", password=NEW, locked_until=application.clock() + timedelta(minutes=5))
    with application.unit_of_work(admin) as work:
        accounts.unlock_user(work, "li")
    with application.read_session() as session:
        assert sign_ins.check_password(session, "li", NEW, application.clock()) is not None
    with pytest.raises(LostRace), application.unit_of_work(admin) as work:
        accounts.unlock_user(work, "li")


def test_a_right_password_forgets_the_wrong_ones(application: Application) -> None:
    user = make_user(application, name="li", password=NEW)
    with application.unit_of_work(Machine.SYSTEM) as work:
        sign_ins.record_failed_log_in(work, "li")
    open_session(application, user)
    now = read(application, "li")
    assert (now.failed_log_ins, now.last_log_in_at) == (0, application.clock())


def test_an_old_password_must_be_changed_at_the_log_in(application: Application, clock: StoppedClock) -> None:
    strict = replace(
        application, policies=replace(application.policies, accounts=AccountPolicy(password_days=90))
    )
    user = make_user(application, name="li", password=NEW)
    clock.advance(timedelta(days=90).total_seconds())
    found = signed_in(strict, open_session(strict, user))
    assert found is not None
    assert found.must_change_password
    with strict.unit_of_work(person_of(user)) as work:
        passwords.change_own_password(work, person_of(user), NEW + "2")
    found = signed_in(strict, open_session(strict, user))
    assert found is not None
    assert not found.must_change_password


def test_the_new_password_differs_from_the_present_one(application: Application) -> None:
    user = make_user(application, name="li", password=NEW)
    with pytest.raises(InvalidFields) as refused, application.unit_of_work(person_of(user)) as work:
        passwords.change_own_password(work, person_of(user), NEW)
    assert refused.value.errors == {"new": "same_as_before"}


def test_a_change_of_role_is_kept_with_its_reason_and_ends_the_sessions(
    application: Application, admin: Person
) -> None:
    user = make_user(application, name="li", display_name="李", work_number="1")
    token = open_session(application, user)
    with application.unit_of_work(admin) as work:
        accounts.change_user(work, "li", Account("李", Role.SUPERVISOR, work_number="1"), "调岗")
    assert signed_in(application, token) is None
    with application.read_session() as session:
        changed = next(e.event for e in account_history(session, user.id) if e.event.kind == "UserChanged")
    assert changed.data == {
        "account_id": user.id,
        "before": {"role": "operator"},
        "after": {"role": "supervisor"},
        "reason": "调岗",
    }
    assert changed.actor == str(admin)


def test_a_changed_name_is_recorded_without_the_name(application: Application, admin: Person) -> None:
    user = make_user(application, name="li", display_name="李", work_number="1")
    token = open_session(application, user)
    with application.unit_of_work(admin) as work:
        accounts.change_user(work, "li", Account("李明", Role.OPERATOR, work_number="2"))
    assert signed_in(application, token) is not None
    with application.read_session() as session:
        data = account_history(session, user.id)[0].event.data
    assert data["before"] == data["after"] == {"display_name": None, "work_number": None}


@pytest.mark.parametrize(
    ("account", "field", "code"),
    [
        (Account("", Role.OPERATOR), "display_name", "missing"),
        (Account("x" * 81, Role.OPERATOR), "display_name", "too_long"),
        (Account("李", Role.HANDLER), "unit_code", "missing"),
        (Account("李", Role.OPERATOR, "city-management"), "unit_code", "handlers_only"),
        (
            Account("李", Role.HANDLER, "city-management", contractor=True),
            "contractor",
            "not_for_contractors",
        ),
        (Account("李", Role.DISPATCHER, contractor=True), "contractor", "not_for_contractors"),
        (Account("李", Role.INSPECTOR, contractor=True), "contractor", "not_for_contractors"),
        (Account("李", Role.ADMIN, contractor=True), "contractor", "not_for_contractors"),
        (Account("李", Role.ADMIN, duties=frozenset()), "duties", "missing"),
    ],
)
def test_an_account_that_the_rules_refuse(
    application: Application, admin: Person, account: Account, field: str, code: str
) -> None:
    make_unit(application)
    make_user(application, name="li")
    with pytest.raises(InvalidFields) as refused, application.unit_of_work(admin) as work:
        accounts.change_user(work, "li", account)
    assert refused.value.errors == {field: code}


def test_a_contractor_may_take_calls_and_maintain_the_system(application: Application, admin: Person) -> None:
    make_user(application, name="li")
    for account in (
        Account("李", Role.OPERATOR, contractor=True),
        Account("李", Role.ADMIN, contractor=True, duties=frozenset({Duty.SYSTEM})),
    ):
        with application.unit_of_work(admin) as work:
            accounts.change_user(work, "li", account)


def test_separated_duties_are_three_administrators(application: Application, admin: Person) -> None:
    separate = replace(
        application, policies=replace(application.policies, accounts=AccountPolicy(separate_duties=True))
    )
    with pytest.raises(InvalidFields) as refused, separate.unit_of_work(admin) as work:
        accounts.invite_user(work, "safe", Account("沈", Role.ADMIN))
    assert refused.value.errors == {"duties": "separate_duties"}
    with separate.unit_of_work(admin) as work:
        user_id, _ = accounts.invite_user(
            work, "safe", Account("沈", Role.ADMIN, duties=frozenset({Duty.SECURITY}))
        )
        person = as_person(work.session.get_one(User, user_id))
    assert person.may(Right.MANAGE_PEOPLE)
    assert not person.may(Right.PUBLISH_FLOWS)
    assert not person.may(Right.MANAGE_DELIVERIES)


def test_nobody_changes_their_own_rights(application: Application, admin: Person) -> None:
    make_user(application, Role.ADMIN, name="second")
    with pytest.raises(NotAllowed), application.unit_of_work(admin) as work:
        accounts.change_user(work, "root", Account("沈", Role.LEADER))
    with pytest.raises(NotAllowed), application.unit_of_work(admin) as work:
        accounts.disable_user(work, "root")
    with pytest.raises(NotAllowed), application.unit_of_work(admin) as work:
        accounts.reset_password(work, "root")


@pytest.mark.parametrize("duties", [frozenset({Duty.SYSTEM}), frozenset({Duty.AUDIT})])
def test_the_last_who_manages_people_stays(
    application: Application, admin: Person, duties: frozenset[Duty]
) -> None:
    with pytest.raises(LastAdministrator), application.unit_of_work(Machine.SYSTEM) as work:
        accounts.disable_user(work, "root")
    with pytest.raises(LastAdministrator), application.unit_of_work(Machine.SYSTEM) as work:
        accounts.change_user(work, "root", Account("沈", Role.ADMIN, duties=duties))


def test_two_administrators_who_disable_each_other_at_once_leave_one(
    application: Application, admin: Person
) -> None:
    second = person_of(make_user(application, Role.ADMIN, name="second"))

    def disable(actor: Person, name: str) -> str:
        with application.unit_of_work(actor) as work:
            accounts.disable_user(work, name)
        return "disabled"

    outcomes = at_once(lambda: disable(admin, "second"), lambda: disable(second, "root"))
    assert max(map(str, outcomes), key=len) == "disabled"
    assert sum(read(application, name).active for name in ("root", "second")) == 1


def test_a_work_number_belongs_to_one(application: Application, admin: Person) -> None:
    make_user(application, name="li", work_number="7")
    make_user(application, name="wang", work_number="8")
    with pytest.raises(NameTaken), application.unit_of_work(admin) as work:
        accounts.change_user(work, "li", Account("李", Role.OPERATOR, work_number="8"))


def test_an_unknown_user_is_named(application: Application, admin: Person) -> None:
    for name in ("nobody", "a\x00b"):
        with pytest.raises(NoSuchPerson), application.unit_of_work(admin) as work:
            accounts.disable_user(work, name)


def test_a_disabled_person_is_refused_everywhere_at_once(application: Application, admin: Person) -> None:
    user = make_user(application, name="li", password=NEW)
    token = open_session(application, user)
    with application.unit_of_work(admin) as work:
        program = tokens.create_token(work, name="program", user_name="li")
        accounts.disable_user(work, "li", reason="离职")
    assert signed_in(application, token) is None
    with application.read_session() as session:
        assert sign_ins.check_password(session, "li", NEW, application.clock()) is None
        assert tokens.program_by_token(session, program) is None
        assert sign_ins.valid_sign_ins(session, [token], application.clock()) == frozenset()
        assert session.scalars(select(SignIn)).one().revoked_at is not None
    with pytest.raises(LostRace), application.unit_of_work(admin) as work:
        accounts.disable_user(work, "li")


def test_an_enabled_person_logs_in_with_the_former_password(application: Application, admin: Person) -> None:
    make_user(application, name="li", password=NEW, active=False)
    with application.unit_of_work(admin) as work:
        accounts.enable_user(work, "li")
    with application.read_session() as session:
        assert sign_ins.check_password(session, "li", NEW, application.clock()) is not None


@pytest.mark.parametrize("successor", ["wang", None])
def test_the_drafts_of_a_leaver_go_to_a_successor_or_to_everybody(
    application: Application, admin: Person, successor: str | None
) -> None:
    user, heir = make_user(application, name="li"), make_user(application, name="wang")
    draft = make_ticket(application, author_id=user.id)
    done = make_ticket(application, author_id=user.id, state=TicketState.CLOSED)
    with application.unit_of_work(admin) as work:
        accounts.disable_user(work, "li", successor=successor)
    with application.read_session() as session:
        assert session.get_one(Ticket, draft.id).author_id == (heir.id if successor else None)
        assert session.get_one(Ticket, done.id).author_id == user.id
    assert history(application, user)[:2] == ["WorkHandedOver", "UserChanged"]


@pytest.mark.parametrize("successor", ["boss", "nobody", "li", "gone"])
def test_a_successor_is_another_active_user_who_writes_tickets(
    application: Application, admin: Person, successor: str
) -> None:
    make_user(application, name="li")
    make_user(application, Role.LEADER, name="boss")
    make_user(application, name="gone", active=False)
    with pytest.raises((NotAllowed, NoSuchPerson)), application.unit_of_work(admin) as work:
        accounts.disable_user(work, "li", successor=successor)
    assert read(application, "li").active


def unfinished_call(application: Application, user: User, state: CallState = CallState.ENDED) -> Call:
    at = application.clock()
    return make_call(application, state=state, operator_id=user.id, answered_at=at, ended_at=at)


def test_a_call_without_a_record_becomes_a_draft_that_the_successor_finishes(
    application: Application, admin: Person
) -> None:
    user, heir = make_user(application, name="li"), make_user(application, name="wang")
    call = unfinished_call(application, user)
    open_desk(application, user, PresenceState.WRAP_UP, call.id)
    with application.unit_of_work(admin) as work:
        accounts.disable_user(work, "li", successor="wang")
    assert desk_state(application, user) is PresenceState.OFFLINE
    with application.read_session() as session:
        draft = session.scalars(select(Ticket).where(Ticket.call_id == call.id)).one()
        assert (draft.author_id, draft.caller_number) == (heir.id, call.number)
    with application.unit_of_work(person_of(heir)) as work:
        actions.perform(
            work, draft.id, TicketAction.DISCARD, TicketFields(no_matter=NoMatterReason.SILENT, note="")
        )
    with application.read_session() as session:
        assert session.get_one(Call, call.id).finished_at is not None
        assert session.get_one(Call, call.id).operator_id == user.id


def test_the_draft_of_another_operators_call_is_not_discarded_by_a_colleague(
    application: Application,
) -> None:
    user, colleague = make_user(application), make_user(application)
    call = unfinished_call(application, user)
    draft = make_ticket(application, author_id=user.id, call_id=call.id)
    with pytest.raises(NotAllowed), application.unit_of_work(person_of(colleague)) as work:
        actions.perform(
            work, draft.id, TicketAction.DISCARD, TicketFields(no_matter=NoMatterReason.SILENT, note="")
        )


def test_a_leaver_finishes_the_talk_and_nothing_else(application: Application, admin: Person) -> None:
    user, heir = make_user(application, name="li"), make_user(application, name="wang")
    call = unfinished_call(application, user, CallState.TALKING)
    open_desk(application, user, PresenceState.TALKING, call.id)
    token = open_session(application, user)
    draft = make_ticket(application, author_id=user.id, call_id=call.id)
    with application.unit_of_work(admin) as work:
        accounts.disable_user(work, "li", successor="wang")

    found = signed_in(application, token)
    assert found is not None
    assert found.is_leaving
    with application.read_session() as session:
        assert sign_ins.valid_sign_ins(session, [token], application.clock()) == {token}
        assert session.get_one(Ticket, draft.id).author_id == user.id
    assert close_desks(application) == 0

    with application.unit_of_work(Machine.CARRIER) as work:
        work.session.execute(update(Call).values(state=CallState.ENDED))
        desks.end_talk(work, user.id, call.id)
    assert signed_in(application, token) is None
    assert close_desks(application) == 1
    assert desk_state(application, user) is PresenceState.OFFLINE
    with application.read_session() as session:
        assert session.get_one(Ticket, draft.id).author_id == heir.id
    assert close_desks(application) == 0


def test_a_ringing_desk_that_is_disabled_passes_the_call_on(application: Application, admin: Person) -> None:
    user = make_user(application, name="li")
    open_desk(application, user, PresenceState.READY)
    with application.unit_of_work(admin) as work:
        accounts.disable_user(work, "li")
    assert desk_state(application, user) is PresenceState.OFFLINE


def test_a_leaver_whose_record_is_complete_gets_no_further_call(
    application: Application, admin: Person
) -> None:
    user = make_user(application, name="li")
    call = unfinished_call(application, user, CallState.TALKING)
    open_desk(application, user, PresenceState.TALKING, call.id)
    with application.unit_of_work(admin) as work:
        accounts.disable_user(work, "li")
    with application.unit_of_work(Machine.CARRIER) as work:
        work.session.execute(update(Call).values(state=CallState.ENDED, finished_at=work.at))
        desks.end_talk(work, user.id, call.id)
    assert desk_state(application, user) is PresenceState.NOT_READY
    make_call(
        application, state=CallState.QUEUED, queued_at=application.clock(), place_since=application.clock()
    )
    with application.unit_of_work(Machine.CLOCK) as work:
        assert offers.offer_waiting(work) == 0
    assert close_desks(application) == 1
    assert desk_state(application, user) is PresenceState.OFFLINE


def test_a_person_who_is_enabled_again_is_not_held_by_what_went_to_others(
    application: Application, admin: Person
) -> None:
    user = make_user(application, name="li")
    make_user(application, name="wang")
    unfinished_call(application, user)
    with application.unit_of_work(admin) as work:
        accounts.disable_user(work, "li", successor="wang")
        accounts.enable_user(work, "li")
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert desks.unfinished_call(work, user.id) is None


def test_a_role_without_the_right_to_write_gives_up_its_drafts(
    application: Application, admin: Person
) -> None:
    user = make_user(application, name="li")
    draft = make_ticket(application, author_id=user.id)
    with application.unit_of_work(admin) as work:
        accounts.change_user(work, "li", Account("李", Role.LEADER, work_number=user.work_number))
    with application.read_session() as session:
        assert session.get_one(Ticket, draft.id).author_id is None


def test_a_token_ends_by_its_time_and_by_revocation(
    application: Application, admin: Person, clock: StoppedClock
) -> None:
    user = make_user(application, name="li")
    with application.unit_of_work(admin) as work:
        until = work.at + timedelta(days=1)
        short = tokens.create_token(work, name="short", user_name="li", read_only=True, expires_at=until)
        row = tokens.token_row(work.session, short)
    found = tokens.find_program(application, short)
    assert found is not None
    assert found.read_only
    assert found.person.id == user.id
    clock.advance(timedelta(days=1).total_seconds())
    assert tokens.find_program(application, short) is None
    with application.unit_of_work(admin) as work:
        tokens.revoke_token(work, row.id)
    with pytest.raises(LostRace), application.unit_of_work(admin) as work:
        tokens.revoke_token(work, row.id)
    with pytest.raises(NoSuchToken), application.unit_of_work(admin) as work:
        tokens.revoke_token(work, row.id + 1)
    with pytest.raises(NotAllowed), application.unit_of_work(admin) as work:
        tokens.create_token(work, name="late", user_name="li", expires_at=until)


def test_the_use_of_a_token_is_written_once_an_hour(application: Application, clock: StoppedClock) -> None:
    make_user(application, name="li")
    with application.unit_of_work(Machine.SYSTEM) as work:
        row = tokens.token_row(work.session, tokens.create_token(work, name="p", user_name="li"))
    first = application.clock()
    for minutes in (0, 30):
        clock.advance(timedelta(minutes=minutes).total_seconds())
        with application.unit_of_work(Machine.SYSTEM) as work:
            tokens.record_use(work, row.id)
    with application.read_session() as session:
        assert tokens.list_tokens(session)[0][0].last_used_at == first


def test_a_person_ends_their_other_sessions(application: Application) -> None:
    user, other = make_user(application), make_user(application)
    here, there = open_session(application, user), open_session(application, user)
    foreign = open_session(application, other)
    with application.read_session() as session:
        own = sign_ins.running_sessions(session, user.id, application.clock(), here)
    assert [one.is_this for one in own].count(True) == 1
    key = next(one.key for one in own if not one.is_this)
    with application.unit_of_work(person_of(user)) as work:
        assert sign_ins.end_session(work, person_of(user), key)
        assert not sign_ins.end_session(work, person_of(user), key)
        assert not sign_ins.end_session(work, person_of(user), passwords.digest(foreign))
    assert signed_in(application, there) is None
    assert signed_in(application, here) is not None
    assert signed_in(application, foreign) is not None


def test_users_are_found_by_a_part_of_what_names_them(application: Application) -> None:
    unit = make_unit(application)
    make_user(application, name="li", display_name="李思远", work_number="021")
    make_user(application, Role.HANDLER, name="zhang", display_name="张", unit_code=unit.code)
    make_user(application, name="gone", display_name="走", active=False)

    def found(text: str, active: bool | None = None, role: Role | None = None) -> list[str]:
        with application.read_session() as session:
            page = list_users(session, text=text, active=active, role=role, limit=10)
        return sorted(line.user.name for line in page.rows)

    assert found("思") == found("21") == found("LI") == ["li"]
    assert found(unit.name_zh[:2]) == found(unit.code) == ["zhang"]
    assert found("%") == found("_") == []
    assert found("", active=False) == ["gone"]
    assert found("", role=Role.HANDLER) == ["zhang"]
    assert found("") == ["gone", "li", "zhang"]


def test_users_are_read_page_by_page(application: Application) -> None:
    for _user in range(5):
        make_user(application)
    seen: list[int] = []
    cursor: str | None = None
    with application.read_session() as session:
        while True:
            page = list_users(session, limit=2, cursor=cursor)
            seen += [line.user.id for line in page.rows]
            if (cursor := page.next_cursor) is None:
                break
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 5


def test_every_duty_is_kept_as_all(application: Application) -> None:
    user = make_user(application, Role.ADMIN)
    assert as_person(user).duties == ALL_DUTIES
    assert Account("沈", Role.ADMIN).stored_duties == ""
    assert (
        Account("沈", Role.ADMIN, duties=frozenset({Duty.AUDIT, Duty.SYSTEM})).stored_duties == "audit,system"
    )
