"""The sign-in page lists the accounts of the demonstration, and in production none."""

from dataclasses import replace
from pathlib import Path

from flask import Flask

from agent_console.app import ConsoleOptions, DemoAccount, register
from config.demo.people import SHOWN
from config.processes.serve import console_options as options_of
from config.settings import read_settings
from config.wiring import build
from hotline.rules.enums import Role
from hotline.unit_of_work import Application
from tests.journeys.production import production_environ


def test_an_account_is_a_link_that_fills_in_its_name(
    application: Application, console_options: ConsoleOptions
) -> None:
    account = DemoAccount("op1", "张晓岚", Role.OPERATOR, None)
    app = Flask("demonstration", static_folder=None)
    register(app, application, replace(console_options, demo_accounts=(account,)))
    browser = app.test_client()
    page = browser.get("/login").text
    assert 'href="/login?name=op1"' in page
    assert "话务员" in page
    assert 'name="name" value="op1"' in browser.get("/login?name=op1").text
    assert 'name="name" value=""' in browser.get("/login?name=somebody-else").text


def test_only_the_demonstration_lists_accounts(tmp_path: Path) -> None:
    demo = build(read_settings({"HOTLINE_HOME": str(tmp_path)}))
    assert [account.name for account in options_of(demo, 1).demo_accounts] == [user.name for user in SHOWN]
    environ = production_environ(
        DATABASE_URL=f"sqlite:///{tmp_path}/hotline.sqlite3",
        REDIS_URL="redis://127.0.0.1/0",
        PUBLIC_URL="https://hotline.example",
    )
    assert options_of(build(read_settings(environ)), 1).demo_accounts == ()
