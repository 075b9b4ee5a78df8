"""What operators can do beyond answering: only what the city knows, only for who answers."""

import pytest

from hotline.rules.enums import Role
from hotline.rules.errors import NoSuchPerson, NotAllowed, UnknownSkill
from hotline.rules.people.actors import Machine
from hotline.services.queueing.skills import set_skills, skills_called
from hotline.unit_of_work import Hall
from tests.builders import make_user


def test_an_operators_skills_are_exactly_those_set_last(hall: Hall) -> None:
    name = make_user(hall, Role.OPERATOR).name
    for wanted in (("english", "dialect", "english"), ("dialect",), ()):
        with hall.open_work(Machine.SYSTEM) as work:
            assert set_skills(work, name, wanted) == tuple(sorted(set(wanted)))
        with hall.look() as session:
            assert skills_called(session, name) == tuple(sorted(set(wanted)))


def test_a_skill_the_city_does_not_know_is_refused_with_those_it_knows(hall: Hall) -> None:
    name = make_user(hall, Role.SHIFT_LEADER).name
    with pytest.raises(UnknownSkill) as refused, hall.open_work(Machine.SYSTEM) as work:
        set_skills(work, name, ("english", "singing"))
    assert str(refused.value) == "singing"
    assert refused.value.known == tuple(sorted(hall.policies.callers.skills))
    with hall.look() as session:
        assert skills_called(session, name) == ()


def test_who_answers_no_calls_needs_no_skills(hall: Hall) -> None:
    name = make_user(hall, Role.LEADER).name
    with pytest.raises(NotAllowed), hall.open_work(Machine.SYSTEM) as work:
        set_skills(work, name, ("english",))


@pytest.mark.parametrize("name", ["nobody", "no\x00body", ""])
def test_nobody_has_no_skills(hall: Hall, name: str) -> None:
    with pytest.raises(NoSuchPerson), hall.open_work(Machine.SYSTEM) as work:
        set_skills(work, name, ("english",))
    with pytest.raises(NoSuchPerson), hall.look() as session:
        skills_called(session, name)
