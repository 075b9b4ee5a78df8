"""A city may do without keys, as the national standard prefers: its flow begins in the queue. No Python changes."""

from dataclasses import replace

import pytest

from hotline.rules.calls.flow_actions import PromiseCallback
from hotline.rules.enums import CallState, RequestClass
from hotline.rules.errors import LostRace
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Policies
from hotline.services.calls.queries import get_call
from hotline.unit_of_work import Application
from ivr_flows.webhooks.first_turn_cache import FirstTurnCache
from ivr_flows.webhooks.flow_actions import ActionPerformer
from tests.builders import make_call, make_operator
from tests.flows.conftest import Carrier, Ledger
from tests.policies import city_policies


@pytest.fixture
def policies() -> Policies:
    """A city that has chosen the flow without a menu."""
    base = city_policies()
    return replace(base, callers=replace(base.callers, inbound="no_menu"))


def test_the_recording_notice_is_heard_to_its_end_before_an_operator_can_answer(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    make_operator(application)
    told = carrier.arrives()
    assert told.verbs == ["Say", "Say", "Redirect"]
    assert told.words == "您好，这里是马上就办一线通。为保证服务质量，本次通话将会录音。"
    assert (ledger.state(), ledger.rows()["offers"]) == (CallState.IN_FLOW, 0)
    queued = carrier.listens(told)
    assert (queued.verbs, ledger.state(), ledger.rows()["offers"]) == (["Enqueue"], CallState.OFFERED, 1)
    assert carrier.follow(queued, "Enqueue", "waitUrl").words == (
        "正在为您转接人工坐席，请稍候。您是下一位，请不要挂机。"
    )
    assert ledger.call().flow == "no_menu"
    assert carrier.arrives().verbs == ["Enqueue"]
    assert ledger.rows()["calls"] == 1


def test_keys_are_heard_all_the_same(carrier: Carrier, ledger: Ledger) -> None:
    waiting = carrier.follow(carrier.listens(carrier.arrives()), "Enqueue", "waitUrl")
    assert waiting.verbs == ["Gather", "Redirect"]
    carrier.presses(waiting, "3")
    assert (ledger.state(), ledger.call().pressed) == (CallState.QUEUED, RequestClass.SUGGESTION)
    assert carrier.presses(waiting, "9").words.startswith("You are next. Please stay on the line.")
    assert (ledger.state(), ledger.call().language) == (CallState.QUEUED, "en")


def test_a_key_that_leads_elsewhere_leads_out_of_the_queue(carrier: Carrier, ledger: Ledger) -> None:
    carrier.listens(carrier.arrives())
    assert carrier.post("/voice/wait/heard", Digits="*").verbs == ["Leave"]
    help_ = carrier.post("/voice/queue-left", QueueResult="leave")
    assert help_.words.startswith("报警请按1，火警请按2")
    assert ledger.state() is CallState.IN_FLOW


def test_a_callback_is_not_promised_to_somebody_an_operator_has_just_taken(
    application: Application, ledger: Ledger
) -> None:
    call = make_call(application, state=CallState.CONNECTING)
    with application.unit_of_work(Machine.CALLER) as work:
        actions = ActionPerformer(work, FirstTurnCache(application), get_call(work, call.id))
        with pytest.raises(LostRace):
            actions.perform(PromiseCallback(), {})
    assert ledger.callbacks() == []
