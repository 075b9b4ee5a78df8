"""Lookups in the city's own systems: one per call, answered or overdue, and the first answer stands."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from hotline import events
from hotline.gateways.addresses import VoiceAddresses
from hotline.gateways.lookups import LookupRequest, LookupResponse
from hotline.reactions.calls import ask_outside
from hotline.reactions.context import ReactionContext
from hotline.rules.enums import LookupState
from hotline.rules.people.actors import Machine
from hotline.rules.policies import LookupSource, Policies
from hotline.services.calls import lookups
from hotline.services.calls.lookups import LookupView
from hotline.store.outbox import EventRow
from hotline.unit_of_work import Application
from tests.builders import make_call
from tests.fakes import FakeCarrier, FakeLookups, FakeUnits
from tests.policies import city_policies
from tests.stopped_clock import StoppedClock

WATER = LookupSource("https://water.example/hotline", "shared", 6)


@pytest.fixture
def policies() -> Policies:
    base = city_policies()
    return replace(base, callers=replace(base.callers, lookups={"water": WATER}))


def ask(application: Application, call_id: int) -> LookupView:
    with application.unit_of_work(Machine.CALLER) as work:
        return lookups.ask(work, call_id, "water")


def react(application: Application, asked: LookupView, fake: FakeLookups) -> None:
    tools = ReactionContext(
        application=application,
        carrier=FakeCarrier(application.clock),
        channels=(FakeUnits(),),
        lookups=fake,
        addresses=VoiceAddresses("https://hotline.example"),
    )
    ask_outside(tools, events.LookupAsked(asked.call_id, asked.id))


def test_a_question_is_asked_once_a_call(application: Application) -> None:
    call = make_call(application)
    assert ask(application, call.id) == ask(application, call.id)
    with application.read_session() as session:
        kinds = list(session.scalars(select(EventRow.kind)))
    assert kinds.count("LookupAsked") == 1


def test_the_answer_is_told_in_both_languages(application: Application) -> None:
    call = make_call(application)
    fake = FakeLookups(LookupResponse(found=True, text_zh="您所在小区今天停水。", text_en="No water today."))
    react(application, ask(application, call.id), fake)
    told = ask(application, call.id)
    assert (told.state, told.text_zh, told.text_en) == (
        LookupState.FOUND,
        "您所在小区今天停水。",
        "No water today.",
    )
    assert fake.asked == [LookupRequest(f"lookup-{told.id}", WATER.url, WATER.secret, 6, call.number)]


def test_signs_that_cannot_be_spoken_are_left_out_of_an_answer(application: Application) -> None:
    call = make_call(application)
    react(
        application,
        ask(application, call.id),
        FakeLookups(LookupResponse(True, "停\x01水\ufffe", "no\x1b water\x00")),
    )
    told = ask(application, call.id)
    assert (told.text_zh, told.text_en) == ("停水", "no water")


@pytest.mark.parametrize(
    ("reply", "state"), [(None, LookupState.FAILED), (LookupResponse(False, "", ""), LookupState.UNKNOWN)]
)
def test_no_answer_and_nothing_known_are_answers_too(
    application: Application, reply: LookupResponse | None, state: LookupState
) -> None:
    call = make_call(application)
    react(application, ask(application, call.id), FakeLookups(reply))
    assert ask(application, call.id).state is state


def test_who_has_waited_long_enough_is_not_asked_for_any_more(
    application: Application, clock: StoppedClock
) -> None:
    call = make_call(application)
    asked = ask(application, call.id)
    clock.advance(6)
    assert ask(application, call.id).overdue
    fake = FakeLookups(LookupResponse(True, "迟到的回答", ""))
    react(application, asked, fake)
    assert (fake.asked, ask(application, call.id).state) == ([], LookupState.FAILED)


def test_the_first_answer_stands(application: Application) -> None:
    call = make_call(application)
    asked = ask(application, call.id)
    react(application, asked, FakeLookups(LookupResponse(True, "一", "")))
    late = FakeLookups(LookupResponse(True, "二", ""))
    react(application, asked, late)
    assert (ask(application, call.id).text_zh, late.asked) == ("一", [])
