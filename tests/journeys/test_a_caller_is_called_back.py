"""Nobody who gave up waiting is forgotten, and nobody is phoned who has phoned again."""

import pytest
from sqlalchemy import select

from hotline.rules.enums import CallbackState, CallEnd
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from tests.journeys.city import City, until
from tests.journeys.people import Operator, telephone

pytestmark = pytest.mark.journey


def callback_to(city: City, number: str) -> Callback | None:
    with city.application.read_session() as session:
        return session.scalar(select(Callback).where(Callback.number == number).order_by(Callback.id.desc()))


def ended_dials(city: City, callback_id: int) -> list[Dial] | None:
    """Return the attempts for a promise once none of them is under way."""
    with city.application.read_session() as session:
        dials = list(session.scalars(select(Dial).where(Dial.callback_id == callback_id)))
    return dials if all(dial.outcome for dial in dials) else None


def settled(city: City, number: str, state: CallbackState) -> Callback:
    def look() -> Callback | None:
        found = callback_to(city, number)
        return found if found is not None and found.state is state else None

    return until(f"the callback is {state.value}", look)


def newer_promise(city: City, number: str, than: int) -> int:
    """Waits for a promise to `number` after the one with the id `than`; returns its id."""

    def look() -> int | None:
        found = callback_to(city, number)
        return found.id if found is not None and found.id > than else None

    return until("the call is promised", look)


def test_a_caller_who_hung_up_waiting_is_phoned_when_somebody_is_free(city: City) -> None:
    with telephone(city, "13800002001") as caller:
        caller.dial("4412345")
        caller.hear("马上就办一线通")
        caller.wait_listening()
        caller.press("0")
        caller.hear("不要挂机")
        caller.hang_up()
        caller.wait_ended()
        owed = settled(city, "+8613800002001", CallbackState.WAITING)

        operator = Operator(city, "operator2")
        operator.be_ready()
        caller.wait_for_ring(30)
        caller.answer()
        caller.hear("您此前来电未能接通人工坐席，现在给您回电")
        caller.wait_listening()
        caller.press("1")
        call_id = operator.take_call()
        operator.hang_up()
        caller.wait_ended()
        done = operator.tell(f"/console/desk/calls/{call_id}/no-matter", {"no_matter": "test"})
        assert done.status_code == 204
        operator.tell("/console/desk/presence", {"state": "not_ready", "reason": "break"})
        operator.close()

    reached = settled(city, "+8613800002001", CallbackState.REACHED)
    dials = until("the attempt is over", lambda: ended_dials(city, reached.id))
    with city.application.read_session() as session:
        answered = session.scalars(select(Call).where(Call.id == call_id)).one()
    assert (reached.id, len(dials), dials[0].outcome) == (owed.id, 1, "completed")
    assert answered.place_since == owed.place_since


def test_a_caller_who_phones_again_is_not_phoned_as_well(city: City) -> None:
    number, last = "+8613800002002", 0
    with telephone(city, number) as caller:
        for _ in range(2):
            caller.dial("4412345")
            caller.hear("马上就办一线通")
            caller.wait_listening()
            caller.press("0")
            caller.hear("不要挂机")
            caller.hang_up()
            caller.wait_ended()
            last = newer_promise(city, number, last)
    with city.application.read_session() as session:
        states = session.scalars(
            select(Callback.state).where(Callback.number == number).order_by(Callback.id)
        ).all()
        ends = session.scalars(select(Call.end).where(Call.number == number)).all()
    assert states == [CallbackState.PHONED_AGAIN, CallbackState.WAITING]
    assert ends == [CallEnd.ABANDONED, CallEnd.ABANDONED]
