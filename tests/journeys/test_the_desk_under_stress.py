"""Ordinary failures at the desk: no operator answers, another operator is faster, the worker dies in between."""

import pytest

from hotline.rules.enums import PresenceState
from hotline.store.people.tables import Presence
from tests.journeys.city import City, until
from tests.journeys.people import Office, Operator, pothole, telephone

pytestmark = pytest.mark.journey


def test_a_desk_that_declines_passes_the_caller_on(city: City, operator: Operator) -> None:
    second = Operator(city, "operator2")
    with telephone(city, "13800004001") as caller:
        caller.dial("4412345")
        caller.hear("马上就办一线通")
        caller.wait_listening()
        caller.press("2")
        operator.phone.wait_incoming(20)
        second.be_ready()
        operator.phone.reject()
        call_id = second.take_call()
        caller.say("请问医保怎么办？")
        second.phone.hear("医保")
        facts = {
            "type": "consultation",
            "title": "医保参保咨询",
            "answer": "带身份证到便民服务中心二楼办理。",
        }
        second.finish(second.write(facts), "answer")
        second.hang_up()
        caller.wait_ended()
    with city.application.read_session() as session:
        declined = session.get_one(Presence, _user(operator))
    assert (declined.state, declined.reason) == (PresenceState.NOT_READY, "declined_call")
    assert call_id
    second.tell("/console/desk/presence", {"state": "not_ready", "reason": "break"})
    second.close()


def test_no_call_is_finished_without_a_ticket_or_a_reason(city: City, operator: Operator) -> None:
    with telephone(city, "13800004002") as caller:
        caller.dial("4412345")
        caller.hear("马上就办一线通")
        call_id = operator.take_call()
        operator.hang_up()
        caller.wait_ended()
    refused = operator.tell("/console/desk/presence", {"state": "ready"})
    assert refused.status_code == 409
    done = operator.tell(f"/console/desk/calls/{call_id}/no-matter", {"no_matter": "wrong_number"})
    assert done.status_code == 204
    assert until("ready again", lambda: operator.state()["presence"] == "ready")


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(city: City, operator: Operator) -> None:
    with telephone(city, "13800004003") as caller:
        caller.dial("4412345")
        caller.hear("马上就办一线通")
        caller.wait_listening()
        caller.press("1")
        operator.take_call()
        ticket = operator.write(pothole())
        city.kill("notifications")
        number = operator.finish(ticket, "hand-off")
        operator.hang_up()
        caller.wait_ended()
        city.start("notifications")
        office = Office(city)
        page = office.wait_for(number)
    assert page.count(f"ticket={number}") >= 1


def _user(operator: Operator) -> int:
    return int(operator.phone.identity.removeprefix("op_"))
