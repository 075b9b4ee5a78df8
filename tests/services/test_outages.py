"""Outages: announced with an end, stopped once, and each error names its field."""

from datetime import timedelta
from functools import partial

import pytest

from hotline.rules.calls.outages import MAX_CONCURRENT
from hotline.rules.enums import Role
from hotline.rules.errors import InvalidFields, LostRace, NoSuchOutage, NotAllowed
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import outages
from hotline.store.calls.outages import Outage, outages_at
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

WATER = "书院街道今天上午停水，预计十二点恢复，我们已经知道。"


@pytest.fixture
def leader(application: Application) -> Person:
    return person_of(make_user(application, Role.SHIFT_LEADER))


def announce(application: Application, person: Person, **said: object) -> Outage:
    facts = {
        "text_zh": WATER,
        "text_en": "",
        "starts_at": None,
        "ends_at": application.clock() + timedelta(hours=2),
        **said,
    }
    with application.unit_of_work(person) as work:
        return outages.announce(work, **facts)


def told(application: Application) -> list[str]:
    with application.read_session() as session:
        return [notice.text_zh for notice in outages_at(session, application.clock())]


def test_a_notice_is_told_until_its_end(
    application: Application, leader: Person, clock: StoppedClock
) -> None:
    announce(application, leader)
    assert told(application) == [WATER]
    clock.advance(7199)
    assert told(application) == [WATER]
    clock.advance(1)
    assert told(application) == []


def test_a_notice_for_later_waits_for_its_time(
    application: Application, leader: Person, clock: StoppedClock
) -> None:
    announce(application, leader, starts_at=clock() + timedelta(hours=1))
    assert told(application) == []
    clock.advance(3600)
    assert told(application) == [WATER]


def test_a_notice_is_stopped_once(application: Application, leader: Person) -> None:
    notice = announce(application, leader)
    with application.unit_of_work(leader) as work:
        outages.stop(work, notice.id)
    assert told(application) == []
    with pytest.raises(LostRace), application.unit_of_work(leader) as work:
        outages.stop(work, notice.id)
    with pytest.raises(NoSuchOutage), application.unit_of_work(leader) as work:
        outages.stop(work, 999)


def test_only_who_may_announce_does(application: Application) -> None:
    operator = person_of(make_user(application, Role.OPERATOR))
    with pytest.raises(NotAllowed):
        announce(application, operator)
    with pytest.raises(NotAllowed), application.unit_of_work(Machine.SYSTEM) as work:
        outages.stop(work, 1)


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ({"text_zh": " \n "}, {"text_zh": "missing"}),
        ({"text_zh": "水" * 121}, {"text_zh": "too_long"}),
        ({"text_en": "w" * 401}, {"text_en": "too_long"}),
        ({"text_en": "\U0001f4a7" * 400}, {"text_en": "too_long"}),
        ({"text_zh": "水\x00"}, {"text_zh": "unspeakable"}),
        (
            {"text_zh": "停\x01水", "text_en": "no\ufffe water"},
            {"text_zh": "unspeakable", "text_en": "unspeakable"},
        ),
        ({"ends_at": timedelta(0)}, {"ends_at": "past"}),
        ({"starts_at": timedelta(hours=3)}, {"ends_at": "before_start"}),
        ({"ends_at": timedelta(days=8)}, {"ends_at": "too_far"}),
    ],
)
def test_what_cannot_be_announced_is_said_field_by_field(
    application: Application, leader: Person, said: dict[str, object], errors: dict[str, str]
) -> None:
    moments = {k: application.clock() + v if isinstance(v, timedelta) else v for k, v in said.items()}
    with pytest.raises(InvalidFields) as caught:
        announce(application, leader, **moments)
    assert caught.value.errors == errors
    assert told(application) == []


def refused(application: Application, leader: Person, **said: object) -> dict[str, str]:
    with pytest.raises(InvalidFields) as caught:
        announce(application, leader, **said)
    return caught.value.errors


def test_the_same_words_are_not_told_twice_at_a_time(
    application: Application, leader: Person, clock: StoppedClock
) -> None:
    first = announce(application, leader, text_en="No water.")
    assert refused(application, leader, text_zh=f" {WATER}\n") == {"text_zh": "told_already"}
    assert refused(application, leader, text_zh="另一处停水", text_en="No water.") == {
        "text_en": "told_already"
    }
    assert refused(
        application, leader, starts_at=clock() + timedelta(hours=1), ends_at=clock() + timedelta(hours=9)
    )
    announce(application, leader, starts_at=first.ends_at, ends_at=first.ends_at + timedelta(hours=1))
    assert told(application) == [WATER]


def test_what_was_stopped_may_be_announced_again(application: Application, leader: Person) -> None:
    notice = announce(application, leader)
    with application.unit_of_work(leader) as work:
        outages.stop(work, notice.id)
    announce(application, leader)
    assert told(application) == [WATER]


def test_callers_are_not_kept_listening_to_more_than_a_few(
    application: Application, leader: Person, clock: StoppedClock
) -> None:
    for number in range(MAX_CONCURRENT):
        announce(application, leader, text_zh=f"第{number}处停水")
    assert refused(application, leader) == {"text_zh": "too_many"}
    announce(
        application, leader, starts_at=clock() + timedelta(hours=2), ends_at=clock() + timedelta(hours=4)
    )
    with application.unit_of_work(leader) as work:
        outages.stop(work, 1)
    announce(application, leader)


def test_a_full_hour_to_come_refuses_every_outage_across_it(
    application: Application, leader: Person, clock: StoppedClock
) -> None:
    hour = {"starts_at": clock() + timedelta(hours=1), "ends_at": clock() + timedelta(hours=2)}
    for number in range(MAX_CONCURRENT):
        announce(application, leader, text_zh=f"第{number}处停水", **hour)
    assert refused(application, leader, ends_at=clock() + timedelta(hours=3)) == {"text_zh": "too_many"}
    announce(application, leader, ends_at=clock() + timedelta(hours=1))


def test_rows_of_an_older_version_cannot_make_callers_listen_for_ever(
    application: Application, leader: Person, clock: StoppedClock
) -> None:
    facts = {"author_id": leader.id, "created_at": clock.at, "starts_at": clock.at}
    with application.unit_of_work(leader) as work:
        work.session.add_all(
            Outage(text_zh=f"第{number}号", text_en="", ends_at=clock.at + timedelta(hours=1), **facts)
            for number in range(3 * MAX_CONCURRENT)
        )
    assert told(application) == [f"第{number}号" for number in range(MAX_CONCURRENT)]


def test_two_who_announce_the_same_at_once_announce_it_once(application: Application, leader: Person) -> None:
    outcomes = at_once(*[partial(announce, application, leader)] * 4)
    assert sorted(type(one).__name__ for one in outcomes) == ["InvalidFields"] * 3 + ["Outage"]
    assert told(application) == [WATER]
