"""The number of statements that a webhook sends to the database, which its speed depends on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from hotline.rules.enums import CallState
from tests.flows.conftest import Answer, Carrier, Ledger


@contextmanager
def statements_of(engine: Engine) -> Iterator[list[str]]:
    """Collects the first word and the table of every statement in the block, and every commit."""
    seen: list[str] = []

    def execute(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        words = statement.split()
        if words[0] != "BEGIN":
            seen.append(
                " ".join(
                    words[:3] if words[0] == "INSERT" else words[:2] if words[0] == "UPDATE" else words[:1]
                )
            )

    def commit(_connection: Any) -> None:
        seen.append("COMMIT")

    event.listen(engine, "before_cursor_execute", execute)
    event.listen(engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", execute)
        event.remove(engine, "commit", commit)


@pytest.fixture
def menu(carrier: Carrier) -> Answer:
    """The menu of a caller; the process has answered another call before, so that its caches are filled."""
    carrier.arrives(CallSid="CA" + "7" * 32)
    return carrier.arrives()


def test_a_first_webhook_writes_the_call_and_its_event(
    carrier: Carrier, menu: Answer, engine: Engine, database: str
) -> None:
    with statements_of(engine) as seen:
        carrier.arrives(CallSid="CA" + "8" * 32)
    # Each statement is a round trip on PostgreSQL: the event is written by the call's.
    apart, together = ["INSERT INTO calls", "INSERT INTO events"], ["WITH"]
    assert seen == [*(apart if database == "sqlite" else together), "COMMIT"]


def test_a_key_that_leads_to_the_queue_reads_the_call_once(
    carrier: Carrier, ledger: Ledger, menu: Answer, engine: Engine, database: str
) -> None:
    with statements_of(engine) as seen:
        carrier.presses(menu, "1")
    # The call, the caller's calls of the hour, who is on duty, who waits, what is owed; then everything that changes.
    apart, together = ["UPDATE calls", "INSERT INTO receipts", "INSERT INTO events"], ["WITH"]
    assert seen == ["SELECT", *(apart if database == "sqlite" else together), "COMMIT"]
    assert ledger.state() is CallState.QUEUED


def test_a_wait_document_reads_all_it_says_at_once_and_writes_the_check_alone(
    carrier: Carrier, menu: Answer, engine: Engine
) -> None:
    carrier.follow(carrier.presses(menu, "1"), "Enqueue", "waitUrl")
    for others in (["UPDATE calls", "COMMIT"], []):
        # A round that lasts beyond the call's check moves it; one that was fetched twice does not.
        with statements_of(engine) as seen:
            carrier.post("/voice/wait")
        assert seen == ["SELECT", *others]
