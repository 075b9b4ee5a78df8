"""The matrix of roles and rights, written out again by hand."""

import pytest

from hotline.rules.enums import CLASS_OF, Duty, RequestClass, RequestType, Role
from hotline.rules.people.actors import DUTY_OF, RIGHTS, Machine, Person, Right, may_read_ticket

R = Right
EXPECTED: dict[Right, set[Role]] = {
    R.TAKE_CALLS: {Role.OPERATOR, Role.SHIFT_LEADER},
    R.WRITE_TICKETS: {Role.OPERATOR, Role.SHIFT_LEADER, Role.DISPATCHER},
    R.READ_ALL_TICKETS: set(Role) - {Role.HANDLER},
    R.READ_UNIT_TICKETS: {Role.HANDLER},
    R.HANDLE_TICKETS: {Role.HANDLER},
    R.READ_CALLS: {Role.OPERATOR, Role.SHIFT_LEADER, Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN},
    R.READ_CALLBACKS: {Role.OPERATOR, Role.SHIFT_LEADER, Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN},
    R.PROMISE_CALLBACKS: {Role.OPERATOR, Role.SHIFT_LEADER},
    R.READ_REPORTS: set(Role) - {Role.OPERATOR, Role.HANDLER},
    R.READ_OPERATORS: {Role.SHIFT_LEADER, Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN},
    R.HEAR_TALKS: {Role.SHIFT_LEADER, Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN},
    R.READ_FLOWS: {Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN},
    R.PUBLISH_FLOWS: {Role.ADMIN},
    R.READ_OUTAGES: {Role.OPERATOR, Role.SHIFT_LEADER, Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN},
    R.ANNOUNCE: {Role.SHIFT_LEADER, Role.SUPERVISOR, Role.ADMIN},
    R.MANAGE_DELIVERIES: {Role.SUPERVISOR, Role.ADMIN},
    R.HANDLE_ESCALATIONS: {Role.SHIFT_LEADER, Role.SUPERVISOR},
    R.SEE_NUMBERS: {Role.SHIFT_LEADER, Role.SUPERVISOR},
    R.EXPORT_TICKETS: {Role.SUPERVISOR},
    R.READ_LOOKS: {Role.SUPERVISOR, Role.ADMIN},
    R.MANAGE_PEOPLE: {Role.ADMIN},
    R.READ_CITY: {Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN},
    R.MANAGE_CITY: {Role.ADMIN},
}


@pytest.mark.parametrize("right", Right)
def test_a_right_belongs_to_exactly_these_roles(right: Right) -> None:
    assert {role for role in Role if Person(1, role).may(right)} == EXPECTED[right]


@pytest.mark.parametrize("duty", Duty)
def test_an_administrator_with_one_duty_has_its_rights_and_those_of_no_other(duty: Duty) -> None:
    one = Person(1, Role.ADMIN, duties=frozenset({duty}))
    limited = {right for right in RIGHTS[Role.ADMIN] if right in DUTY_OF}
    assert {right for right in limited if one.may(right)} == {r for r in limited if DUTY_OF[r] is duty}
    assert all(one.may(right) for right in RIGHTS[Role.ADMIN] - limited)


def test_duties_concern_administrators_alone() -> None:
    assert Person(1, Role.SUPERVISOR, duties=frozenset()).may(R.MANAGE_DELIVERIES)


def test_every_role_has_rights() -> None:
    assert RIGHTS.keys() == set(Role)
    assert all(RIGHTS.values())


def test_who_oversees_cannot_change_what_they_oversee() -> None:
    changing = {R.TAKE_CALLS, R.WRITE_TICKETS, R.HANDLE_TICKETS}
    for role in (Role.SUPERVISOR, Role.LEADER, Role.INSPECTOR, Role.ADMIN):
        assert not RIGHTS[role] & changing


@pytest.mark.parametrize("role", Role)
def test_who_may_read_a_ticket(role: Role) -> None:
    units: tuple[str | None, ...] = ("water", "roads", None)
    readable = {unit for unit in units if may_read_ticket(Person(1, role, "water"), unit)}
    assert readable == ({"water"} if role is Role.HANDLER else {"water", "roads", None})


def test_a_handler_of_no_unit_reads_nothing_and_a_machine_everything() -> None:
    assert not may_read_ticket(Person(1, Role.HANDLER), None)
    assert all(may_read_ticket(Machine.WORKER, unit) for unit in ("water", None))


def test_an_actor_is_written_into_the_log_by_kind_and_id() -> None:
    assert [str(Person(17, Role.ADMIN)), str(Machine.CARRIER)] == ["user:17", "carrier"]


def test_every_type_belongs_to_one_of_the_published_classes() -> None:
    assert CLASS_OF.keys() == set(RequestType)
    assert set(CLASS_OF.values()) == set(RequestClass)
    assert {kind for kind, request_class in CLASS_OF.items() if request_class is RequestClass.COMPLAINT} == {
        RequestType.COMPLAINT,
        RequestType.HELP,
        RequestType.REPORT,
    }
