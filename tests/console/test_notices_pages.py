"""Known outages at the console: announced with an end, heard before they are asked for, stopped by hand."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from hotline.rules.calls.outages import MAX_CONCURRENT
from hotline.rules.enums import PresenceState, Role
from hotline.rules.people.actors import Machine, Person, Right
from hotline.store.calls.outages import Outage
from hotline.unit_of_work import Application
from tests.builders import make_operator, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.stopped_clock import StoppedClock

WATER = "春秋路爆管抢修，鲁城街道北部停水。"


@pytest.fixture
def leader(application: Application) -> Person:
    return person_of(make_user(application, Role.SHIFT_LEADER, display_name="李值班"))


@pytest.fixture
def desk(leader: Person, signed_in: SignIn) -> FlaskClient:
    return signed_in(leader)


def page(client: FlaskClient, path: str = "/console/notices", status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.get_data(as_text=True)


def form(**typed: str) -> dict[str, str]:
    return {"text_zh": WATER, "text_en": "", "starts_at": "", "lasts": "60", "ends_at": "", **typed}


def announced(client: FlaskClient, **typed: str) -> None:
    assert client.post("/console/notices", data=form(**typed)).status_code == 303


def only(application: Application) -> Outage:
    with application.read_session() as session:
        return session.scalars(select(Outage)).one()


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_and_announces_what_its_rights_name(
    role: Role, application: Application, desk: FlaskClient, signed_in: SignIn
) -> None:
    announced(desk)
    unit = make_unit(application).code if role is Role.HANDLER else None
    person = person_of(make_user(application, role, unit_code=unit))
    client = signed_in(person)
    reads, announces = person.may(Right.READ_OUTAGES), person.may(Right.ANNOUNCE)
    assert client.get("/console/notices").status_code == (200 if reads else 403)
    again = client.post("/console/notices", data=form(text_zh="另一处停水。"))
    assert again.status_code == (303 if announces else 403)
    stopped = client.post(f"/console/notices/{1}/stop")
    assert stopped.status_code == (303 if announces else 403)
    if reads:
        assert ("发布通知" in page(client)) == announces


def test_a_line_without_outages_says_so(desk: FlaskClient) -> None:
    html = page(desk)
    assert "现在没有播报任何故障通知" in html
    assert "还没有已结束的通知" in html


def test_an_announced_outage_stands_on_top_with_its_end_and_its_author(
    desk: FlaskClient, application: Application
) -> None:
    announced(desk, text_en="Water is off in the north of Lucheng.", lasts="120")
    html = page(desk)
    for words in (
        WATER,
        "Water is off",
        "播报中",
        "11月23日 周一 09:00 – 11:00",
        "李值班",
        "停止播报",
    ):
        assert words in html
    assert "新来电就会听到" in html
    assert only(application).text_en.startswith("Water")


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        ({"lasts": "30"}, "2026-11-23T09:30"),
        ({"lasts": "240"}, "2026-11-23T13:00"),
        ({"lasts": "today"}, "2026-11-24T00:00"),
        ({"lasts": "at", "ends_at": "2026-11-25T18:00"}, "2026-11-25T18:00"),
        ({"lasts": "60", "starts_at": "2026-11-24T08:00"}, "2026-11-24T09:00"),
        ({"lasts": "today", "starts_at": "2026-11-24T08:00"}, "2026-11-25T00:00"),
    ],
)
def test_a_quick_choice_counts_from_the_start_in_the_citys_own_time(
    typed: dict[str, str], ends: str, desk: FlaskClient, application: Application
) -> None:
    announced(desk, **typed)
    local = only(application).ends_at.astimezone(application.policies.zone)
    assert local.isoformat(timespec="minutes").removesuffix("+08:00") == ends


def test_one_planned_for_later_is_not_told_yet(desk: FlaskClient) -> None:
    announced(desk, starts_at="2026-11-23T12:00")
    html = page(desk)
    assert "未开始" in html
    assert "已排定" in html


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"text_zh": "  "}, "请填写"),
        ({"text_zh": "水" * 121}, "太长了"),
        ({"text_zh": "水\x01管"}, "无法朗读的字符"),
        ({"text_en": "no\x1b water"}, "无法朗读的字符"),
        ({"text_en": "w" * 401}, "太长了"),
        ({"lasts": "soon"}, "不在可选范围内"),
        ({"lasts": "at"}, "请选择日期和时间"),
        ({"lasts": "at", "ends_at": "tomorrow"}, "请选择日期和时间"),
        ({"lasts": "at", "ends_at": "2026-11-23T08:00"}, "已经过去"),
        ({"lasts": "at", "ends_at": "2026-11-24T08:00", "starts_at": "2026-11-24T09:00"}, "须晚于开始时间"),
        ({"lasts": "at", "ends_at": "2026-12-24T08:00"}, "最长 7 天"),
        ({"starts_at": "0001-01-01T00:00"}, "已经过去"),
        ({"lasts": "at", "starts_at": "0001-01-01T00:00", "ends_at": "2026-11-23T12:00"}, "最长 7 天"),
        ({"lasts": "at", "starts_at": "9999-12-30T00:00", "ends_at": "9999-12-31T00:00"}, "最多提前一年"),
        ({"lasts": "240", "starts_at": "9999-12-31T23:59"}, "请选择日期和时间"),
        ({"lasts": "today", "starts_at": "9999-12-31T23:59"}, "请选择日期和时间"),
    ],
)
def test_a_form_with_a_fault_comes_back_whole_with_the_fault_in_words(
    typed: dict[str, str], told: str, desk: FlaskClient, application: Application
) -> None:
    response = desk.post("/console/notices", data=form(**{"text_en": "Water is off.", **typed}))
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert told in html
    assert "没有发布。已填内容都在" in html
    for name in typed.keys() - {"lasts"}:
        assert typed[name].strip() in html, name
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Outage)) == 0


def test_words_that_are_told_already_come_back_with_the_fault_beside_them(
    desk: FlaskClient, application: Application
) -> None:
    announced(desk)
    again = desk.post("/console/notices", data=form())
    assert again.status_code == 422
    assert "同样的内容这段时间已在播报" in again.get_data(as_text=True)
    assert only(application).text_zh == WATER


def test_one_too_many_is_refused_with_what_to_do(desk: FlaskClient) -> None:
    for number in range(MAX_CONCURRENT):
        announced(desk, text_zh=f"第{number}处停水。")
    refused = desk.post("/console/notices", data=form())
    assert refused.status_code == 422
    assert "同时最多播报 10 条" in refused.get_data(as_text=True)
    desk.set_cookie("locale", "en")
    assert "At most 10 at a time" in desk.post("/console/notices", data=form()).get_data(as_text=True)


def test_rubbish_instead_of_a_form_is_a_clear_refusal(desk: FlaskClient) -> None:
    assert desk.post("/console/notices", data={}).status_code == 422
    assert desk.post("/console/notices", json=[1]).status_code == 422
    for row_id in ("77", "99999999999999999999", "x"):
        assert desk.post(f"/console/notices/{row_id}/stop").status_code == 404
    assert "cursor" in page(desk, "/console/notices?cursor=x", 422)


def test_a_stopped_notice_moves_below_and_cannot_be_stopped_again(
    desk: FlaskClient, application: Application
) -> None:
    announced(desk)
    address = f"/console/notices/{only(application).id}/stop"
    assert desk.post(address).status_code == 303
    html = page(desk)
    assert "已停止，新来电不再听到" in html
    assert "提前停止" in html
    assert "停止播报" not in html
    desk.post(address)
    assert "已经结束，无需停止" in page(desk)


def test_one_whose_time_is_over_moves_below_by_itself(desk: FlaskClient, clock: StoppedClock) -> None:
    announced(desk, lasts="30")
    clock.advance(30 * 60)
    html = page(desk)
    assert "到时结束" in html
    assert "播报中" not in html


def test_many_past_notices_are_read_page_by_page(
    desk: FlaskClient, leader: Person, application: Application, clock: StoppedClock
) -> None:
    facts: dict[str, Any] = {"author_id": leader.id, "created_at": clock.at, "starts_at": clock.at}
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add_all(
            Outage(text_zh=f"第{number}号", text_en="", ends_at=clock.at, **facts) for number in range(51)
        )
    first = page(desk)
    assert "第50号" in first
    assert "第0号" not in first
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "第0号" in page(desk, following)


def test_a_forged_form_announces_nothing(app: Flask, desk: FlaskClient, application: Application) -> None:
    desk.environ_base.pop("HTTP_X_CSRFTOKEN")
    assert desk.post("/console/notices", data=form()).status_code == 400
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Outage)) == 0


def test_an_operators_desk_says_what_callers_are_hearing(
    desk: FlaskClient, application: Application, signed_in: SignIn, clock: StoppedClock
) -> None:
    operator = signed_in(make_operator(application, PresenceState.READY))
    assert "正在播报" not in page(operator, "/console")
    announced(desk)
    html = page(operator, "/console")
    assert "正在播报" in html
    assert WATER in html
    told = operator.get("/console/desk/state").get_json()["html"]["notices"]
    assert "至 11月23日 周一 10:00" in told
    clock.advance(3600)
    assert operator.get("/console/desk/state").get_json()["html"]["notices"].strip() == ""


def test_the_page_is_english_for_who_reads_english(desk: FlaskClient) -> None:
    announced(desk)
    desk.set_cookie("locale", "en")
    html = page(desk)
    for words in (
        "Known outages",
        "Running",
        "Stop announcing",
        "Mon 23 Nov 09:00",
        "callers in English hear the Chinese",
    ):
        assert words in html
