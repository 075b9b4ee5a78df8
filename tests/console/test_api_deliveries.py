"""Deliveries for programs: the rights and rules of the page, with codes instead of sentences."""

import pytest
from flask import Flask
from sqlalchemy import update

from hotline import events, outbox
from hotline.outbox import MAX_ATTEMPTS
from hotline.rules.enums import DeliveryState, Role, TicketState
from hotline.rules.people.actors import Machine
from hotline.store.outbox import Delivery
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit
from tests.console.programs import Program, field_errors, hire, json_of, refused


@pytest.fixture
def program(app: Flask, application: Application) -> Program:
    return hire(app, application, Role.SUPERVISOR)


def dead_deliveries(application: Application) -> tuple[int, int]:
    """Gives up the delivery of a ticket and a step of a call, and returns their ids."""
    unit = make_unit(application).code
    ticket = make_ticket(
        application, state=TicketState.DISPATCHED, unit_code=unit, number="QF1", caller_name="李明远"
    )
    call = make_call(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.TicketHandedOff(ticket.id, unit))
        work.record(events.CallCheckRequested(call.id))
    found = {due.lane: due.id for due in outbox.relay(application).due}
    with application.unit_of_work(Machine.SYSTEM) as work:
        failed = {"state": DeliveryState.DEAD, "attempts": MAX_ATTEMPTS, "last_error": "HTTP 503"}
        work.session.execute(update(Delivery).values(failed))
    return found["notifications"], found["calls"]


def test_a_dead_delivery_is_listed_and_made_due_once(program: Program, application: Application) -> None:
    of_ticket, of_call = dead_deliveries(application)
    listed = json_of(program.get("/deliveries", state="dead"), 200)["items"]
    assert [(row["id"], row["ticket"]) for row in listed] == sorted(
        [(of_ticket, "QF1"), (of_call, None)], reverse=True
    )
    assert {(row["attempts"], row["next_try_at"], row["last_error"]) for row in listed} == {
        (MAX_ATTEMPTS, None, "HTTP 503")
    }
    assert "李明远" not in program.get("/deliveries").get_data(as_text=True)

    again = json_of(program.post(f"/deliveries/{of_ticket}/retry"), 200)
    assert (again["id"], again["state"], again["attempts"]) == (of_ticket, "due", 0)
    assert again["next_try_at"] == "2026-11-23T09:00:00+08:00"
    assert json_of(program.get("/deliveries", state="due"), 200)["items"] == [again]
    refused(program.post(f"/deliveries/{of_ticket}/retry"), 409, "lost_race")
    assert (
        "moment is over"
        in refused(program.post(f"/deliveries/{of_call}/retry"), 403, "not_allowed")["detail"]
    )


def test_the_list_of_deliveries_goes_on_by_cursor_and_refuses_what_is_no_state(
    program: Program, application: Application
) -> None:
    wanted = sorted(dead_deliveries(application), reverse=True)
    first = json_of(program.get("/deliveries", limit=1), 200)
    rest = json_of(program.get("/deliveries", limit=1, cursor=first["next_cursor"]), 200)
    assert [row["id"] for row in (*first["items"], *rest["items"])] == wanted
    assert rest["next_cursor"] is None
    assert len(json_of(program.get("/deliveries", state=["dead", "done"]), 200)["items"]) == 2
    refused(program.get("/deliveries", cursor="x"), 400, "bad_cursor")
    assert field_errors(program.get("/deliveries", state="lost")) == {"state.0": "unknown_value"}
    for row_id in ("0", "x", "99", "2147483648"):
        refused(program.post(f"/deliveries/{row_id}/retry"), 404, "not_found")


def test_a_program_discards_with_a_reason_and_reads_it(program: Program, application: Application) -> None:
    _of_ticket, of_call = dead_deliveries(application)
    assert field_errors(program.post(f"/deliveries/{of_call}/discard", {})) == {"reason": "missing"}
    over = json_of(program.post(f"/deliveries/{of_call}/discard", {"reason": "时效已过"}), 200)
    assert (over["state"], over["discard_reason"]) == ("discarded", "时效已过")
    refused(program.post(f"/deliveries/{of_call}/discard", {"reason": "again"}), 409, "lost_race")
    refused(program.post("/deliveries/999/discard", {"reason": "x"}), 404, "not_found")
    assert [row["id"] for row in json_of(program.get("/deliveries", state="discarded"), 200)["items"]] == [
        of_call
    ]
    assert json_of(program.get("/deliveries", state="failing"), 200)["items"] == []


def test_jobs_and_lanes_are_told_with_their_figures(program: Program, application: Application) -> None:
    dead_deliveries(application)
    told = json_of(program.get("/jobs"), 200)
    assert [(lane["lane"], lane["dead"], lane["oldest_seconds"]) for lane in told["lanes"]] == [
        ("calls", 1, None),
        ("notifications", 1, None),
    ]
    assert told["items"] == []
