"""`/console/settings`: draft, check, difference, consequences, publication and roll-back, as an administrator does it."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from agent_console.settings.labels import FIELDS
from config.city.first_version import publish_first
from hotline.rules.city import CityKind
from hotline.rules.enums import Role
from hotline.rules.people.actors import Person
from hotline.services.city import drafts, publications
from hotline.store.city import CityVersion
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of
from tests.city_texts import texts_with
from tests.stopped_clock import StoppedClock

SignIn = Callable[[Person], FlaskClient]
BASE = "/console/settings"


@pytest.fixture
def admin(application: Application, app: Flask, signed_in: SignIn) -> FlaskClient:
    """An administrator of a city that has published its data."""
    application.city = app.extensions["hotline"].options.city.in_force
    publish_first(application, texts_with())
    return signed_in(person_of(make_user(application, Role.ADMIN)))


def text_of(application: Application, kind: CityKind) -> str:
    with application.read_session() as session:
        return publications.texts_of(session, publications.current_version(session))[kind]


def test_a_changed_value_is_shown_against_what_is_in_force_and_then_published(
    admin: FlaskClient, application: Application
) -> None:
    saved = admin.post(f"{BASE}/policies", data={"queue/ring_seconds": "25"})
    assert saved.status_code == 200
    assert "排队与振铃 · 振铃秒数" in saved.text
    assert "<del>15</del>" in saved.text
    assert "<ins>25</ins>" in saved.text
    assert "ring_seconds = 15 " in text_of(application, CityKind.POLICIES)
    done = admin.post(f"{BASE}/policies/publish", data={"seen": "1", "note": "试行"})
    assert (done.status_code, done.location) == (303, f"{BASE}/versions/2")
    assert "ring_seconds = 25 " in text_of(application, CityKind.POLICIES)
    shown = admin.get(done.location).text
    assert "第 2 版" in shown
    assert "试行" in shown


def test_a_text_with_problems_is_kept_as_draft_and_cannot_be_published(
    admin: FlaskClient, application: Application
) -> None:
    wrong = text_of(application, CityKind.POLICIES).replace("max_size = 200", "max_size = 0")
    saved = admin.post(f"{BASE}/policies?as=text", data={"text": wrong})
    assert saved.status_code == 422
    assert "排队与振铃 · 最多排队人数" in saved.text
    assert "应为1 到 5000 的整数" in saved.text
    assert "max_size = 0" in admin.get(f"{BASE}/policies?as=text").text
    refused = admin.post(f"{BASE}/policies/publish", data={"seen": "1"})
    assert refused.status_code == 422
    with application.read_session() as session:
        assert publications.current_version(session) == 1


def test_the_second_of_two_editors_sees_the_first_before_anything_is_published(
    admin: FlaskClient, application: Application, signed_in: SignIn
) -> None:
    other = signed_in(person_of(make_user(application, Role.ADMIN, display_name="沈另一")))
    admin.post(f"{BASE}/policies", data={"queue/ring_seconds": "25"})
    assert "也在修改这一项" in other.get(f"{BASE}/policies").text
    other.post(f"{BASE}/policies", data={"queue/ring_seconds": "30"})
    assert other.post(f"{BASE}/policies/publish", data={"seen": "1"}).status_code == 303
    late = admin.post(f"{BASE}/policies/publish", data={"seen": "1"})
    assert late.status_code == 409
    assert "已由他人发布为第 2 版" in late.text
    assert "ring_seconds = 30 " in text_of(application, CityKind.POLICIES)


def test_two_kinds_that_are_changed_at_the_same_time_are_both_published(
    admin: FlaskClient, application: Application, signed_in: SignIn
) -> None:
    other = signed_in(person_of(make_user(application, Role.ADMIN)))
    admin.post(f"{BASE}/brand", data={"city_zh": "河清市"})
    other.post(f"{BASE}/policies", data={"queue/ring_seconds": "30"})
    assert other.post(f"{BASE}/policies/publish", data={"seen": "1"}).status_code == 303
    first = admin.post(f"{BASE}/brand/publish", data={"seen": "1"})
    # The page was of version 1; the editor looks at the difference to version 2 and publishes then.
    assert first.status_code == 409
    assert admin.post(f"{BASE}/brand/publish", data={"seen": "2"}).status_code == 303
    assert "ring_seconds = 30 " in text_of(application, CityKind.POLICIES)
    assert 'city_zh = "河清市"' in text_of(application, CityKind.BRAND)


def test_a_unit_with_open_work_closes_only_with_a_successor(
    admin: FlaskClient, application: Application
) -> None:
    make_user(application, Role.HANDLER, unit_code="sanitation")
    saved = admin.post(f"{BASE}/units", data={"department/2/closed?": "1", "department/2/closed": "on"})
    assert "撤销 环境卫生服务中心：0 张未办结工单、1 位用户" in saved.text
    assert "不能发布" in saved.text
    refused = admin.post(f"{BASE}/units/publish", data={"seen": "1"})
    assert refused.status_code == 422
    assert "单位 sanitation 还有 0 张未办结工单、1 位用户" in refused.text
    admin.post(f"{BASE}/units", data={"department/2/closed": "on", "department/2/successor": "landscaping"})
    assert admin.post(f"{BASE}/units/publish", data={"seen": "1"}).status_code == 303


def test_an_older_version_is_brought_back_as_a_new_one(admin: FlaskClient, application: Application) -> None:
    before = text_of(application, CityKind.POLICIES)
    admin.post(f"{BASE}/policies", data={"queue/ring_seconds": "25"})
    admin.post(f"{BASE}/policies/publish", data={"seen": "1"})
    assert "恢复这一版会带来的差异" in admin.get(f"{BASE}/versions/1").text
    done = admin.post(f"{BASE}/versions/1/restore", data={"note": "试行结束"})
    assert (done.status_code, done.location) == (303, f"{BASE}/versions/3")
    assert text_of(application, CityKind.POLICIES) == before
    with application.read_session() as session:
        assert list(session.scalars(select(CityVersion.restores).order_by(CityVersion.id))) == [None, None, 1]


def test_a_roll_back_to_a_version_that_names_a_lost_number_of_a_flow_is_refused(
    admin: FlaskClient, application: Application
) -> None:
    text = text_of(application, CityKind.CALLERS)
    without = "\n".join(line for line in text.splitlines() if not line.startswith("fire ="))
    saved = admin.post(f"{BASE}/callers?as=text", data={"text": without})
    assert saved.status_code == 422
    assert "fire" in saved.text
    assert admin.post(f"{BASE}/callers/publish", data={"seen": "1"}).status_code == 422


def test_who_may_only_read_changes_nothing(
    admin: FlaskClient, application: Application, signed_in: SignIn
) -> None:
    supervisor = signed_in(person_of(make_user(application, Role.SUPERVISOR)))
    assert supervisor.get(f"{BASE}/policies").status_code == 200
    assert supervisor.post(f"{BASE}/policies", data={"queue/ring_seconds": "25"}).status_code == 403
    assert supervisor.post(f"{BASE}/versions/1/restore").status_code == 403
    operator = signed_in(person_of(make_user(application, Role.OPERATOR)))
    assert operator.get(BASE).status_code == 403
    with application.read_session() as session:
        assert drafts.list_drafts(session) == ()


def test_who_may_only_read_sees_no_secret(
    admin: FlaskClient, application: Application, signed_in: SignIn
) -> None:
    source = '[lookups.water]\nurl = "https://water.example/"\nsecret = "very-secret-words"\nseconds = 3'
    text = text_of(application, CityKind.CALLERS).replace("\n[lookups]\n", f"\n{source}\n")
    admin.post(f"{BASE}/callers?as=text", data={"text": text})
    assert admin.post(f"{BASE}/callers/publish", data={"seen": "1"}).status_code == 303
    supervisor = signed_in(person_of(make_user(application, Role.SUPERVISOR)))
    addresses = ["/callers", "/callers?as=text", "/versions/2", "/versions/1", "/versions/2/callers.toml"]
    assert [address for address in addresses if "very-secret" in supervisor.get(BASE + address).text] == []
    assert "very-secret" in admin.get(f"{BASE}/callers").text


@pytest.mark.parametrize("address", ["/nonsense", "/versions/99", "/versions/1/nonsense.toml"])
def test_an_address_of_nothing_is_404(admin: FlaskClient, address: str) -> None:
    assert admin.get(BASE + address).status_code == 404


@pytest.mark.parametrize("kind", CityKind)
@pytest.mark.parametrize("shape", ["form", "text"])
def test_every_kind_has_a_form_and_a_text_with_words_for_all_of_it(
    admin: FlaskClient, kind: CityKind, shape: str
) -> None:
    page = admin.get(f"{BASE}/{kind}?as={shape}")
    assert page.status_code == 200
    assert ('<textarea name="text"' in page.text) == (shape == "text")


def test_a_discarded_draft_leaves_what_is_in_force(admin: FlaskClient, application: Application) -> None:
    admin.post(f"{BASE}/policies", data={"queue/ring_seconds": "25"})
    admin.post(f"{BASE}/policies/discard")
    assert 'name="queue/ring_seconds" value="15"' in admin.get(f"{BASE}/policies").text


def test_the_citys_name_and_colour_are_on_every_page_two_seconds_later(
    admin: FlaskClient, app: Flask, clock: StoppedClock
) -> None:
    admin.post(f"{BASE}/brand", data={"city_zh": "河清市", "colour": "#0a7a4b"})
    assert admin.post(f"{BASE}/brand/publish", data={"seen": "1"}).status_code == 303
    clock.advance(2)
    assert "河清市马上就办一线通" in admin.get(BASE).text
    visitor = app.test_client()
    assert "#0a7a4b" in visitor.get(f"{BASE}/brand.css").text
    assert "brand.css" in visitor.get("/login").text


def test_every_field_of_a_form_has_words(app: Flask) -> None:
    texts = texts_with()
    keys = {
        field.key
        for kind in CityKind
        for section in app.extensions["hotline"].options.city.form(kind, texts[kind])
        for field in [*section.fields, *(each for row in section.rows for each in row.fields)]
    }
    assert {key for key in keys if not {key, key.rsplit(".", 1)[-1]} & FIELDS.keys()} == set()
