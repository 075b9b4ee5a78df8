"""The list of calls: filtered by day, end and operator, callers masked, a withheld number said to be withheld."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from hotline.rules.enums import (
    CallEnd,
    CallPurpose,
    CallState,
    DialState,
    FollowUpState,
    NoMatterReason,
    Role,
    TicketState,
)
from hotline.rules.people.actors import Machine, Right
from hotline.store.outbound import Dial, FollowUp
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.stopped_clock import StoppedClock


@pytest.fixture
def leader(application: Application, signed_in: SignIn) -> FlaskClient:
    return signed_in(person_of(make_user(application, Role.SHIFT_LEADER)))


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.get_data(as_text=True)


def shown(html: str) -> int:
    return len(re.findall(r"<tr>", html)) - 1 if "<tbody>" in html else 0


@pytest.mark.parametrize("role", list(Role))
def test_who_may_read_calls_opens_the_list_and_others_do_not(
    role: Role, application: Application, signed_in: SignIn
) -> None:
    person = person_of(
        make_user(application, role, unit_code=make_unit(application).code if role is Role.HANDLER else None)
    )
    expected = 200 if person.may(Right.READ_CALLS) else 403
    assert signed_in(person).get("/console/calls").status_code == expected


def test_a_call_shows_how_it_went(leader: FlaskClient, application: Application, clock: StoppedClock) -> None:
    operator = make_operator(application, display_name="王话务")
    answered = clock.at
    clock.advance(125)
    call = make_call(
        application,
        number="+8613877776666",
        state=CallState.ENDED,
        end=CallEnd.COMPLETED,
        operator_id=operator.id,
        wait_seconds=7,
        answered_at=answered,
        ended_at=clock.at,
        talk_seconds=125,
    )
    ticket = make_ticket(application, call_id=call.id, state=TicketState.CLOSED, title="井盖破损")
    html = page(leader, "/console/calls")
    for words in ("138****6666", "人工接听", "0:07", "2:05", "王话务", str(ticket.number), "井盖破损"):
        assert words in html
    assert "77776666" not in html


def test_a_withheld_number_and_a_reasoned_no_matter_are_said(
    leader: FlaskClient, application: Application
) -> None:
    make_call(
        application,
        number=None,
        number_raw="anonymous",
        state=CallState.ENDED,
        end=CallEnd.ABANDONED,
        no_matter=NoMatterReason.SILENT,
    )
    html = page(leader, "/console/calls")
    assert "未显示号码" in html
    assert "无诉求：无声电话" in html


def test_a_call_whose_draft_was_discarded_shows_the_reason(
    leader: FlaskClient, application: Application
) -> None:
    call = make_call(
        application, state=CallState.ENDED, end=CallEnd.COMPLETED, no_matter=NoMatterReason.SILENT
    )
    make_ticket(application, state=TicketState.DISCARDED, call_id=call.id, title="")
    html = page(leader, "/console/calls")
    assert "无诉求：无声电话" in html
    assert "（无事由）" not in html


def test_filters_narrow_the_list(leader: FlaskClient, application: Application, clock: StoppedClock) -> None:
    operator = make_operator(application)
    yesterday = clock.at - timedelta(days=1)
    make_call(application, end=CallEnd.ABANDONED, state=CallState.ENDED, arrived_at=yesterday)
    make_call(application, purpose=CallPurpose.FOLLOW_UP, arrived_at=yesterday)
    make_call(application, operator_id=operator.id)
    assert shown(page(leader, "/console/calls")) == 3
    assert shown(page(leader, "/console/calls?day=2026-11-22")) == 2
    for query in ("day=2026-11-23", "end=abandoned", "purpose=follow_up", f"operator={operator.id}"):
        assert shown(page(leader, f"/console/calls?{query}")) == 1
    assert "没有符合条件的通话" in page(leader, "/console/calls?end=busy")


def test_an_abandoned_call_shows_its_outcome_and_its_wait(
    leader: FlaskClient, application: Application
) -> None:
    gone = {"state": CallState.ENDED, "end": CallEnd.ABANDONED}
    make_call(application, **gone, queued_at=application.clock(), wait_seconds=83)
    make_call(application, state=CallState.ENDED, end=CallEnd.LEFT_IN_FLOW, status_asked=True)
    html = page(leader, "/console/calls?outcome=abandoned")
    assert shown(html) == 1
    assert "排队中挂断" in html
    assert "1:23" in html
    assert "自助查询进度" in page(leader, "/console/calls?outcome=status")
    assert "没有符合条件的通话" in page(leader, "/console/calls?outcome=queue_full")


def test_a_follow_up_call_shows_its_ticket_and_its_length(
    leader: FlaskClient, application: Application
) -> None:
    ticket = make_ticket(application, state=TicketState.CLOSED, title="路灯已修好")
    with application.unit_of_work(Machine.SYSTEM) as work:
        follow_up = FollowUp(
            ticket_id=ticket.id, state=FollowUpState.ANSWERED, promised_at=work.at, next_try_at=work.at
        )
        work.session.add(follow_up)
        work.session.flush()
        dial = Dial(
            ref="r1",
            purpose=CallPurpose.FOLLOW_UP,
            follow_up_id=follow_up.id,
            number="+8613877776666",
            attempt=1,
            state=DialState.ENDED,
            planned_at=work.at,
        )
        work.session.add(dial)
    followed = {"purpose": CallPurpose.FOLLOW_UP, "dial_id": dial.id, "talk_seconds": 41}
    make_call(application, state=CallState.ENDED, end=CallEnd.COMPLETED, **followed)
    html = page(leader, "/console/calls")
    for words in ("回访", "0:41", str(ticket.number), "路灯已修好"):
        assert words in html


@pytest.mark.parametrize(
    "query", ["day=today", "end=x", "outcome=tea", "purpose=x", "operator=0", "operator=x", "cursor=x"]
)
def test_an_address_nobody_understands_is_told(leader: FlaskClient, query: str) -> None:
    assert query.split("=", maxsplit=1)[0] in page(leader, f"/console/calls?{query}", 422)


def test_a_quiet_line_says_so(leader: FlaskClient) -> None:
    assert "还没有通话" in page(leader, "/console/calls")


def test_a_long_list_is_paged(leader: FlaskClient, application: Application) -> None:
    for _ in range(53):
        make_call(application)
    first = page(leader, "/console/calls")
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward is not None
    assert shown(first) == 50
    assert shown(page(leader, onward.group(1).replace("&amp;", "&"))) == 3
