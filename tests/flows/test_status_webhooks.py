"""The status of a ticket by keypad: only with its code, in natural words, with few attempts and no hints."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hotline.rules.enums import CallState, TicketState
from hotline.rules.people.actors import Machine
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit
from tests.flows.conftest import CALLER, SID, Answer, Carrier, Ledger
from tests.stopped_clock import StoppedClock

DUE = datetime(2026, 11, 30, 14, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
WRONG = "号码或查询码不正确。重新查询请按1，转人工请按0或稍候。"


@pytest.fixture
def ticket(application: Application) -> Ticket:
    make_unit(application)
    return make_ticket(
        application,
        state=TicketState.DISPATCHED,
        number="QF20261123000170",
        access_code="042042",
        caller_number=CALLER,
        unit_code="city-management",
        due_at=DUE,
    )


def by_number(carrier: Carrier, number: str, code: str, sid: str = SID, caller: str = CALLER) -> Answer:
    """Looks up a ticket by its digits and a code; returns what is spoken then."""
    how = carrier.presses(carrier.arrives(CallSid=sid, From=caller), "4", CallSid=sid)
    return _code(carrier, carrier.presses(how, "1", CallSid=sid), number, code, sid)


def _code(carrier: Carrier, asked: Answer, number: str, code: str, sid: str = SID) -> Answer:
    assert asked.find("Gather").get("numDigits") == "15"
    return carrier.presses(carrier.presses(asked, number, CallSid=sid), code, CallSid=sid)


def test_number_and_code_tell_the_state_and_the_date(carrier: Carrier, ticket: Ticket) -> None:
    told = by_number(carrier, "20261123000170", "042042")
    assert told.words.startswith("您的工单已转交承办单位，应在11月30号下午两点零五分前办结。")
    assert told.words.endswith("继续查询请按1，结束请按2或挂机，转人工请按0或稍候。")


def test_a_ticket_number_of_a_very_busy_day_is_typed_with_its_fifteenth_digit(
    carrier: Carrier, application: Application, ticket: Ticket
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.get_one(Ticket, ticket.id).number = "QF202611231000001"
    assert by_number(carrier, "202611231000001", "042042").words.startswith("您的工单已转交承办单位")


def test_a_deadline_at_midnight_is_told_as_the_end_of_its_day(
    carrier: Carrier, application: Application, ticket: Ticket
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.get_one(Ticket, ticket.id).due_at = datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert "应在11月30号24点前办结" in by_number(carrier, "20261123000170", "042042").words


def test_the_callers_own_number_and_the_code_do_too(carrier: Carrier, ticket: Ticket) -> None:
    code = carrier.presses(carrier.presses(carrier.arrives(), "4"), "2")
    assert carrier.presses(code, "042042").words.startswith("您的工单已转交承办单位")


def test_what_was_typed_is_forgotten_when_its_caller_hangs_up(
    carrier: Carrier, ledger: Ledger, ticket: Ticket
) -> None:
    asked = carrier.presses(carrier.presses(carrier.arrives(), "4"), "1")
    carrier.presses(asked, "20261123000170")
    assert "20261123000170" in ledger.call().position
    carrier.hangs_up()
    assert ledger.call().position == ""
    carrier.presses(asked, "20261123000170")
    assert ledger.call().position == ""


def test_in_english_it_is_spoken_in_english(carrier: Carrier, ledger: Ledger, ticket: Ticket) -> None:
    carrier.presses(carrier.arrives(), "4")
    ledger.change_language("en")
    code = carrier.post("/voice/heard", Digits="2")
    said = carrier.presses(code, "042042").words
    assert said.startswith(
        "Your request has been handed to the department in charge and is due by November 30"
    )
    assert "at 2 oh five p.m." in said


def test_a_wrong_number_and_a_wrong_code_sound_alike(carrier: Carrier, ticket: Ticket) -> None:
    assert by_number(carrier, "20261123000170", "000000").words == WRONG
    assert by_number(carrier, "20261123000999", "042042", sid=f"CA{2:032d}").words == WRONG


def test_after_three_wrong_codes_even_the_right_one_says_nothing(
    carrier: Carrier, ledger: Ledger, ticket: Ticket
) -> None:
    answer = by_number(carrier, "20261123000170", "000000")
    for _ in range(2):
        asked = carrier.presses(carrier.presses(answer, "1"), "1")
        answer = _code(carrier, asked, "20261123000170", "111111")
        assert answer.words == WRONG
    locked = _code(carrier, carrier.presses(carrier.presses(answer, "1"), "1"), "20261123000170", "042042")
    assert (locked.verbs, ledger.state()) == (["Enqueue"], CallState.QUEUED)
    assert "输入错误次数过多" in carrier.follow(locked, "Enqueue", "waitUrl").words


def test_a_ticket_tried_from_many_calls_is_locked_for_an_hour_but_not_for_its_own_caller(
    carrier: Carrier, ticket: Ticket, clock: StoppedClock
) -> None:
    def ask(number: int, code: str, caller: str) -> Answer:
        return by_number(carrier, "20261123000170", code, f"CA{number:032d}", caller)

    for number in range(10):
        assert ask(number, "999999", f"+861390000{number:04d}").words == WRONG
    assert ask(97, "042042", "+8613900009999").verbs == ["Enqueue"]
    assert ask(98, "042042", CALLER).words.startswith("您的工单已转交承办单位")
    clock.advance(3601)
    assert ask(99, "042042", "+8613900009999").words.startswith("您的工单已转交承办单位")


def test_four_wrong_lengths_silence_and_stars_always_have_an_exit(carrier: Carrier, ledger: Ledger) -> None:
    asked = carrier.presses(carrier.presses(carrier.arrives(), "4"), "1")
    for keys in "12", "*":
        asked = carrier.presses(asked, keys)
        assert asked.words == "请输入工单号中的全部数字，14位或15位，以井号键结束。"
    assert carrier.presses(asked, "20261123 00017").verbs == ["Enqueue"]
    assert ledger.state() is CallState.QUEUED


def test_whose_number_is_withheld_is_asked_for_the_tickets(carrier: Carrier, ticket: Ticket) -> None:
    asked = carrier.presses(carrier.arrives(From="anonymous"), "4")
    assert asked.words == "请输入工单号中的全部数字，14位或15位，以井号键结束。"


def test_a_code_is_forgotten_as_soon_as_it_was_used(carrier: Carrier, ledger: Ledger, ticket: Ticket) -> None:
    by_number(carrier, "20261123000170", "042042")
    assert "042042" not in ledger.call().position
    assert "042042" not in ledger.call().path


def test_of_a_ticket_that_is_redone_the_latest_round_is_spoken(
    carrier: Carrier, application: Application, ticket: Ticket
) -> None:
    make_ticket(
        application,
        state=TicketState.REPLIED,
        number="QF20261124000018",
        redo_of=ticket.id,
        round=2,
        unit_code="city-management",
        received_at=ticket.received_at + timedelta(days=1),
    )
    assert by_number(carrier, "20261123000170", "042042").words.startswith("承办单位已答复您的工单")
