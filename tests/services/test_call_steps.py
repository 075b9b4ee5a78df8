"""A step of a call that nothing has locked is written whole if the call is as it was read, and otherwise not at all."""

from collections.abc import Callable
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from hotline import events
from hotline.rules.enums import CallState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.calls.steps import CallStep
from hotline.services.queueing.situation import find_call_in_situation
from hotline.store.calls.tables import Call, Receipt
from hotline.store.outbox import EventRow
from hotline.store.upsert import insert_row
from hotline.unit_of_work import Application
from tests.builders import make_call
from tests.racing import at_once


def take_step(
    application: Application, sid: str, meanwhile: Callable[[], object] = lambda: None, key: str = "heard:1"
) -> bool:
    """Reads the call, lets something happen, and then puts the call into the queue at another position."""
    with application.single_write_unit(Machine.CALLER) as work:
        found = find_call_in_situation(work, sid)
        assert found is not None
        meanwhile()
        changes = lifecycle.position_changes("queue:0:9", "en", ("menu>1",), None)
        step = CallStep(found[0], {**changes, "state": CallState.QUEUED}, events.CallQueued(found[0].id))
        return step.write(work, {"key": key, "at": work.at, "document": "<Response/>"})


def change(application: Application, sid: str, **values: object) -> None:
    with application.unit_of_work(Machine.CARRIER) as work:
        work.session.execute(update(Call).where(Call.sid == sid).values(**values))


def left_behind(application: Application, sid: str) -> tuple[CallState, str, int, int]:
    """Returns state and path of the call, and the numbers of events and receipts."""
    with application.read_session() as session:
        call = session.scalars(select(Call).where(Call.sid == sid)).one()
        queued = session.scalars(select(EventRow.id).where(EventRow.kind == "CallQueued")).all()
        return call.state, call.path, len(queued), len(session.scalars(select(Receipt.key)).all())


def test_a_step_changes_the_call_and_keeps_its_event_and_its_receipt(application: Application) -> None:
    call = make_call(application, path="entry>other\n")
    assert take_step(application, call.sid)
    assert left_behind(application, call.sid) == (CallState.QUEUED, "entry>other\nmenu>1\n", 1, 1)


@pytest.mark.parametrize("between", [{"position": "menu:1:8"}, {"state": CallState.ENDED}])
def test_a_call_that_changed_after_it_was_read_takes_no_step(
    application: Application, between: dict[str, Any]
) -> None:
    call = make_call(application)
    assert not take_step(application, call.sid, lambda: change(application, call.sid, **between))
    assert left_behind(application, call.sid) == (between.get("state", call.state), call.path, 0, 0)


def test_a_step_whose_webhook_was_answered_before_is_not_taken(application: Application) -> None:
    call = make_call(application)
    with application.unit_of_work(Machine.CARRIER) as work:
        insert_row(work.connection, Receipt, {"key": "heard:1", "at": work.at, "document": "<Response/>"})
    assert not take_step(application, call.sid)
    assert left_behind(application, call.sid) == (call.state, call.path, 0, 1)


def test_of_steps_at_the_same_moment_one_is_taken(application: Application) -> None:
    call, all_have_read = make_call(application), Barrier(4)
    steps = (
        partial(take_step, application, call.sid, lambda: all_have_read.wait(10), f"heard:{number}")
        for number in range(4)
    )
    assert sorted(map(str, at_once(*steps))) == ["False", "False", "False", "True"]
    assert left_behind(application, call.sid)[2:] == (1, 1)
