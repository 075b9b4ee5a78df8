"""A person comes and goes, as their administrator and they themselves see it: invited, on a call, disabled."""

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from hotline.rules.enums import Role
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import Machine
from hotline.services.people import accounts
from hotline.store.people.tables import User
from hotline.store.tickets.tables import Ticket
from tests.browser.test_two_tabs import heard, sign_in
from tests.journeys.city import PASSWORD, City, until

if TYPE_CHECKING:
    from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser

OWN_PASSWORD = "A-password-of-my-own"


def author_of_the_draft(city: City) -> str | None:
    with city.application.read_session() as session:
        query = select(User.name).join(Ticket, Ticket.author_id == User.id).where(Ticket.title == "停水两天")
        return session.scalar(query)


def test_a_newcomer_takes_a_call_and_is_disabled_in_it(city: City, tab: "Tab") -> None:
    with city.application.unit_of_work(Machine.SYSTEM) as work:
        accounts.add_user(work, "boss", Account("沈既白", Role.ADMIN), password=PASSWORD)
    office = tab(f"{city.web}/login")
    sign_in(office, "boss")
    office.goto(f"{city.web}/console/people/new")
    office.fill("[name=name]", "newcomer")
    office.fill("[name=display_name]", "林一诺")
    office.fill("[name=work_number]", "088")
    office.click("main form .btn-act")
    link = office.input_value("input[readonly]")

    desk = tab(link)
    desk.fill("[name=new]", OWN_PASSWORD)
    desk.fill("[name=again]", OWN_PASSWORD)
    desk.click("main form .btn-act")
    desk.wait_for_url(re.compile("/console$"), wait_until="load")
    desk.click("[data-act=ready]:visible")
    desk.wait_for_selector("[data-act=ready]:visible", state="hidden")

    phone = tab(f"{city.exchange}/phone")
    phone.fill("#me", "13800009077")
    phone.click("#own button")
    phone.click("#call")
    heard(phone, "投诉求助请按1")
    phone.keyboard.press("1")
    desk.wait_for_selector('[data-stage="ringing"]', timeout=20_000)
    desk.keyboard.press("F2")
    desk.wait_for_selector('[data-stage="talking"]', timeout=20_000)
    desk.wait_for_selector("#ticket")

    office.goto(f"{city.web}/console/people?q=newcomer")
    office.click("main table a")
    office.select_option("[name=successor]", "operator2")
    office.fill(".account-disable [name=reason]", "离职")
    office.click(".account-disable button")
    office.wait_for_selector("text=账号已停用")

    # The talk goes on at the desk, and what is typed is saved; every other page is closed.
    desk.fill("#f-title", "停水两天")
    desk.wait_for_function("() => /已保存/.test(document.querySelector('#save-state').innerText)")
    assert author_of_the_draft(city) == "newcomer"
    other = desk.context.new_page()
    other.goto(f"{city.web}/console/tickets")
    assert "/login" in other.url
    desk.keyboard.press("F9")
    heard(phone, "再见")

    until("the draft goes to the successor", lambda: author_of_the_draft(city) == "operator2" or None, 30)
    desk.goto(f"{city.web}/console")
    assert "/login" in desk.url
    desk.fill("input[name=name]", "newcomer")
    desk.fill("input[name=password]", OWN_PASSWORD)
    desk.click("main button")
    desk.wait_for_selector("text=用户名或密码不正确")
    office.reload()
    assert "移交未完工作：草稿 1 张" in office.inner_text("main")
