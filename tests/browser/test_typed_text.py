"""Typed text in a real browser: lengths, directions, and what is given back after signing in again."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from hotline.rules.enums import Channel, RequestType, TicketState
from hotline.rules.people.actors import Machine
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions
from hotline.store.people.tables import SignIn
from hotline.store.people.users import active_person
from hotline.store.tickets.tables import Ticket
from tests.browser.test_two_tabs import sign_in
from tests.journeys.city import City

if TYPE_CHECKING:
    from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser

# The characters of the text node that holds `words`, in the order in which they stand on the screen.
ON_SCREEN = """words => {
  const walker = document.createTreeWalker(document.querySelector('.table-card'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.includes(words)) continue;
    const start = node.data.indexOf(words);
    const boxes = [...words].map((sign, place) => {
      const range = document.createRange();
      range.setStart(node, start + place);
      range.setEnd(node, start + place + 1);
      return { sign, x: range.getBoundingClientRect().x };
    });
    return boxes.sort((a, b) => a.x - b.x).map(({ sign }) => sign).join('');
  }
  return null;
}"""


def write_draft(city: City, **columns: str) -> Ticket:
    with city.application.read_session() as session:
        operator = active_person(session, "operator")
    assert operator is not None
    with city.application.unit_of_work(operator) as work:
        stated = TicketFields(type=RequestType.COMPLAINT, **columns)
        return actions.open_draft(work, channel=Channel.WEB, stated=stated)


@pytest.mark.parametrize("mark", ["\u202e", "\u2067", "\u202b\u202e", "\u200f"])
def test_a_direction_mark_in_a_title_turns_no_text_beside_it(city: City, tab: "Tab", mark: str) -> None:
    words = f"编号12345{ord(mark[0])}请处理"
    write_draft(city, title=f"路灯{mark}不亮", text=words)
    page = tab(f"{city.web}/login?next=/console/tickets")
    sign_in(page, "operator")
    page.wait_for_selector(".table-card")
    assert page.evaluate(ON_SCREEN, words) == words


def test_lengths_count_what_people_see(city: City, tab: "Tab") -> None:
    draft = write_draft(city, title="改")
    page = tab(f"{city.web}/login?next=/console/tickets/draft-{draft.id}")
    sign_in(page, "operator")
    title = page.locator("input[name=title]")
    title.fill("𠮷" * 121)
    assert page.locator("label:has(input[name=title]) [data-length]").inner_text() == "121 / 120"
    page.locator(".step .btn-quiet").first.click()
    page.wait_for_selector("input[name=title][aria-invalid=true]")
    assert title.input_value() == "𠮷" * 121
    title.fill("𠮷" * 100)
    page.locator(".step .btn-quiet").first.click()
    page.wait_for_function("() => !document.querySelector('[aria-invalid=true]')")
    with city.application.read_session() as session:
        assert session.get_one(Ticket, draft.id).title == "𠮷" * 100


def test_what_was_typed_when_the_session_ended_is_in_the_form_after_signing_in(
    city: City, tab: "Tab"
) -> None:
    draft = write_draft(city, title="旧事由", text="旧内容")
    address = f"{city.web}/console/tickets/draft-{draft.id}"
    page = tab(f"{city.web}/login?next=/console/tickets/draft-{draft.id}")
    sign_in(page, "operator")
    page.fill("textarea[name=text]", "第一行\n第二行：打了十分钟的字")
    with city.application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(SignIn).values(expires_at=work.at))
    page.locator(".step .btn-quiet").first.click()
    page.wait_for_url("**/login?**")
    assert "登录已结束" in page.inner_text("main")
    sign_in(page, "operator")
    page.wait_for_url(address)
    assert page.input_value("textarea[name=text]") == "第一行\n第二行：打了十分钟的字"
    assert "旧内容" in page.inner_text("[data-stored=text]")
    assert draft.state is TicketState.DRAFT
