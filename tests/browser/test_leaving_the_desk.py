"""Calls ring on the desk's page only: an operator who leaves it is not ready, reads so, and returns with one click."""

from typing import TYPE_CHECKING

from sqlalchemy import select

from hotline.store.people.tables import Presence, User
from tests.browser.test_two_tabs import sign_in
from tests.journeys.city import City, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Tab


def presence(city: City) -> tuple[str, str | None]:
    with city.application.read_session() as session:
        row = session.scalars(select(Presence).join(User).where(User.name == "operator")).one()
    return row.state.value, row.reason


def becomes(city: City, state: str, reason: str | None = None) -> None:
    until(f"the operator is {state}", lambda: presence(city) == (state, reason) or None)


def be_ready(desk: "Page", city: City) -> None:
    desk.click("[data-act=ready]:visible")
    becomes(city, "ready")
    desk.wait_for_selector("#card [data-act=ready]", state="hidden")


def test_an_operator_who_leaves_the_desk_is_not_ready_until_one_click_brings_them_back(
    city: City, tab: "Tab"
) -> None:
    desk = tab(f"{city.web}/login")
    sign_in(desk, "operator")
    be_ready(desk, city)

    desk.click("nav a[href='/console/tickets']")
    desk.wait_for_selector("#left-desk:visible")
    becomes(city, "not_ready", "left_desk")
    desk.goto(f"{city.web}/console/calls")
    desk.click("#left-desk a")
    desk.wait_for_url("**/console")
    becomes(city, "ready")

    desk.reload()
    becomes(city, "ready")
    desk.wait_for_selector("text=等待来电")

    other = desk.context.new_page()
    other.goto(f"{city.web}/console")
    other.wait_for_selector("text=等待来电")
    other.goto(f"{city.web}/console/tickets")
    assert other.is_hidden("#left-desk")
    assert presence(city) == ("ready", None)

    desk.goto(f"{city.web}/console/tickets")
    becomes(city, "not_ready", "left_desk")
    desk.go_back()
    desk.wait_for_selector("text=您刚才离开了话务台")
    be_ready(desk, city)
    desk.close()
    becomes(city, "not_ready", "left_desk")
