"""A day of the system in forty lines: somebody phones, a person answers, a unit mends, the caller is asked, the day is counted."""

import pytest
import requests

from hotline.rules.people.actors import Machine
from hotline.services.people import tokens
from tests.journeys.city import City
from tests.journeys.people import Office, Operator, pothole, telephone

pytestmark = pytest.mark.journey


def report_of(city: City) -> dict[str, object]:
    with city.application.unit_of_work(Machine.SYSTEM) as work:
        token = tokens.create_token(work, name="report", user_name="supervisor")
        day = f"{work.today:%Y-%m-%d}"
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{city.web}/api/v1/reports/daily?date={day}", headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_caller_reports_a_pothole_and_it_is_followed_until_solved(city: City, operator: Operator) -> None:
    before = report_of(city)
    with telephone(city, "13800001234") as caller:
        caller.dial("4412345")
        caller.hear("马上就办一线通")
        caller.wait_listening()
        caller.press("1")
        call_id = operator.take_call()
        caller.say("静轩路塌了一个大坑。")
        operator.phone.hear("静轩路塌了一个大坑")
        operator.phone.say("好的，我记下来，马上转给城管局。")
        caller.hear("马上转给城管局")

        ticket = operator.write(pothole())
        number = operator.finish(ticket, "hand-off")
        operator.hang_up()
        caller.hear("再见")
        caller.wait_ended()

        office = Office(city)
        assert "138****1234" in office.wait_for(number)
        office.handle(number)

        caller.wait_for_ring(30)
        caller.answer()
        caller.hear("解决了吗")
        caller.press("1")
        caller.hear("满意吗")
        caller.press("1")
        caller.hear("感谢您的评价")
        caller.wait_ended()

    after = report_of(city)
    assert after["calls"]["answered"] == before["calls"]["answered"] + 1
    assert after["requests"]["by_class"]["complaint"] == before["requests"]["by_class"]["complaint"] + 1
    solved = after["rates"]["resolution_rate"]
    assert solved["numerator"] == before["rates"]["resolution_rate"]["numerator"] + 1
    assert all(line["ok"] for line in after["reconciliation"]), after["reconciliation"]
    assert operator.get(f"/console/tickets/{number}").status_code == 200
    assert call_id
