"""The people page, one's own profile, and the links with which passwords are chosen, as a browser sees them."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.rules.enums import CallState, PresenceState, Role
from hotline.rules.people.actors import Machine, Person, Right
from hotline.services.people import accounts, sign_ins
from hotline.store.people.kept_forms import KeptForm
from hotline.store.people.tables import ApiToken, Presence, SignIn, User
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import arm_with_csrf_token

SignInAs = Callable[[Person], FlaskClient]
PASSWORD = "correct horse"
NEW = "Correct-horse-电池"
FORM = {"name": "lin", "display_name": "林一诺", "work_number": "088", "role": "operator"}


@pytest.fixture
def session(application: Application) -> Session:
    with application.read_session() as opened:
        yield opened


@pytest.fixture
def admin(application: Application) -> User:
    return make_user(application, Role.ADMIN, name="root", display_name="沈既白", password=PASSWORD)


@pytest.fixture
def desk_of_admin(signed_in: SignInAs, admin: User) -> FlaskClient:
    return signed_in(person_of(admin))


def link_in(page: str) -> str:
    found = re.search(r'value="(http://localhost/account/[^"]+)"', page)
    assert found is not None, page
    return found[1].removeprefix("http://localhost")


def log_in(app: Flask, name: str, password: str) -> tuple[FlaskClient, int]:
    browser = app.test_client()
    arm_with_csrf_token(app, browser)
    return browser, browser.post("/login", data={"name": name, "password": password}).status_code


def test_an_invited_person_sets_a_password_and_is_signed_in(app: Flask, desk_of_admin: FlaskClient) -> None:
    added = desk_of_admin.post("/console/people/new", data=FORM)
    assert added.status_code == 303
    page = desk_of_admin.get(added.location)
    link = link_in(page.text)
    assert "等待设置密码" in page.text
    # The link is shown once.
    assert "/account/" not in desk_of_admin.get(added.location).text

    browser = app.test_client()
    arm_with_csrf_token(app, browser)
    assert "林一诺，您好。您的用户名是 lin。" in browser.get(link).text
    wrong = browser.post(link, data={"new": NEW, "again": NEW + "x"})
    assert (wrong.status_code, "两次输入的密码不一致" in wrong.text) == (422, True)
    assert "太短" in browser.post(link, data={"new": "short", "again": "short"}).text
    chosen = browser.post(link, data={"new": NEW, "again": NEW})
    assert (chosen.status_code, chosen.location) == (303, "/console")
    assert browser.get("/console").status_code == 200
    assert log_in(app, "lin", NEW)[1] == 303

    over = app.test_client().get(link)
    assert (over.status_code, "链接已失效" in over.text) == (410, True)
    assert "生成邀请链接" in desk_of_admin.get(added.location).text


def test_a_form_that_is_refused_keeps_what_was_typed(
    desk_of_admin: FlaskClient, application: Application
) -> None:
    make_user(application, name="lin", work_number="088")
    taken = desk_of_admin.post("/console/people/new", data=FORM)
    assert taken.status_code == 422
    assert "已被其他用户使用" in taken.text
    assert 'value="林一诺"' in taken.text
    number = desk_of_admin.post("/console/people/new", data={**FORM, "name": "other"})
    assert "已被其他用户使用" in number.text
    empty = desk_of_admin.post("/console/people/new", data={**FORM, "name": " ", "role": "handler"})
    assert empty.status_code == 422
    assert "请填写" in empty.text
    rubbish = desk_of_admin.post("/console/people/new", data={**FORM, "role": "king"})
    assert rubbish.status_code == 422
    assert "不在可选范围内" in rubbish.text


def test_a_person_is_changed_with_a_reason_and_the_page_tells_it(
    desk_of_admin: FlaskClient, application: Application, session: Session
) -> None:
    unit = make_unit(application)
    user = make_user(application, name="li", display_name="李")
    address = f"/console/people/{user.id}"
    fields = {"display_name": "李明", "role": "handler", "unit_code": unit.code, "reason": "借调"}
    assert desk_of_admin.post(address, data=fields).status_code == 303
    page = desk_of_admin.get(address).text
    assert "修改账号：姓名；工号；角色 话务员 → 单位经办人；承办单位 – → " + unit.code in page
    assert "借调" in page
    assert "沈既白" in page
    assert session.get_one(User, user.id).unit_code == unit.code


def test_skills_are_set_on_the_page(desk_of_admin: FlaskClient, application: Application) -> None:
    user = make_user(application, name="li", display_name="李", work_number="1")
    address, fields = (
        f"/console/people/{user.id}",
        {"display_name": "李", "role": "operator", "work_number": "1"},
    )
    desk_of_admin.post(address, data={**fields, "skills": "english、dialect"})
    assert 'value="dialect, english"' in desk_of_admin.get(address).text
    unknown = desk_of_admin.post(address, data={**fields, "skills": "klingon"})
    assert unknown.status_code == 422
    assert 'value="klingon"' in unknown.text
    assert 'value="dialect, english"' in desk_of_admin.get(address).text


def test_a_leaver_is_signed_out_and_the_drafts_go_on(
    desk_of_admin: FlaskClient, signed_in: SignInAs, application: Application, session: Session
) -> None:
    user, heir = make_user(application, name="li"), make_user(application, name="wang")
    draft = make_ticket(application, author_id=user.id)
    browser = signed_in(person_of(user))
    assert browser.get("/console").status_code == 200
    address = f"/console/people/{user.id}"
    told = desk_of_admin.post(f"{address}/disable", data={"successor": "wang", "reason": "离职"})
    assert told.status_code == 303
    page = desk_of_admin.get(address).text
    assert "移交未完工作：草稿 1 张" in page
    assert "重新启用" in page
    assert browser.get("/console").location.startswith("/login")
    assert session.get_one(Ticket, draft.id).author_id == heir.id
    assert "账号" in desk_of_admin.post(f"{address}/enable", follow_redirects=True).text
    assert log_in_again(browser) == 303


def log_in_again(browser: FlaskClient) -> int:
    """Opens the desk with the former session, which stays over although the account is enabled again."""
    return browser.get("/console").status_code


def test_a_leaver_has_the_desk_until_the_talk_is_over_and_no_other_page(
    desk_of_admin: FlaskClient, signed_in: SignInAs, application: Application
) -> None:
    user = make_user(application, name="li")
    at = application.clock()
    call = make_call(application, state=CallState.TALKING, operator_id=user.id, answered_at=at)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(
            Presence(
                user_id=user.id,
                state=PresenceState.TALKING,
                since=at,
                idle_since=at,
                seen_at=at,
                call_id=call.id,
            )
        )
    browser = signed_in(person_of(user))
    desk_of_admin.post(f"/console/people/{user.id}/disable")
    assert browser.get("/console").status_code == 200
    assert browser.get("/console/desk/state").status_code == 200
    assert browser.post("/console/desk/beat").status_code == 204
    opened = browser.post(f"/console/desk/calls/{call.id}/draft")
    assert opened.status_code == 200
    for page in ("/console/tickets", "/console/calls", "/console/profile", "/console/callbacks"):
        assert browser.get(page).location.startswith("/login"), page
    assert browser.post(f"/console/desk/calls/{call.id}/hang-up").status_code == 204


def test_a_reset_shows_a_link_and_the_old_password_is_void(
    app: Flask, desk_of_admin: FlaskClient, application: Application
) -> None:
    user = make_user(application, name="li", password=NEW)
    page = desk_of_admin.post(f"/console/people/{user.id}/reset", follow_redirects=True).text
    assert log_in(app, "li", NEW)[1] == 422
    browser = app.test_client()
    arm_with_csrf_token(app, browser)
    assert browser.post(link_in(page), data={"new": NEW + "2", "again": NEW + "2"}).status_code == 303


def test_a_locked_account_is_seen_and_unlocked(
    app: Flask, desk_of_admin: FlaskClient, application: Application
) -> None:
    user = make_user(application, name="li", password=NEW)
    for _try in range(application.policies.accounts.lock_after):
        with application.unit_of_work(Machine.SYSTEM) as work:
            sign_ins.record_failed_log_in(work, "li")
    assert log_in(app, "li", NEW)[1] == 422
    assert "已锁定至" in desk_of_admin.get("/console/people").text
    desk_of_admin.post(f"/console/people/{user.id}/unlock")
    assert log_in(app, "li", NEW)[1] == 303


def test_a_wrong_password_at_the_log_in_is_counted(
    app: Flask, application: Application, session: Session
) -> None:
    make_user(application, name="li", password=NEW)
    log_in(app, "li", "wrong")
    log_in(app, "nobody", "wrong")
    assert session.scalars(select(User.failed_log_ins)).all() == [1]


def test_who_may_not_manage_people_sees_no_account(signed_in: SignInAs, application: Application) -> None:
    for role in Role:
        person = Person(make_user(application, role).id, role, None)
        if person.may(Right.MANAGE_PEOPLE):
            continue
        browser = signed_in(person)
        for address in (
            "/console/people",
            "/console/people/new",
            "/console/people/tokens",
            f"/console/people/{person.id}",
        ):
            assert browser.get(address).status_code == 403, (role, address)
        assert browser.post(f"/console/people/{person.id}/disable").status_code == 403


def test_ones_own_page_offers_no_way_to_lock_oneself_out(desk_of_admin: FlaskClient, admin: User) -> None:
    address = f"/console/people/{admin.id}"
    page = desk_of_admin.get(address).text
    assert "停用账号" not in page
    refused = desk_of_admin.post(f"{address}/disable", follow_redirects=True)
    assert "您不能进行此操作。" in refused.text
    last = desk_of_admin.post(address, data={"display_name": "沈", "role": "leader"})
    assert last.status_code == 422
    assert "您不能进行此操作。" in last.text


@pytest.mark.parametrize("query", ["role=king", "state=x", "cursor=x", "q=" + "x" * 101])
def test_a_filter_that_is_not_valid_is_named(desk_of_admin: FlaskClient, query: str) -> None:
    assert desk_of_admin.get(f"/console/people?{query}").status_code == 422


def test_an_unknown_person_is_not_found(desk_of_admin: FlaskClient) -> None:
    assert desk_of_admin.get("/console/people/99999").status_code == 404
    assert desk_of_admin.post("/console/people/99999/disable").status_code == 404


def test_a_person_changes_their_password_and_other_sessions_end(
    app: Flask, signed_in: SignInAs, application: Application, session: Session
) -> None:
    user = make_user(application, name="li", password=NEW)
    browser, other = signed_in(person_of(user)), signed_in(person_of(user))
    address = "/console/profile/password"
    wrong = browser.post(address, data={"current": "x", "new": NEW + "2", "again": NEW + "2"})
    assert (wrong.status_code, "当前密码不正确" in wrong.text) == (422, True)
    same = browser.post(address, data={"current": NEW, "new": NEW, "again": NEW})
    assert "不能与当前密码相同" in same.text
    assert (
        browser.post(address, data={"current": NEW, "new": NEW + "2", "again": NEW + "2"}).status_code == 303
    )
    assert browser.get("/console").status_code == 200
    assert other.get("/console").status_code == 303
    assert log_in(app, "li", NEW + "2")[1] == 303


def test_a_password_that_must_be_changed_comes_before_every_page(
    signed_in: SignInAs, application: Application
) -> None:
    user = make_user(application, name="li", password=NEW, must_change_password=True)
    browser = signed_in(person_of(user))
    for address in ("/console", "/console/tickets", "/console/calls"):
        assert browser.get(address).location == "/console/profile", address
    script = browser.post("/console/desk/beat", headers={"Accept": "application/json"})
    assert script.status_code == 401
    assert "请先修改密码" in browser.get("/console/profile").text
    browser.post("/console/profile/password", data={"current": NEW, "new": NEW + "2", "again": NEW + "2"})
    assert browser.get("/console").status_code == 200


def test_a_person_sees_and_ends_their_sessions(
    app: Flask, application: Application, session: Session
) -> None:
    user = make_user(application, name="li", password=NEW)
    browser, _ = log_in(app, "li", NEW)
    arm_with_csrf_token(app, browser)
    agent = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
    )
    other = app.test_client()
    arm_with_csrf_token(app, other)
    other.post("/login", data={"name": "li", "password": NEW}, headers={"User-Agent": agent})
    page = browser.get("/console/profile").text
    assert "Edge · Windows" in page
    assert page.count("本机") == 1
    keys = re.findall(r'name="key" value="(\w+)"', page)
    assert len(keys) == 1
    browser.post("/console/profile/end-session", data={"key": keys[0]})
    assert other.get("/console").status_code == 303
    assert browser.get("/console").status_code == 200
    assert session.scalars(select(SignIn.client).where(SignIn.user_id == user.id)).all()


def test_a_token_is_made_shown_once_and_revoked(
    desk_of_admin: FlaskClient, app: Flask, application: Application, session: Session
) -> None:
    make_user(application, Role.SUPERVISOR, name="reader")
    form = {"name": "公开数据", "user": "reader", "scope": "read", "days": "90"}
    page = desk_of_admin.post("/console/people/tokens", data=form, follow_redirects=True).text
    token = re.search(r'value="(hl_[^"]+)"', page)
    assert token is not None
    assert "hl_" not in desk_of_admin.get("/console/people/tokens").text
    headers = {"Authorization": f"Bearer {token[1]}"}
    program = app.test_client()
    assert program.get("/api/v1/tickets", headers=headers).status_code == 200
    assert program.post("/api/v1/tickets", json={}, headers=headers).status_code == 403
    row = session.scalars(select(ApiToken)).one()
    assert row.last_used_at == application.clock()
    assert row.expires_at is not None
    desk_of_admin.post(f"/console/people/tokens/{row.id}/revoke")
    assert "已吊销" in desk_of_admin.get("/console/people/tokens").text
    assert program.get("/api/v1/tickets", headers=headers).status_code == 401


def test_a_token_needs_a_purpose_and_a_user(desk_of_admin: FlaskClient) -> None:
    blank = desk_of_admin.post("/console/people/tokens", data={"name": "", "user": "root"})
    assert blank.status_code == 422
    assert "请填写用途" in blank.text
    unknown = desk_of_admin.post("/console/people/tokens", data={"name": "x", "user": "nobody"})
    assert unknown.status_code == 422
    assert 'value="x"' in unknown.text


def test_an_administrator_of_the_system_alone_manages_no_people(
    signed_in: SignInAs, application: Application
) -> None:
    user = make_user(application, Role.ADMIN, duties="system")
    browser = signed_in(person_of(user))
    assert browser.get("/console/people").status_code == 403
    assert browser.get("/console/deliveries").status_code == 200
    assert "/console/people" not in browser.get("/console/deliveries").text


def test_a_voice_message_draft_of_a_leaver_stays_everybodys(application: Application, admin: User) -> None:
    make_user(application, name="li")
    draft = make_ticket(application, author_id=None)
    with application.unit_of_work(person_of(admin)) as work:
        accounts.disable_user(work, "li")
    with application.read_session() as reading:
        assert reading.get_one(Ticket, draft.id).author_id is None


def test_a_change_that_was_typed_in_an_ended_session_is_given_back(
    app: Flask, application: Application, desk_of_admin: FlaskClient, admin: User
) -> None:
    lin = make_user(application, Role.OPERATOR, name="lin", display_name="林一诺")
    page = desk_of_admin.get(f"/console/people/{lin.id}").text
    typed_by = re.search(r'name="typed_by" value="([^"]+)"', page)
    assert typed_by is not None
    with application.unit_of_work(Machine.SYSTEM) as work:
        sign_ins.end_sessions(work, admin.id)
    sent = {"display_name": "林一诺一", "role": "operator", "work_number": "088", "reason": "改名"}
    answer = desk_of_admin.post(f"/console/people/{lin.id}", data={**sent, "typed_by": typed_by[1]})
    assert "/login" in answer.location
    with application.read_session() as session:
        kept = session.query(KeptForm).one()
    assert kept.address == f"/console/people/{lin.id}"
    browser, status = log_in(app, "root", PASSWORD)
    assert status == 303
    shown = browser.get(f"/console/people/{lin.id}").text
    assert 'value="林一诺一"' in shown
    assert 'value="改名"' in shown
    arm_with_csrf_token(app, browser)
    assert browser.post(f"/console/people/{lin.id}", data=sent).status_code == 303
    assert "登录已过期" not in browser.get(f"/console/people/{lin.id}").text


def test_what_was_typed_for_a_token_is_given_back(
    app: Flask, application: Application, desk_of_admin: FlaskClient, admin: User
) -> None:
    typed_by = re.search(r'name="typed_by" value="([^"]+)"', desk_of_admin.get("/console/people/tokens").text)
    assert typed_by is not None
    with application.unit_of_work(Machine.SYSTEM) as work:
        sign_ins.end_sessions(work, admin.id)
    sent = {"name": "大屏系统", "user": "root", "scope": "read", "days": "90", "typed_by": typed_by[1]}
    assert "/login" in desk_of_admin.post("/console/people/tokens", data=sent).location
    browser, _status = log_in(app, "root", PASSWORD)
    assert 'value="大屏系统"' in browser.get("/console/people/tokens").text
