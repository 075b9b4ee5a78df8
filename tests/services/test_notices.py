"""Known outages: announced with an end, told until then, stopped once, and never without a clear word about what is wrong."""

from datetime import timedelta

import pytest

from hotline.rules.actors import Machine, Person
from hotline.rules.refusals import BadFacts, LostRace, NoSuchNotice, NotAllowed
from hotline.rules.words import Role
from hotline.services import notices
from hotline.store.notices import Notice, notices_at
from hotline.work import Hall
from tests.builders import make_user, person_of
from tests.stopped_clock import StoppedClock

WATER = "书院街道今天上午停水，预计十二点恢复，我们已经知道。"


@pytest.fixture
def leader(hall: Hall) -> Person:
    return person_of(make_user(hall, Role.SHIFT_LEADER))


def announce(hall: Hall, person: Person, **said: object) -> Notice:
    facts = {
        "text_zh": WATER,
        "text_en": "",
        "starts_at": None,
        "ends_at": hall.clock() + timedelta(hours=2),
        **said,
    }
    with hall.open_work(person) as work:
        return notices.announce(work, **facts)


def told(hall: Hall) -> list[str]:
    with hall.look() as session:
        return [notice.text_zh for notice in notices_at(session, hall.clock())]


def test_a_notice_is_told_until_its_end(hall: Hall, leader: Person, clock: StoppedClock) -> None:
    announce(hall, leader)
    assert told(hall) == [WATER]
    clock.advance(7199)
    assert told(hall) == [WATER]
    clock.advance(1)
    assert told(hall) == []


def test_a_notice_for_later_waits_for_its_time(hall: Hall, leader: Person, clock: StoppedClock) -> None:
    announce(hall, leader, starts_at=clock() + timedelta(hours=1))
    assert told(hall) == []
    clock.advance(3600)
    assert told(hall) == [WATER]


def test_a_notice_is_stopped_once(hall: Hall, leader: Person) -> None:
    notice = announce(hall, leader)
    with hall.open_work(leader) as work:
        notices.stop(work, notice.id)
    assert told(hall) == []
    with pytest.raises(LostRace), hall.open_work(leader) as work:
        notices.stop(work, notice.id)
    with pytest.raises(NoSuchNotice), hall.open_work(leader) as work:
        notices.stop(work, 999)


def test_only_who_may_announce_does(hall: Hall) -> None:
    operator = person_of(make_user(hall, Role.OPERATOR))
    with pytest.raises(NotAllowed):
        announce(hall, operator)
    with pytest.raises(NotAllowed), hall.open_work(Machine.SYSTEM) as work:
        notices.stop(work, 1)


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ({"text_zh": " \n "}, {"text_zh": "missing"}),
        ({"text_zh": "水" * 121}, {"text_zh": "too_long"}),
        ({"text_en": "w" * 401}, {"text_en": "too_long"}),
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
    hall: Hall, leader: Person, said: dict[str, object], errors: dict[str, str]
) -> None:
    moments = {k: hall.clock() + v if isinstance(v, timedelta) else v for k, v in said.items()}
    with pytest.raises(BadFacts) as caught:
        announce(hall, leader, **moments)
    assert caught.value.errors == errors
    assert told(hall) == []
