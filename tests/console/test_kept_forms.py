"""Text that a person typed is never thrown away, and never shown to another person."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hotline.rules.enums import Role, TicketAction, TicketState
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services import retention
from hotline.services.people import sign_ins
from hotline.services.tickets import actions
from hotline.store.people.kept_forms import KeptForm
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn, arm_with_csrf_token
from tests.stopped_clock import StoppedClock

S = TicketState
PASSWORD = "correct horse"
TEXT = "现场核实：三盏灯的线路断了，11 月 25 日前修好。\n“第二行”"


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application).code


@pytest.fixture
def clerk(application: Application, unit: str) -> Person:
    return person_of(make_user(application, Role.HANDLER, name="clerk", password=PASSWORD, unit_code=unit))


@pytest.fixture
def colleague(application: Application, unit: str) -> Person:
    return person_of(
        make_user(application, Role.HANDLER, name="colleague", password=PASSWORD, unit_code=unit)
    )


@pytest.fixture
def two(clerk: Person, colleague: Person) -> tuple[Person, Person]:
    return clerk, colleague


@pytest.fixture
def ticket(application: Application, unit: str) -> Ticket:
    return make_ticket(application, state=S.ACKNOWLEDGED, unit_code=unit)


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, name
    return unescape(found[1])


def in_field(html: str, name: str) -> str:
    """Returns the text that the page shows in the field `name`."""
    found = re.search(rf'<textarea name="{name}"[^>]*>\n?(.*?)</textarea>', html, flags=re.DOTALL)
    if found is None:
        found = re.search(rf'<input name="{name}"[^>]* ?value="([^"]*)"', html)
    assert found is not None, name
    return unescape(found[1])


def log_in(app: Flask, client: FlaskClient, name: str, back: str = "") -> TestResponse:
    html = client.get("/login").get_data(as_text=True)
    form = {"name": name, "password": PASSWORD, "csrf_token": hidden(html, "csrf_token"), "next": back}
    return client.post("/login", data=form)


def open_page(app: Flask, client: FlaskClient, path: str) -> dict[str, str]:
    """Opens a page as a browser does; returns the hidden fields that its form sends along."""
    html = client.get(path).get_data(as_text=True)
    return {"typed_by": hidden(html, "typed_by"), "csrf_token": hidden(html, "csrf_token")}


def test_a_reply_typed_while_the_session_ran_out_is_back_after_signing_in(
    app: Flask, clerk: Person, ticket: Ticket, clock: StoppedClock
) -> None:
    client = app.test_client()
    log_in(app, client, "clerk")
    page = f"/console/unit?ticket={ticket.number}"
    form = open_page(app, client, page)
    clock.advance(13 * 3600)
    sent = client.post(f"/console/unit/{ticket.number}/reply", data={**form, "reply": TEXT})
    assert sent.status_code == 303
    login = client.get(sent.location).get_data(as_text=True)
    assert "登录已结束" in login
    assert TEXT not in unescape(login)
    back = log_in(app, client, "clerk", hidden(login, "next"))
    assert back.location == page
    html = client.get(back.location).get_data(as_text=True)
    assert in_field(html, "reply") == TEXT
    assert "登录已过期，刚才没有提交" in html
    done = client.post(
        f"/console/unit/{ticket.number}/reply",
        data={"csrf_token": hidden(html, "csrf_token"), "typed_by": hidden(html, "typed_by"), "reply": TEXT},
    )
    assert done.status_code == 303
    assert TEXT.split("\n", maxsplit=1)[0] in client.get(page).get_data(as_text=True)
    assert "没有提交" not in client.get(page).get_data(as_text=True)


def test_a_form_without_its_author_is_kept_for_the_session_it_belongs_to(
    signed_in: SignIn, clerk: Person, ticket: Ticket, clock: StoppedClock
) -> None:
    client = signed_in(clerk)
    clock.advance(13 * 3600)
    sent = client.post(f"/console/unit/{ticket.number}/reply", data={"reply": TEXT})
    assert sent.status_code == 303
    html = signed_in(clerk).get(f"/console/unit?ticket={ticket.number}").get_data(as_text=True)
    assert in_field(html, "reply") == TEXT


def test_another_person_who_signs_in_never_sees_it_and_does_not_destroy_it(
    app: Flask, clerk: Person, colleague: Person, ticket: Ticket
) -> None:
    client = app.test_client()
    log_in(app, client, "clerk")
    page = f"/console/unit?ticket={ticket.number}"
    form = open_page(app, client, page)
    client.post("/logout", data=form)
    log_in(app, client, "colleague")
    sent = client.post(f"/console/unit/{ticket.number}/reply", data={**form, "reply": TEXT})
    assert sent.status_code == 303
    seen = [client.get(path, follow_redirects=True).get_data(as_text=True) for path in (sent.location, page)]
    assert "另一位用户" in seen[0]
    assert all("三盏灯的线路" not in html for html in seen)
    html = seen[-1]
    client.post("/logout", data={"csrf_token": hidden(html, "csrf_token")})
    greeted = log_in(app, client, "clerk")
    assert "没有提交的内容" in client.get(greeted.location).get_data(as_text=True)
    assert in_field(client.get(page).get_data(as_text=True), "reply") == TEXT


def test_signing_in_again_in_another_tab_gives_the_text_back_at_once(
    app: Flask, clerk: Person, ticket: Ticket
) -> None:
    client = app.test_client()
    log_in(app, client, "clerk")
    page = f"/console/unit?ticket={ticket.number}"
    form = open_page(app, client, page)
    client.post("/logout", data=form)
    log_in(app, client, "clerk")
    sent = client.post(f"/console/unit/{ticket.number}/reply", data={**form, "reply": TEXT})
    assert (sent.status_code, sent.location) == (303, page)
    html = client.get(page).get_data(as_text=True)
    assert in_field(html, "reply") == TEXT
    assert "登录状态变化过" in html


def test_a_forged_author_keeps_nothing(
    app: Flask, application: Application, clerk: Person, ticket: Ticket
) -> None:
    browser = app.test_client()
    sent = browser.post(
        f"/console/unit/{ticket.number}/reply", data={"reply": TEXT, "typed_by": str(clerk.id)}
    )
    assert sent.status_code == 400
    assert TEXT in unescape(sent.get_data(as_text=True))
    with application.read_session() as session:
        assert session.query(KeptForm).count() == 0


@pytest.mark.parametrize(
    ("place", "form"),
    [
        ((Role.SHIFT_LEADER, "/console/notices"), {"text_zh": "春秋路停水", "text_en": "No water"}),
        ((Role.OPERATOR, "/console/callbacks"), {"number": "0537 441 98"}),
        ((Role.ADMIN, "/console/flows/draft"), {"text": 'id = "main"\n# 改动'}),
    ],
)  # fmt: skip
def test_every_form_gives_its_text_back(
    place: tuple[Role, str], form: dict[str, str], application: Application, signed_in: SignIn, clock: StoppedClock
) -> None:  # fmt: skip
    role, page = place
    person = person_of(make_user(application, role))
    client = signed_in(person)
    clock.advance(13 * 3600)
    assert client.post(page, data=form).status_code == 303
    html = signed_in(person).get(page).get_data(as_text=True)
    for name, text in form.items():
        assert in_field(html, name) == text
    again = signed_in(person)
    dropped = again.post("/console/kept", data={"page": hidden(html, "page"), "back": page})
    assert dropped.location == page
    for name, text in form.items():
        assert in_field(again.get(page).get_data(as_text=True), name) != text


def test_a_draft_typed_while_the_session_ran_out_is_shown_beside_what_is_stored_now(
    application: Application, signed_in: SignIn, clock: StoppedClock
) -> None:
    operator = person_of(make_user(application))
    draft = make_ticket(application, author_id=operator.id, place="老地址")
    client = signed_in(operator)
    clock.advance(13 * 3600)
    client.post(f"/console/tickets/draft-{draft.id}/save", data={"title": "我写的", "place": "老地址"})
    with application.unit_of_work(operator) as work:
        actions.perform(work, draft.id, TicketAction.SAVE, TicketFields(title="别人改的"))
    html = signed_in(operator).get(f"/console/tickets/draft-{draft.id}").get_data(as_text=True)
    assert 'value="我写的"' in html
    assert re.findall(r'data-stored="(\w+)">[^<]*<bdi>([^<]*)', html) == [("title", "别人改的")]


@pytest.mark.parametrize("family", ["unit", "tickets"])
def test_when_a_colleague_was_faster_the_text_can_be_read_and_copied(
    family: str, application: Application, signed_in: SignIn, two: tuple[Person, Person], ticket: Ticket
) -> None:
    clerk, colleague = two
    with application.unit_of_work(colleague) as work:
        actions.perform(work, ticket.id, TicketAction.REPLY, TicketFields(reply="同事先答复了"))
    client = signed_in(clerk)
    lost = client.post(f"/console/{family}/{ticket.number}/reply", data={"reply": TEXT})
    assert lost.status_code == 409
    pages = [lost, client.get(f"/console/unit?ticket={ticket.number}")]
    for html in (page.get_data(as_text=True) for page in pages):
        assert f'data-typed="reply">\n{TEXT.split("“", maxsplit=1)[0]}' in html
        assert "同事先答复了" in html
    other = signed_in(colleague).get(f"/console/unit?ticket={ticket.number}").get_data(as_text=True)
    assert "三盏灯的线路" not in other


def test_a_stale_draft_shows_both_texts_and_the_next_save_is_knowing(
    application: Application, signed_in: SignIn
) -> None:
    operator = person_of(make_user(application))
    draft = make_ticket(application, author_id=operator.id)
    with application.unit_of_work(operator) as work:
        actions.perform(work, draft.id, TicketAction.SAVE, TicketFields(title="别人改的", text="新内容"))
    client = signed_in(operator)
    form = {"title": "我写的", "text": "我的内容", "revision": str(draft.revision)}
    html = client.post(f"/console/tickets/draft-{draft.id}/save", data=form).get_data(as_text=True)
    assert in_field(html, "text") == "我的内容"
    assert {"title", "text"} <= set(re.findall(r'data-stored="(\w+)"', html))
    form["revision"] = hidden(html, "revision")
    assert client.post(f"/console/tickets/draft-{draft.id}/save", data=form).status_code == 303


def test_of_two_texts_in_one_form_one_button_sends_its_own_and_keeps_the_other(
    application: Application, signed_in: SignIn, clerk: Person, ticket: Ticket
) -> None:
    client = signed_in(clerk)
    page = f"/console/unit?ticket={ticket.number}"
    html = client.get(page).get_data(as_text=True)
    step = re.search(r'<form method="post"[^>]*class="step">(.*?)</form>', html, flags=re.DOTALL)
    assert step is not None
    assert set(re.findall(r'<textarea name="(\w+)"', step[1])) == {"contact_note", "reply"}
    assert len(re.findall(r'formaction="[^"]*/(?:record_contact|reply)', step[1])) == 2
    both = {"contact_note": "已电话联系", "reply": TEXT}
    assert client.post(f"/console/unit/{ticket.number}/record_contact", data=both).status_code == 303
    html = client.get(page).get_data(as_text=True)
    assert in_field(html, "reply") == TEXT
    with application.read_session() as session:
        stored = session.get_one(Ticket, ticket.id)
    assert (stored.contact_note, stored.reply, stored.state) == ("已电话联系", "", S.IN_PROGRESS)
    assert client.post(f"/console/unit/{ticket.number}/reply", data={"reply": TEXT}).status_code == 303
    assert "没有提交" not in client.get(page).get_data(as_text=True)


def test_a_missing_contact_note_keeps_the_reply_that_was_typed(
    signed_in: SignIn, clerk: Person, ticket: Ticket
) -> None:
    both = {"contact_note": "\u200b", "reply": TEXT}
    refused = signed_in(clerk).post(f"/console/unit/{ticket.number}/record_contact", data=both)
    assert refused.status_code == 422
    html = refused.get_data(as_text=True)
    assert in_field(html, "reply") == TEXT
    assert '<details class="step-other" open>' in html


def test_a_ticket_that_went_to_another_unit_shows_the_text_to_be_copied(
    application: Application, signed_in: SignIn, clerk: Person
) -> None:
    make_unit(application, "water-company")
    away = make_ticket(application, state=S.ACKNOWLEDGED, unit_code="water-company")
    gone = signed_in(clerk).post(f"/console/unit/{away.number}/reply", data={"reply": TEXT})
    assert gone.status_code == 404
    assert TEXT in unescape(gone.get_data(as_text=True))


def test_a_fault_of_ours_shows_the_text_and_lets_it_be_sent_again(
    app: Flask, application: Application, signed_in: SignIn, clerk: Person, ticket: Ticket
) -> None:
    def broken(address: str, action: str) -> str:
        raise ConnectionError(address, action)

    client = signed_in(clerk)
    works, app.view_functions["unit.act"] = app.view_functions["unit.act"], broken
    fault = client.post(
        f"/console/unit/{ticket.number}/reply?section=in_hand", data={"reply": TEXT, "revision": "1"}
    )
    html = fault.get_data(as_text=True)
    assert fault.status_code == 500
    assert in_field(html, "reply") == TEXT
    address = re.search(r'action="([^"]+)" class="wrong-typed"', html)
    assert address is not None
    app.view_functions["unit.act"] = works
    again = client.post(
        unescape(address[1]), data={"reply": in_field(html, "reply"), "revision": hidden(html, "revision")}
    )
    assert again.status_code == 303


def test_a_text_that_is_far_too_long_is_shown_again(
    application: Application, signed_in: SignIn, clerk: Person, ticket: Ticket
) -> None:
    endless = "长" * 800_000
    refused = signed_in(clerk).post(f"/console/unit/{ticket.number}/reply", data={"reply": endless})
    assert refused.status_code == 422
    assert endless in refused.get_data(as_text=True)
    admin = signed_in(person_of(make_user(application, Role.ADMIN)))
    refused = admin.post("/console/flows/draft", data={"text": endless}, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert endless in refused.get_data(as_text=True)


def test_kept_text_is_forgotten_after_a_week(
    application: Application, signed_in: SignIn, clerk: Person, ticket: Ticket, clock: StoppedClock
) -> None:
    client = signed_in(clerk)
    clock.advance(13 * 3600)
    client.post(f"/console/unit/{ticket.number}/reply", data={"reply": TEXT})
    clock.advance(timedelta(days=7, seconds=1).total_seconds())
    with application.unit_of_work(Machine.CLOCK) as work:
        assert retention.delete_expired(work) == 1


def test_an_expired_session_says_why_a_page_asks_to_sign_in(
    app: Flask, application: Application, clerk: Person, clock: StoppedClock
) -> None:
    client = app.test_client()
    with application.unit_of_work(clerk) as work:
        token = sign_ins.sign_in(work, clerk.id)
    with client.session_transaction() as session:
        session["sign_in"] = token
    arm_with_csrf_token(app, client)
    clock.advance(13 * 3600)
    sent = client.get("/console/unit")
    assert "登录已过期" in client.get(sent.location).get_data(as_text=True)
    assert "登录已过期" not in app.test_client().get("/login").get_data(as_text=True)
