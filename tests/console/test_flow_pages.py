"""The flow pages: the active version, its diagram with yesterday's callers, and restoring an older version."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from agent_console.flows.active_flows import TRAFFIC
from agent_console.flows.flow_traffic import TrafficCounts
from agent_console.web.flow_catalog import FlowCatalog
from hotline.rules.calls.flow_versions import Edition
from hotline.rules.enums import CallPurpose, Role
from hotline.rules.people.actors import Machine, Person, Right
from hotline.services import flow_publications
from hotline.unit_of_work import Application
from tests.builders import make_call, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.stopped_clock import StoppedClock

INBOUND = "/console/flows/inbound"


@pytest.fixture
def admin(application: Application) -> Person:
    return person_of(make_user(application, Role.ADMIN, display_name="沈管理"))


@pytest.fixture
def desk(admin: Person, signed_in: SignIn) -> FlaskClient:
    return signed_in(admin)


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.get_data(as_text=True)


def version_of(book: FlowCatalog, name: str) -> Edition:
    return book.read(book.file_texts()[name]).edition


def numbers_on(svg: str) -> list[int]:
    """The callers written on the ways of a picture, without the zeros."""
    return sorted(
        int(found) for found in re.findall(r'<text class="f-count[^>]*>([\d,]+)<', svg) if found != "0"
    )


def published(
    application: Application, edition: Edition, who: Person | Machine = Machine.SYSTEM, note: str = ""
) -> int:
    with application.unit_of_work(who) as work:
        latest = flow_publications.current(work.session).get(CallPurpose.INBOUND)
        return flow_publications.publish(
            work, CallPurpose.INBOUND, edition, based_on=latest.id if latest else 0, note=note
        )


def yesterdays_calls(application: Application, edition: Edition, paths: Sequence[str]) -> None:
    for path in paths:
        at = application.clock() - timedelta(days=1)
        make_call(application, arrived_at=at, flow=edition.flow, flow_version=edition.version, path=path)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_and_publishes_what_its_rights_name(
    role: Role, application: Application, signed_in: SignIn
) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    person = person_of(make_user(application, role, unit_code=unit))
    client = signed_in(person)
    reads, publishes = person.may(Right.READ_FLOWS), person.may(Right.PUBLISH_FLOWS)
    for path in ("/console/flows", INBOUND, f"{INBOUND}/picture.svg"):
        assert client.get(path).status_code == (200 if reads else 403), path
    assert client.get("/console/flows/draft").status_code == (200 if publishes else 403)
    assert client.post("/console/flows/draft", data={}).status_code == (422 if publishes else 403)
    assert client.post("/console/flows/draft/publish", data={}).status_code == (422 if publishes else 403)
    back = client.post(f"{INBOUND}/roll-back", data={"to": "0", "based_on": "0"})
    assert back.status_code == (303 if publishes else 403)
    if reads:
        assert ("新版本…" in page(client, "/console/flows")) == publishes


def test_while_nothing_is_published_the_citys_files_answer(
    desk: FlaskClient, flow_catalog: FlowCatalog
) -> None:
    html = page(desk, "/console/flows")
    for purpose in CallPurpose:
        edition = flow_catalog.of_files(purpose).edition
        assert edition.version in html
        assert edition.version in page(desk, f"/console/flows/{purpose.value}")
    assert "还没有发布过" in html
    assert "来自城市文件" in page(desk, INBOUND)


def test_a_published_version_is_shown_with_who_when_and_why(
    desk: FlaskClient, admin: Person, application: Application, flow_catalog: FlowCatalog
) -> None:
    edition = version_of(flow_catalog, "no_menu")
    published(application, edition, admin, "试行无菜单")
    for html in (page(desk, "/console/flows"), page(desk, INBOUND)):
        for words in (edition.version, "沈管理", "试行无菜单", "11月23日 周一 09:00"):
            assert words in html


def test_the_picture_counts_each_of_yesterdays_callers_once_on_every_way(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    files = flow_catalog.of_files(CallPurpose.INBOUND).edition
    yesterdays_calls(
        application, files, ["hours>open\nmenu>1", "hours>open\nmenu>*\nmenu>*\nmenu>2", "hours>open", ""]
    )
    make_call(application, flow=files.flow, flow_version=files.version, path="menu>3")
    yesterdays_calls(application, Edition(files.flow, "older", ""), ["menu>8"])
    assert numbers_on(page(desk, f"{INBOUND}/picture.svg")) == [1, 1, 1, 3]
    assert "共 4 通" in page(desk, INBOUND)
    assert '<td class="num right">4</td>' in page(desk, "/console/flows")


def test_a_day_is_counted_once_a_minute(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog, clock: StoppedClock
) -> None:
    files = flow_catalog.of_files(CallPurpose.INBOUND).edition
    yesterdays_calls(application, files, ["hours>open"])
    assert numbers_on(page(desk, f"{INBOUND}/picture.svg")) == [1]
    yesterdays_calls(application, files, ["hours>open"])
    assert numbers_on(page(desk, f"{INBOUND}/picture.svg")) == [1]
    clock.advance(61)
    assert numbers_on(page(desk, f"{INBOUND}/picture.svg")) == [2]


def test_a_page_says_when_more_calls_exist_than_were_counted(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    desk.application.extensions[TRAFFIC] = TrafficCounts(max_calls=2)
    files = flow_catalog.of_files(CallPurpose.INBOUND).edition
    yesterdays_calls(application, files, ["hours>open"] * 2)
    assert "只统计了前" not in page(desk, INBOUND)
    desk.application.extensions[TRAFFIC] = TrafficCounts(max_calls=2)
    yesterdays_calls(application, files, ["hours>open"])
    assert "只统计了前 2 通" in page(desk, INBOUND)


def test_a_picture_speaks_the_asked_language_and_may_carry_its_own_styles_only(desk: FlaskClient) -> None:
    assert "个节点" in page(desk, f"{INBOUND}/picture.svg")
    answer = desk.get(f"{INBOUND}/picture.svg?language=en")
    assert "nodes" in answer.get_data(as_text=True)
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'"
    )
    desk.set_cookie("locale", "en")
    assert "nodes" in page(desk, f"{INBOUND}/picture.svg")


def test_an_older_version_is_restored_by_publishing_it_again(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    older = published(application, version_of(flow_catalog, "no_menu"), note="甲")
    latest = published(application, version_of(flow_catalog, "night"), note="乙")
    assert page(desk, f"{INBOUND}/picture.svg?publication={older}").startswith("<svg")
    done = desk.post(f"{INBOUND}/roll-back", data={"to": older, "based_on": latest, "note": "恢复甲"})
    assert done.status_code == 303
    assert "已恢复" in page(desk, INBOUND)
    with application.read_session() as session:
        now = flow_publications.current(session)[CallPurpose.INBOUND]
    assert (now.flow, now.note, now.author) == ("no_menu", "恢复甲", "沈管理")


def test_the_citys_files_can_be_restored_too(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    latest = published(application, version_of(flow_catalog, "no_menu"))
    assert desk.post(f"{INBOUND}/roll-back", data={"to": 0, "based_on": latest}).status_code == 303
    with application.read_session() as session:
        now = flow_publications.current(session)[CallPurpose.INBOUND]
    assert now.version == flow_catalog.of_files(CallPurpose.INBOUND).edition.version


def test_who_restores_after_somebody_else_has_published_is_told_and_changes_nothing(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    older = published(application, version_of(flow_catalog, "no_menu"))
    published(application, version_of(flow_catalog, "night"), note="抢先")
    late = desk.post(f"{INBOUND}/roll-back", data={"to": older, "based_on": older})
    assert late.status_code == 409
    html = late.get_data(as_text=True)
    assert "没有恢复：刚才他人发布了其他版本" in html
    assert "抢先" in html
    with application.read_session() as session:
        assert flow_publications.current(session)[CallPurpose.INBOUND].flow == "night"


def test_a_version_this_program_cannot_read_is_said_to_be_out_of_force(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    broken = published(application, Edition("menu", "from-afar", '{"flow": {}, "prompts": {}}'))
    assert "暂用城市文件" in page(desk, "/console/flows")
    html = page(desk, INBOUND)
    assert "无法读取" in html
    assert flow_catalog.of_files(CallPurpose.INBOUND).edition.version in html
    assert desk.get(f"{INBOUND}/picture.svg?publication={broken}").status_code == 404
    latest = published(application, version_of(flow_catalog, "night"))
    refused = desk.post(f"{INBOUND}/roll-back", data={"to": broken, "based_on": latest})
    assert refused.status_code == 422
    assert "没有通过检查" in refused.get_data(as_text=True)


def test_a_version_whose_document_no_carrier_would_run_is_not_restored(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    source = version_of(flow_catalog, "menu").source.replace(
        '["greeting", ', '["greeting", ' + '"greeting", ' * 900
    )
    spoiled = published(application, Edition("menu", "spoiled", source))
    latest = published(application, version_of(flow_catalog, "night"))
    refused = desk.post(f"{INBOUND}/roll-back", data={"to": spoiled, "based_on": latest})
    assert refused.status_code == 422
    assert "11750: document longer than 64 kB" in refused.get_data(as_text=True)


@pytest.mark.parametrize("source", ["not json", "{}", "[]", "5", "null", "[" * 100_000])
def test_over_a_source_that_is_rubbish_an_older_version_can_still_be_restored(
    source: str, desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    older = published(application, version_of(flow_catalog, "no_menu"))
    rubbish = published(application, Edition("menu", "x", source))
    assert "暂用城市文件" in page(desk, "/console/flows")
    assert "无法读取" in page(desk, INBOUND)
    assert desk.get(f"{INBOUND}/picture.svg?publication={rubbish}").status_code == 404
    assert page(desk, f"{INBOUND}/picture.svg").startswith("<svg")
    again = desk.post(f"{INBOUND}/roll-back", data={"to": rubbish, "based_on": rubbish})
    assert again.status_code == 422
    assert desk.post(f"{INBOUND}/roll-back", data={"to": older, "based_on": rubbish}).status_code == 303
    with application.read_session() as session:
        assert flow_publications.current(session)[CallPurpose.INBOUND].flow == "no_menu"


@pytest.mark.parametrize(
    "path",
    [
        "/console/flows/outbound",
        "/console/flows/outbound/picture.svg",
        f"{INBOUND}/picture.svg?publication=77",
        f"{INBOUND}/picture.svg?publication=x",
        f"{INBOUND}/picture.svg?publication=99999999999999",
    ],
)
def test_what_does_not_exist_is_not_there(path: str, desk: FlaskClient) -> None:
    assert desk.get(path).status_code == 404


def test_a_rubbish_form_restores_nothing(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    other = published(application, version_of(flow_catalog, "no_menu"))
    for form in (
        {},
        {"to": "x", "based_on": "0"},
        {"to": "77", "based_on": "0"},
        {"to": "-1", "based_on": "0"},
    ):
        assert desk.post(f"{INBOUND}/roll-back", data=form).status_code == 404
    assert (
        desk.post("/console/flows/callback/roll-back", data={"to": other, "based_on": 0}).status_code == 404
    )
    desk.environ_base.pop("HTTP_X_CSRFTOKEN")
    assert desk.post(f"{INBOUND}/roll-back", data={"to": "0", "based_on": other}).status_code == 400


def test_the_pages_are_english_for_who_reads_english(
    desk: FlaskClient, application: Application, flow_catalog: FlowCatalog
) -> None:
    published(application, version_of(flow_catalog, "no_menu"))
    desk.set_cookie("locale", "en")
    assert "command line" in page(desk, "/console/flows")
    html = page(desk, INBOUND)
    for words in ("Publications", "Restore", "city's files", "since Mon 23 Nov 09:00"):
        assert words in html
