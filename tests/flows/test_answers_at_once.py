"""Answers that are read and written at once, on both databases: repeats, two at the same moment, and a desk that is ready."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask

from hotline.rules.enums import CallState, OfferState
from hotline.unit_of_work import Application
from tests.builders import make_operator
from tests.flows.conftest import Answer, Carrier, Ledger


def together(app: Flask, post: Callable[[Carrier, int], Answer], times: int = 4) -> list[Answer]:
    """Posts from several threads at the same moment; each gets its number."""
    start = Barrier(times)

    def run(number: int) -> Answer:
        with app.test_client() as client:
            start.wait(10)
            return post(Carrier(client), number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_two_keys_at_the_same_moment_put_the_caller_into_the_queue_once(
    app: Flask, carrier: Carrier, ledger: Ledger
) -> None:
    carrier.arrives()
    rows = ledger.rows()
    path = "/voice/heard?turn=3"
    answers = together(app, lambda each, number: each.post(path, token=f"t-{number}", Digits="1"))
    assert {answer.verbs[-1] for answer in answers} == {"Enqueue"}
    assert ledger.state() is CallState.QUEUED
    assert ledger.rows()["events"] == rows["events"] + 1
    assert ledger.call().path.count("menu>") == 1


def test_a_repeated_key_gets_the_first_document_and_takes_no_second_step(
    app: Flask, carrier: Carrier, ledger: Ledger
) -> None:
    carrier.arrives()
    first = carrier.post("/voice/heard?turn=3", token="t-1", Digits="8")
    rows, position = ledger.rows(), ledger.call().position
    again = together(app, lambda each, _number: each.post("/voice/heard?turn=3", token="t-1", Digits="8"))
    assert set(again) == {first}
    assert (ledger.rows(), ledger.call().position) == (rows, position)


def test_a_call_that_joins_while_a_desk_is_ready_is_offered_before_the_answer(
    carrier: Carrier, ledger: Ledger, application: Application
) -> None:
    make_operator(application)
    carrier.presses(carrier.arrives(), "1")
    assert (ledger.state(), ledger.offer().state) == (CallState.OFFERED, OfferState.PENDING)
