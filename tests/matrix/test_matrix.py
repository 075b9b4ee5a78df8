"""Every fault at every step of the stories: the caller is reached, recorded or called back, and nothing is doubled.

By default a selection that covers every fault and every step; `make matrix` plays all of it.
"""

import pytest
from sqlalchemy import select

from hotline.exchange.core.faults import APPLICABLE_STEPS, FAULTS, Fault
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.gateways.addresses import VoiceRoute
from hotline.rules.enums import CallbackState
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback
from tests.matrix import ledger
from tests.matrix.city import Ground
from tests.matrix.moments import AFTERMATHS, BEYOND_US, MOMENTS, NEVER, Cell, cells, impossible
from tests.matrix.selection import LEAST, ONCE_WRONG, covering
from tests.matrix.stories import Name
from tests.matrix.striking import may_be_left, strike, strike_cell


def test_whatever_the_line_does_the_caller_is_reached_and_nothing_is_doubled(
    ground: Ground, cell: Cell
) -> None:
    struck = strike_cell(ground, cell)
    assert struck.wrongs() == {}
    assert ledger.was_reached(struck.played.application, struck.cast.citizen) or may_be_left(cell, struck)
    assert cell.fault is Fault.NO_ROUTE or ledger.unasked(struck.played.application) == []


@pytest.mark.parametrize("name", Name)
def test_on_an_honest_line_every_story_goes_as_it_is_told(ground: Ground, name: Name) -> None:
    struck = strike(ground, name)
    assert struck.wrongs() == {}
    assert ledger.was_reached(struck.played.application, struck.cast.citizen)
    assert ledger.unasked(struck.played.application) == []
    log = struck.played.exchange.registry.log
    failed = [request for request in log.webhooks if request.status not in {200, 204}]
    made = {request.kind for request in (*log.webhooks, *log.rest_requests)}
    assert failed == []
    assert made - {moment.step for moment in MOMENTS} == set(), (
        "a step nobody tries to break: write it into MOMENTS"
    )


def test_every_step_of_the_exchange_is_a_moment_or_has_a_reason_not_to_be() -> None:
    tried = {moment.step for moment in MOMENTS} | {after.then.step for after in AFTERMATHS}
    assert tried.isdisjoint(NEVER)
    assert tried | set(NEVER) == set(RequestKind)


def test_the_path_of_every_moment_lies_in_a_route() -> None:
    assert [moment.name for moment in MOMENTS if not any(moment.path in route for route in VoiceRoute)] == []


def test_every_cell_is_possible_or_has_its_reason() -> None:
    possible = {(cell.fault, cell.moment) for cell in cells()}
    excused = {(fault, moment) for fault, moment, _ in impossible()}
    moments = (*MOMENTS, *(after.then for after in AFTERMATHS))
    assert possible.isdisjoint(excused)
    assert possible | excused == {
        (fault, moment) for moment in moments for fault in FAULTS if moment.step in APPLICABLE_STEPS[fault]
    }


def test_the_selection_covers_every_fault_and_every_step() -> None:
    chosen, every = covering(cells()), list(cells())
    names = [str(cell) for cell in every]
    assert len(names) == len(set(names))
    assert set(names) >= ONCE_WRONG | set(BEYOND_US)
    for of in (lambda cell: cell.fault, lambda cell: cell.moment.step):
        for kind in {of(cell) for cell in every}:
            there = [cell for cell in every if of(cell) == kind]
            assert sum(of(cell) == kind for cell in chosen) >= min(LEAST, len(there)), kind


def test_a_promise_that_no_carrier_can_keep_ends_with_its_reason(ground: Ground) -> None:
    moment = next(moment for moment in MOMENTS if moment.name == "phoned-back")
    struck = strike(ground, Name.CALLBACK, (Fault.NO_ROUTE, moment))
    with struck.played.application.read_session() as session:
        promise = session.scalars(select(Callback)).one()
        calls = session.scalars(select(Call.end)).all()
    assert (promise.state, promise.attempts) == (CallbackState.EXHAUSTED, 3)
    assert ledger.why_exhausted(struck.played.application) == "21215"
    assert len(calls) == 1
