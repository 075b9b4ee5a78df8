"""`/console/people/import`: upload, preview, confirm, the list of links; and the command."""

import csv
import io
import re

import pytest
from flask.testing import FlaskClient

from hotline.rules.enums import Role
from hotline.rules.people.actors import Machine
from hotline.services.people import accounts
from hotline.store.people.users import find_user
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user, person_of
from tests.console.conftest import SignIn

ADDRESS = "/console/people/import"
GOOD = "用户名,姓名,角色\nlin,林一诺,话务员\nwang,王一诺,领导\n"


@pytest.fixture
def admin(application: Application, signed_in: SignIn) -> FlaskClient:
    return signed_in(person_of(make_user(application, Role.ADMIN, name="root", password="correct horse")))


def upload(browser: FlaskClient, text: str) -> str:
    sent = {"file": (io.BytesIO(text.encode()), "people.csv")}
    answer = browser.post(ADDRESS, data=sent, content_type="multipart/form-data")
    return answer.text if answer.status_code == 422 else browser.get(ADDRESS).text


def confirm(browser: FlaskClient, page: str) -> tuple[int, str]:
    digest = re.search(r'name="digest" value="([0-9a-f]+)"', page)
    assert digest is not None, page
    answer = browser.post(f"{ADDRESS}/confirm", data={"digest": digest[1]})
    return answer.status_code, answer.text


def known(application: Application, name: str) -> bool:
    with application.read_session() as session:
        return find_user(session, name) is not None


def test_nothing_is_written_before_the_confirmation(application: Application, admin: FlaskClient) -> None:
    page = upload(admin, GOOD)
    assert "林一诺" in page
    assert not known(application, "lin")
    assert "林一诺" not in admin.post(f"{ADDRESS}/drop", follow_redirects=True).text
    page = upload(admin, GOOD)
    status, done = confirm(admin, page)
    assert (status, "新增 2 个账号" in done, known(application, "lin")) == (200, True, True)
    assert admin.post(f"{ADDRESS}/confirm", data={"digest": "x"}).status_code == 303


def test_links_of_the_new_people_are_a_list_that_works(application: Application, admin: FlaskClient) -> None:
    _status, done = confirm(admin, upload(admin, GOOD))
    ids = re.findall(r'name="id" value="(\d+)"', done)
    sent = admin.post(f"{ADDRESS}/links", data={"id": [*ids, "1", "x", "999"]})
    rows = list(csv.reader(io.StringIO(sent.text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows] == ["用户名", "lin", "wang"]
    assert sent.headers["Cache-Control"] == "no-store"
    link = rows[1][3].removeprefix("http://localhost")
    assert "林一诺" in admin.get(link).text
    admin.post(f"{ADDRESS}/links", data={"id": ids})
    assert admin.get(link).status_code == 410


def test_wrong_rows_are_shown_with_line_and_reason_and_cannot_be_confirmed(
    application: Application, admin: FlaskClient
) -> None:
    rows = "".join(f"u{n},某人,皇帝\n" for n in range(500))
    page = upload(admin, f"{GOOD}{rows}")
    assert page.count("角色：不在可选范围内") == 500
    assert "digest" not in page
    assert admin.post(f"{ADDRESS}/confirm", data={"digest": "x"}).status_code == 403
    assert not known(application, "lin")


def test_a_plan_that_is_another_one_by_now_is_shown_again(
    application: Application, admin: FlaskClient
) -> None:
    page = upload(admin, GOOD)
    with application.unit_of_work(Machine.SYSTEM) as work:
        accounts.add_user(work, "lin", accounts.Account("别人", Role.LEADER), password=None)
    status, again = confirm(admin, page)
    assert (status, "别人 → 林一诺" in again, known(application, "wang")) == (409, True, False)
    assert confirm(admin, again)[0] == 200


@pytest.mark.parametrize("text", ["", "a,b\n1,2", "\x00\x01", "PK\x03\x04broken"])
def test_a_file_that_cannot_be_imported_says_why(admin: FlaskClient, text: str) -> None:
    assert "这个文件不能导入" in upload(admin, text)
    assert admin.post(ADDRESS, data={}).status_code == 422


def test_the_template_is_a_header_that_the_import_reads(admin: FlaskClient) -> None:
    template = admin.get(f"{ADDRESS}/template.csv").text.removeprefix("\ufeff")
    page = upload(admin, f"{template.strip()}\nlin,林一诺,话务员,,,,,否")
    assert "林一诺" in page


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_no_other_role_imports_people(application: Application, signed_in: SignIn, role: Role) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    browser = signed_in(person_of(make_user(application, role, unit_code=unit)))
    assert browser.get(ADDRESS).status_code == 403
    for step in ("", "/confirm", "/drop", "/links"):
        assert browser.post(f"{ADDRESS}{step}").status_code == 403
