"""Days and moments as people type them: every usual spelling is read, and a wrong one is named and stays in its field."""

import pytest

from agent_console.web.typed_days import canonical_day, canonical_moment
from hotline.rules.enums import Role
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of
from tests.console.conftest import SignIn


@pytest.mark.parametrize(
    "typed",
    [
        "2026-12-01",
        " 2026-12-1 ",
        "2026/12/01",
        "2026.12.1",
        "20261201",
        "2026年12月1日",
        "２０２６－１２－０１",
    ],
)
def test_a_day_is_read_in_every_usual_spelling(typed: str) -> None:
    assert canonical_day(typed) == "2026-12-01"


@pytest.mark.parametrize("typed", ["", "12/01/2026", "2026-12", "202612", "明天"])
def test_what_is_no_day_stays_as_it_was_typed(typed: str) -> None:
    assert canonical_day(typed) == typed


@pytest.mark.parametrize(
    "typed", ["2026-12-01 18:00", "2026-12-01T18:00", "2026/12/1 18：00", "20261201 18:00"]
)
def test_a_moment_is_read_in_every_usual_spelling(typed: str) -> None:
    assert canonical_moment(typed) == "2026-12-01T18:00"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/console/calls", "day"),
        ("/console/tickets", "from"),
        ("/console/tickets", "to"),
        ("/console/reports", "from"),
    ],
)
def test_a_day_is_a_field_of_text_that_keeps_what_was_typed(
    application: Application, signed_in: SignIn, path: str, name: str
) -> None:
    client = signed_in(person_of(make_user(application, Role.SUPERVISOR)))
    read = client.get(path, query_string={name: "2026/11/2"})
    assert read.status_code == 200
    assert f'name="{name}" value="2026-11-02"' in read.get_data(as_text=True)
    wrong = client.get(path, query_string={name: "11/02/2026"})
    assert wrong.status_code == 422
    assert f'name="{name}" value="11/02/2026"' in wrong.get_data(as_text=True)
