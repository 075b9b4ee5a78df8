"""The skill a call needs is shown on the ringing card, in the queue and in the operator's own status."""

from hotline.rules.enums import CallState
from hotline.rules.people.actors import Machine
from hotline.store.people.tables import OperatorSkill
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator
from tests.console.conftest import SignIn
from tests.console.desk_scenes import ringing_desk


def test_a_caller_who_needs_a_dialect_rings_as_one(application: Application, signed_in: SignIn) -> None:
    person, _, _ = ringing_desk(application, skill="dialect")
    card = signed_in(person).get("/console/desk/state").get_json()["html"]["card"]
    assert "方言坐席" in card
    assert "指定您接听" not in card


def test_a_caller_who_asked_for_this_very_operator_rings_as_such(
    application: Application, signed_in: SignIn
) -> None:
    mine = make_operator(application)
    make_call(application, state=CallState.QUEUED, desk_id=mine.id)
    person, call, _ = ringing_desk(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.get_one(type(call), call.id).desk_id = person.id
    assert "指定您接听" in signed_in(person).get("/console/desk/state").get_json()["html"]["card"]


def test_the_queue_says_how_many_wait_for_a_skill(application: Application, signed_in: SignIn) -> None:
    for skill in ("dialect", "dialect", "signing", ""):
        make_call(application, state=CallState.QUEUED, queued_at=application.clock(), skill=skill)
    client = signed_in(make_operator(application))
    told = client.get("/console/desk/queue").get_json()
    assert '排队 <b class="num">4</b>' in told["queue"]
    for words in ('等方言坐席 <b class="num">2</b>', '等signing <b class="num">1</b>'):
        assert words in told["notices"]
    client.set_cookie("locale", "en")
    assert "For: Dialect desk" in client.get("/console/desk/queue").get_json()["notices"]


def test_ones_own_skills_stand_in_ones_status(application: Application, signed_in: SignIn) -> None:
    person = make_operator(application)
    assert "优先分配给您" not in signed_in(person).get("/console").get_data(as_text=True)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(OperatorSkill(user_id=person.id, skill="english"))
    html = signed_in(person).get("/console").get_data(as_text=True)
    assert "优先分配给您" in html
    assert "英语坐席" in html
