"""Publications of flows: the second of two authors gets an error, a roll-back is a publication, no source is lost."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from hotline.rules.calls.flow_versions import Edition
from hotline.rules.enums import CallPurpose, Role
from hotline.rules.errors import LostRace, NoSuchFlow, NotAllowed
from hotline.rules.people.actors import Machine, Person
from hotline.services import flow_publications
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of

INBOUND = CallPurpose.INBOUND
ONE, TWO = Edition("menu", "one", "{}"), Edition("menu", "two", "{ }")


@pytest.fixture
def admin(application: Application) -> Person:
    return person_of(make_user(application, Role.ADMIN, display_name="管理员甲"))


def publish(application: Application, person: Person | Machine, edition: Edition, based_on: int) -> int:
    with application.unit_of_work(person) as work:
        return flow_publications.publish(work, INBOUND, edition, based_on=based_on, note="试改")


def in_force(application: Application) -> str | None:
    with application.read_session() as session:
        found = flow_publications.current(session).get(INBOUND)
        return found.version if found else None


def test_the_latest_publication_is_in_force_and_its_source_is_kept(
    application: Application, admin: Person
) -> None:
    assert in_force(application) is None
    first = publish(application, admin, ONE, 0)
    publish(application, Machine.SYSTEM, TWO, first)
    assert in_force(application) == "two"
    with application.read_session() as session:
        assert flow_publications.find_source(session, "menu", "one") == "{}"
        told = [(row.version, row.author, row.note) for row in flow_publications.history(session, INBOUND)]
    assert told == [("two", None, "试改"), ("one", "管理员甲", "试改")]


def test_rolling_back_is_publishing_the_older_again(application: Application, admin: Person) -> None:
    first = publish(application, admin, ONE, 0)
    second = publish(application, admin, TWO, first)
    publish(application, admin, ONE, second)
    assert in_force(application) == "one"


def test_an_author_who_did_not_know_the_latest_gets_an_error(application: Application, admin: Person) -> None:
    publish(application, admin, ONE, 0)
    with pytest.raises(LostRace):
        publish(application, admin, TWO, 0)
    assert in_force(application) == "one"


def test_of_two_authors_at_the_same_moment_one_gets_an_error(application: Application, admin: Person) -> None:
    start = Barrier(2)

    def run(edition: Edition) -> bool:
        start.wait(10)
        try:
            publish(application, admin, edition, 0)
        except LostRace:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, (ONE, TWO))) == [False, True]
    with application.read_session() as session:
        assert len(flow_publications.history(session, INBOUND)) == 1


def test_only_who_may_publish_does(application: Application) -> None:
    with pytest.raises(NotAllowed):
        publish(application, person_of(make_user(application, Role.SUPERVISOR)), ONE, 0)


def test_a_publication_that_does_not_exist_is_said(application: Application) -> None:
    with pytest.raises(NoSuchFlow), application.read_session() as session:
        flow_publications.publication(session, 7)
