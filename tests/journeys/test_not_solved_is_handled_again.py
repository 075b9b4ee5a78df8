"""Closed is not solved: the caller's "no" opens a second round at the same unit, and the first stays counted as it was."""

import pytest
from sqlalchemy import select

from hotline.rules.enums import Solved, TicketState
from hotline.store.tickets.tables import Assignment, Ticket
from tests.journeys.city import City, until
from tests.journeys.people import Office, Operator, pothole, telephone

pytestmark = pytest.mark.journey


def redo_of(city: City, number: str) -> Ticket | None:
    with city.application.read_session() as session:
        first = session.scalars(select(Ticket.id).where(Ticket.number == number)).one()
        return session.scalar(select(Ticket).where(Ticket.redo_of == first))


def test_not_solved_opens_a_linked_second_round(city: City, operator: Operator) -> None:
    office = Office(city)
    with telephone(city, "13800003001") as caller:
        caller.dial("4412345")
        caller.hear("马上就办一线通")
        caller.wait_listening()
        caller.press("1")
        operator.take_call()
        number = operator.finish(operator.write(pothole()), "hand-off")
        operator.hang_up()
        caller.wait_ended()
        office.wait_for(number)
        office.handle(number)

        caller.wait_for_ring(30)
        caller.answer()
        caller.hear("解决了吗")
        caller.press("2")
        caller.hear("重新办理")
        caller.hear("满意吗")
        caller.press("2")
        caller.wait_ended()

    second = until("the second round", lambda: redo_of(city, number))
    office.wait_for(str(second.number))
    with city.application.read_session() as session:
        first = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        lines = session.scalars(select(Assignment).where(Assignment.ticket_id == second.id)).all()
    assert (first.state, first.solved) == (TicketState.CLOSED, Solved.NO)
    assert (second.round, second.unit_code, len(lines)) == (2, first.unit_code, 1)
