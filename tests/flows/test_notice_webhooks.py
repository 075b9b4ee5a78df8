"""A known outage is announced before the menu, in the caller's language, and only while it lasts."""

from datetime import timedelta

import pytest

from hotline.rules.calls.outages import MAX_CONCURRENT
from hotline.rules.enums import Role
from hotline.rules.people.actors import Person
from hotline.services.calls import outages
from hotline.store.calls.outages import Outage
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of
from tests.flows.conftest import Carrier, Ledger
from tests.stopped_clock import StoppedClock

WATER = "书院街道停水，预计十二点恢复。"


@pytest.fixture
def leader(application: Application) -> Person:
    return person_of(make_user(application, Role.SHIFT_LEADER))


def written(application: Application, leader: Person, text_zh: str, text_en: str = "") -> int:
    """A notice as an older version may have stored it."""
    with application.unit_of_work(leader) as work:
        row = Outage(
            text_zh=text_zh,
            text_en=text_en,
            starts_at=work.at,
            ends_at=work.at + timedelta(hours=1),
            author_id=leader.id,
            created_at=work.at,
        )
        work.session.add(row)
        work.session.flush()
        return row.id


def announce(application: Application, leader: Person, text_en: str = "") -> int:
    with application.unit_of_work(leader) as work:
        ends = work.at + timedelta(hours=1)
        return outages.announce(work, text_zh=WATER, text_en=text_en, starts_at=None, ends_at=ends).id


def test_callers_hear_it_after_the_greeting_and_before_the_menu(
    carrier: Carrier, application: Application, leader: Person
) -> None:
    quiet = carrier.arrives().words
    announce(application, leader)
    application.clock.advance(3)
    told = carrier.arrives(CallSid="CA" + "2" * 32).words
    assert WATER not in quiet
    assert told == quiet.replace("本次通话将会录音。", f"本次通话将会录音。{WATER}")


def test_it_ends_by_itself_and_when_somebody_stops_it(
    carrier: Carrier, application: Application, leader: Person, clock: StoppedClock
) -> None:
    outage_id = announce(application, leader)
    assert WATER in carrier.arrives().words
    with application.unit_of_work(leader) as work:
        outages.stop(work, outage_id)
    clock.advance(3)
    assert WATER not in carrier.arrives(CallSid="CA" + "2" * 32).words
    announce(application, leader)
    clock.advance(3600)
    assert WATER not in carrier.arrives(CallSid="CA" + "3" * 32).words


@pytest.mark.parametrize("text_en", ["No water in Shuyuan.", ""])
def test_in_the_queue_it_is_said_in_the_callers_language(
    carrier: Carrier, ledger: Ledger, application: Application, leader: Person, text_en: str
) -> None:
    outage_id = announce(application, leader, text_en)
    carrier.waits()
    ledger.change_language("en")
    told = carrier.post(f"/voice/wait?say=%21n{outage_id}")
    assert told.words.startswith(text_en or WATER)
    assert told.find(".//Say").get("language") == ("en-US" if text_en else "cmn-CN")


def test_a_notice_nobody_knows_is_left_out(carrier: Carrier) -> None:
    carrier.waits()
    assert carrier.post("/voice/wait?say=%21n99%2C%21x1%2C%21").words.startswith("您是下一位，请不要挂机。")


@pytest.mark.parametrize("sign", ["\x01", "\x08", "\x1b", "\ufffe", "\uffff"])
def test_an_old_notice_with_signs_nobody_can_speak_breaks_no_document(
    carrier: Carrier, application: Application, leader: Person, sign: str
) -> None:
    outage_id = written(application, leader, f"书院街道{sign}停水。")
    assert "书院街道停水。" in carrier.arrives().words
    carrier.waits()
    assert carrier.post(f"/voice/wait?say=%21n{outage_id}").words.startswith("书院街道停水。")


def test_an_old_notice_of_nothing_that_can_be_spoken_is_not_spoken(
    carrier: Carrier, application: Application, leader: Person
) -> None:
    quiet = carrier.arrives()
    written(application, leader, "\x01\x02")
    application.clock.advance(3)
    told = carrier.arrives(CallSid="CA" + "2" * 32)
    assert told.text.count("<Say") == quiet.text.count("<Say")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_as_many_notices_as_there_may_be_fit_into_a_document_however_long_they_are(
    carrier: Carrier, ledger: Ledger, application: Application, leader: Person, language: str
) -> None:
    for _ in range(MAX_CONCURRENT):
        written(application, leader, "\U0001f4a7" * 300, "\U0001f4a7" * 600)
    carrier.waits()
    ledger.change_language(language)
    keys = "%2C".join(f"%21n{number + 1}" for number in range(MAX_CONCURRENT))
    told = carrier.post(f"/voice/wait?say={keys}")
    assert told.words.count("\U0001f4a7") >= MAX_CONCURRENT * 300
