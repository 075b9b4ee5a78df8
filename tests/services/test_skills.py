"""Skills of operators: only those the city knows, only for users who answer calls."""

import pytest

from hotline.rules.enums import Role
from hotline.rules.errors import NoSuchPerson, NotAllowed, UnknownSkill
from hotline.rules.people.actors import Machine
from hotline.services.queueing.skills import set_skills, skills_by_name
from hotline.unit_of_work import Application
from tests.builders import make_user


def test_an_operators_skills_are_exactly_those_set_last(application: Application) -> None:
    name = make_user(application, Role.OPERATOR).name
    for wanted in (("english", "dialect", "english"), ("dialect",), ()):
        with application.unit_of_work(Machine.SYSTEM) as work:
            assert set_skills(work, name, wanted) == tuple(sorted(set(wanted)))
        with application.read_session() as session:
            assert skills_by_name(session, name) == tuple(sorted(set(wanted)))


def test_a_skill_the_city_does_not_know_is_refused_with_those_it_knows(application: Application) -> None:
    name = make_user(application, Role.SHIFT_LEADER).name
    with pytest.raises(UnknownSkill) as refused, application.unit_of_work(Machine.SYSTEM) as work:
        set_skills(work, name, ("english", "singing"))
    assert str(refused.value) == "singing"
    assert refused.value.known == tuple(sorted(application.policies.callers.skills))
    with application.read_session() as session:
        assert skills_by_name(session, name) == ()


def test_who_answers_no_calls_needs_no_skills(application: Application) -> None:
    name = make_user(application, Role.LEADER).name
    with pytest.raises(NotAllowed), application.unit_of_work(Machine.SYSTEM) as work:
        set_skills(work, name, ("english",))


@pytest.mark.parametrize("name", ["nobody", "no\x00body", ""])
def test_an_unknown_user_has_no_skills(application: Application, name: str) -> None:
    with pytest.raises(NoSuchPerson), application.unit_of_work(Machine.SYSTEM) as work:
        set_skills(work, name, ("english",))
    with pytest.raises(NoSuchPerson), application.read_session() as session:
        skills_by_name(session, name)
