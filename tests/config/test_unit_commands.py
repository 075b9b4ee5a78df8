"""`hotline unit secret` and `hotline deliveries`: the secret goes in and never comes out; what failed is listed."""

import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from hotline.clock import system_clock
from hotline.rules.enums import DeliveryState
from hotline.store.engine import open_engine
from hotline.store.outbox import Delivery, EventRow
from hotline.store.people.tables import Unit
from tests.config.test_commands import Terminal

SECRET = "an-invented-secret-of-a-unit"


@pytest.fixture
def terminal(tmp_path: Path, redis_url: str, sqlite_file: Path) -> Terminal:
    made = Terminal(tmp_path, redis_url)
    (tmp_path / "hotline.sqlite3").write_bytes(sqlite_file.read_bytes())
    engine = open_engine(made.database)
    with Session(engine) as session:
        session.add(Unit(code="lamps", name_zh="路灯", name_en="Lamps", kind="department"))
        session.add(
            EventRow(id=1, at=system_clock(), kind="X", subject="call", subject_id=7, actor="clock", data={})
        )
        session.flush()
        session.add(
            Delivery(
                id=3,
                event_id=1,
                reaction="notify_unit",
                lane="notifications",
                state=DeliveryState.DEAD,
                attempts=10,
                next_try_at=system_clock(),
                last_error="NotificationFailed: HTTP 503",
            )
        )
        session.commit()
    engine.dispose()
    return made


def secret_in(terminal: Terminal) -> str | None:
    engine = open_engine(terminal.database)
    with Session(engine) as session:
        found = session.get_one(Unit, "lamps").webhook_secret
    engine.dispose()
    return found


def test_the_secret_is_read_from_standard_input_and_shown_nowhere(terminal: Terminal) -> None:
    answer = terminal.run("unit", "secret", "lamps", typed=f"{SECRET}\n")
    assert (answer.exit_code, secret_in(terminal)) == (0, SECRET)
    assert SECRET not in answer.output
    assert "no address yet" in answer.output
    assert terminal.run("unit", "secret", "lamps", "--remove").exit_code == 0
    assert secret_in(terminal) is None


@pytest.mark.parametrize(
    ("code", "typed", "status", "words"),
    [
        ("lamps", "", 2, "standard input, which is empty"),
        ("lamps", "short\n", 1, "16 to 120"),
        ("nowhere", f"{SECRET}\n", 1, "there is no unit nowhere"),
    ],
)
def test_a_wrong_secret_or_unit_is_one_line(
    terminal: Terminal, code: str, typed: str, status: int, words: str
) -> None:
    answer = terminal.run("unit", "secret", code, typed=typed)
    assert answer.exit_code == status
    assert words in answer.output
    assert secret_in(terminal) is None


def test_what_was_given_up_is_listed_and_repeated(terminal: Terminal) -> None:
    listed = terminal.run("deliveries", "list")
    assert listed.exit_code == 0
    assert [word in listed.output for word in ("notify_unit", "call 7", "HTTP 503")] == [True] * 3
    (row,) = json.loads(terminal.run("deliveries", "list", "--format", "json").output)
    assert (row["id"], row["state"], row["subject"]) == (3, "dead", "call 7")
    assert terminal.run("deliveries", "retry", "3").exit_code == 0
    assert "no delivery is dead" in terminal.run("deliveries", "list").output
    assert "notify_unit" in terminal.run("deliveries", "list", "--state", "due").output
    assert terminal.run("deliveries", "retry", "3").exit_code == 1
    assert "there is no delivery 4" in terminal.run("deliveries", "retry", "4").output
