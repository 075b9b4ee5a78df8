"""A draft of a flow: checked to the last finding, published only if clean, and never over what nobody has seen."""

import io

import pytest
from flask.testing import FlaskClient

from agent_console.web.flow_catalog import FlowCatalog
from hotline.rules.calls.flow_versions import PublicationView
from hotline.rules.enums import CallPurpose, Role
from hotline.rules.people.actors import Machine, Person
from hotline.services import flow_publications
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of
from tests.console.conftest import SignIn

DRAFT = "/console/flows/draft"
PUBLISH = f"{DRAFT}/publish"


@pytest.fixture
def admin(application: Application) -> Person:
    return person_of(make_user(application, Role.ADMIN, display_name="沈管理"))


@pytest.fixture
def desk(admin: Person, signed_in: SignIn) -> FlaskClient:
    return signed_in(admin)


@pytest.fixture
def menu(flow_catalog: FlowCatalog) -> str:
    """The menu of the city's files, waiting a second longer for a key."""
    return flow_catalog.file_texts()["menu"].replace("timeout = 4", "timeout = 5", 1)


def in_force(application: Application) -> PublicationView | None:
    with application.read_session() as session:
        return flow_publications.current(session).get(CallPurpose.INBOUND)


def test_a_draft_begins_with_a_file_of_the_city(desk: FlaskClient) -> None:
    blank = desk.get(DRAFT).get_data(as_text=True)
    assert "?file=menu" in blank
    begun = desk.get(f"{DRAFT}?file=menu").get_data(as_text=True)
    assert "name = &#34;menu&#34;" in begun
    assert desk.get(f"{DRAFT}?file=../policies").get_data(as_text=True).count("[") == blank.count("[")


def test_a_clean_draft_is_drawn_and_says_what_it_would_replace(
    desk: FlaskClient, menu: str, flow_catalog: FlowCatalog, application: Application
) -> None:
    answer = desk.post(DRAFT, data={"text": menu})
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    for words in (
        "检查通过",
        flow_catalog.read(menu).edition.version,
        flow_catalog.of_files(CallPurpose.INBOUND).edition.version,
        "data:image/svg+xml;base64,",
        "发布，替换现行版本",
    ):
        assert words in html
    assert in_force(application) is None


def test_a_clean_draft_is_published_with_its_note(
    desk: FlaskClient, menu: str, flow_catalog: FlowCatalog, application: Application
) -> None:
    done = desk.post(PUBLISH, data={"text": menu, "note": "多等一秒", "based_on": "0"})
    assert done.status_code == 303
    now = in_force(application)
    assert now is not None
    assert (now.version, now.note, now.author) == (
        flow_catalog.read(menu).edition.version,
        "多等一秒",
        "沈管理",
    )
    assert "已发布" in desk.get("/console/flows/inbound").get_data(as_text=True)


@pytest.mark.parametrize("address", [DRAFT, PUBLISH])
def test_a_wrong_draft_is_refused_with_every_finding_and_kept(
    address: str, desk: FlaskClient, menu: str, application: Application
) -> None:
    wrong = menu.replace('to = "notices"', 'to = "nowhere"').replace("timeout = 5", "timeout = 500")
    answer = desk.post(address, data={"text": wrong, "note": "试试", "based_on": "0"})
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "没有通过检查" in html
    assert "draft.toml:" in html
    assert "timeout = 500" in html
    assert "/ivr_flows/" not in html
    assert in_force(application) is None


@pytest.mark.parametrize("address", [DRAFT, PUBLISH])
def test_a_draft_whose_document_no_carrier_would_run_is_refused(
    address: str, desk: FlaskClient, menu: str, application: Application
) -> None:
    endless = menu.replace('say = ["greeting"', 'say = ["greeting"' + ', "greeting"' * 900, 1)
    assert endless != menu
    answer = desk.post(address, data={"text": endless, "based_on": "0"})
    assert answer.status_code == 422
    assert "11750: document longer than 64 kB" in answer.get_data(as_text=True)
    assert in_force(application) is None


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("zh_CN", ("<th>修改建议</th>", "通往 &#39;nowhere&#39;，但它不存在", "节点有", "改成其中一个。")),
        ("en", ("which does not exist", "nodes are", "Name one of them.")),
    ],
)
def test_findings_name_line_node_reason_and_remedy_in_the_language_of_their_reader(
    desk: FlaskClient, menu: str, locale: str, told: tuple[str, ...]
) -> None:
    desk.set_cookie("locale", locale)
    wrong = menu.replace('to = "notices"', 'to = "nowhere"', 1)
    html = desk.post(DRAFT, data={"text": wrong}).get_data(as_text=True)
    for words in told:
        assert words in html


@pytest.mark.parametrize(
    "rubbish",
    [
        "x = " + "[" * 50_000,
        "a." * 3_000 + "a = 1",
        "timeout = " + "9" * 5_000,
        "\x00",
        "<script>alert(1)</script>",
        'name = "' + "m" * 60 + '"',
        "when = 1979-05-27",
    ],
    ids=["deep", "long key", "endless number", "nul", "script", "long name", "date"],
)
def test_rubbish_is_a_finding_and_never_a_fault(rubbish: str, desk: FlaskClient) -> None:
    answer = desk.post(DRAFT, data={"text": rubbish})
    assert answer.status_code == 422
    assert "没有通过检查" in answer.get_data(as_text=True)
    assert "<script>alert" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "请粘贴流程内容"),
        ({"text": " \n "}, "请粘贴流程内容"),
        ({"text": "x" * 200_001}, "文件过长"),
        ({"file": (io.BytesIO(b"\xff\xfe\x00"), "a.toml")}, "不是 UTF-8"),
    ],
)
def test_what_is_no_draft_at_all_is_told_in_words(
    sent: dict[str, object], told: str, desk: FlaskClient
) -> None:
    answer = desk.post(DRAFT, data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert told in answer.get_data(as_text=True)


def test_an_uploaded_file_is_checked_and_stands_in_the_field_afterwards(desk: FlaskClient, menu: str) -> None:
    file = (io.BytesIO(b"\xef\xbb\xbf" + menu.replace("\n", "\r\n").encode()), "menu.toml")
    answer = desk.post(DRAFT, data={"text": "old", "file": file}, content_type="multipart/form-data")
    assert answer.status_code == 200
    assert "timeout = 5" in answer.get_data(as_text=True)


def test_what_callers_hear_already_is_not_published_again(
    desk: FlaskClient, flow_catalog: FlowCatalog, application: Application
) -> None:
    same = flow_catalog.file_texts()["menu"]
    assert "无需发布" in desk.post(DRAFT, data={"text": same}).get_data(as_text=True)
    assert desk.post(PUBLISH, data={"text": same, "based_on": "0"}).status_code == 422
    assert in_force(application) is None


@pytest.mark.parametrize("seen", ["0", "", "x", "999999999999"])
def test_who_publishes_second_is_shown_what_the_first_has_published(
    seen: str, desk: FlaskClient, menu: str, flow_catalog: FlowCatalog, application: Application
) -> None:
    first = flow_catalog.read(flow_catalog.file_texts()["no_menu"]).edition
    with application.unit_of_work(Machine.SYSTEM) as work:
        latest = flow_publications.publish(work, CallPurpose.INBOUND, first, based_on=0, note="夜里改的")
    late = desk.post(PUBLISH, data={"text": menu, "note": "多等一秒", "based_on": seen})
    html = late.get_data(as_text=True)
    assert late.status_code == 409
    for words in ("没有发布：命令行 已于", first.version, "夜里改的", "多等一秒", "timeout = 5"):
        assert words in html
    assert f'name="based_on" value="{latest}"' in html
    now = in_force(application)
    assert now is not None
    assert now.id == latest
    again = desk.post(PUBLISH, data={"text": menu, "note": "多等一秒", "based_on": latest})
    assert again.status_code == 303


def test_a_forged_form_publishes_nothing(desk: FlaskClient, menu: str, application: Application) -> None:
    desk.environ_base.pop("HTTP_X_CSRFTOKEN")
    assert desk.post(PUBLISH, data={"text": menu, "based_on": "0"}).status_code == 400
    assert in_force(application) is None


def test_the_draft_is_english_for_who_reads_english(desk: FlaskClient, menu: str) -> None:
    desk.set_cookie("locale", "en")
    assert "The check found no problems" in desk.post(DRAFT, data={"text": menu}).get_data(as_text=True)
    assert "findings" in desk.post(DRAFT, data={"text": "x"}).get_data(as_text=True)
