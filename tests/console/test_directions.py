"""A direction mark in a text turns nothing beside it: every page isolates every text that people typed."""

from html.parser import HTMLParser

import pytest
from flask import Flask

from hotline.rules.enums import CallState, NoMatterReason, Role, TicketState
from hotline.rules.text import close_directions
from hotline.rules.tickets.fields import TEXT_NAMES
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.console.test_tickets_masking import pages_of

MARK = "\u202e"
VOID = {"meta", "link", "input", "br", "img", "path", "hr"}
# Their text is isolated by the browser, or is no text of the page.
APART = {"textarea", "option", "script", "style", "bdi"}


class Page(HTMLParser):
    """Collects the elements in which a text with an open direction stands beside other words."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, list[str]]] = [("", [])]
        self.mixed: list[str] = []
        self.seen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base class has it
        self.open[-1][1].append(f"<{tag}>")
        if tag not in VOID:
            self.open.append((tag, []))

    def handle_endtag(self, tag: str) -> None:
        while len(self.open) > 1:
            name, parts = self.open.pop()
            marked = [part for part in parts if close_directions(part) != part]
            self.seen += len(marked)
            words = [part for part in parts if part.strip()]
            if marked and name not in APART and len(words) > 1:
                self.mixed.append(f"{name}: {words}")
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        self.open[-1][1].append(data)


@pytest.mark.parametrize("role", [Role.SHIFT_LEADER, Role.ADMIN, Role.HANDLER])
def test_no_page_lets_a_text_turn_the_words_beside_it(
    role: Role, app: Flask, application: Application, signed_in: SignIn
) -> None:
    unit = make_unit(application).code
    operator = make_operator(application)
    texts = {name: f"{name} 路灯{MARK}不亮" for name in TEXT_NAMES}
    call = make_call(
        application,
        state=CallState.ENDED,
        operator_id=operator.id,
        no_matter=NoMatterReason.TEST,
        no_matter_note=f"备注{MARK}反",
    )
    made = [
        make_ticket(
            application, state=state, unit_code=unit, call_id=call.id, caller_name=f"王{MARK}明", **texts
        )
        for state in (TicketState.ACKNOWLEDGED, TicketState.REPLIED, TicketState.CLOSED)
    ]
    client = signed_in(
        person_of(make_user(application, role, unit_code=unit if role is Role.HANDLER else None))
    )
    paths = [f"/console/tickets/{ticket.number}" for ticket in made] + ["/console/unit?section=in_hand"]
    seen, mixed = 0, {}
    for path in [*paths, *(path for path in pages_of(app) if path.startswith("/console"))]:
        page = Page()
        page.feed(client.get(path).get_data(as_text=True))
        seen += page.seen
        if page.mixed:
            mixed[path] = page.mixed
    assert mixed == {}
    assert seen > 20
