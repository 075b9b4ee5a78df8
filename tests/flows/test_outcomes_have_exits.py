"""Every outcome of an action has an exit, whatever a file says, because the schema demands one."""

import pytest

from hotline.rules.calls.flow_actions import OUTCOMES, FlowAction, JoinQueue
from ivr_flows.flow import ActionNode
from ivr_flows.source.schema import (
    CallbackModel,
    ConditionModel,
    EntryModel,
    FileModel,
    HoursModel,
    LookupModel,
    MatterModel,
    NoticesModel,
    TicketStatusModel,
)

WRITTEN: list[FileModel] = [
    HoursModel(kind="hours", schedule="day", open="a", closed="b"),
    EntryModel(kind="entry", numbers={"0537 441 2345": "a"}, other="b"),
    ConditionModel(kind="condition", asks="often", yes="a", no="b"),
    NoticesModel(kind="notices", told="a", none="b"),
    TicketStatusModel(kind="ticket_status", by="number", found="a", unknown="b", locked="c"),
    MatterModel(kind="matter", found="a", unknown="b"),
    LookupModel(kind="lookup", source="water", found="a", unknown="b", timeout="c", failed="d"),
    CallbackModel(kind="callback", promised="a", impossible="b"),
]


def asked(shape: FileModel) -> ActionNode:
    node = shape.node()
    assert isinstance(node, ActionNode)
    return node


@pytest.mark.parametrize("shape", WRITTEN, ids=lambda shape: shape.kind)
def test_an_action_has_an_exit_for_every_outcome_it_can_have(shape: FileModel) -> None:
    node = asked(shape)
    assert OUTCOMES[type(node.action)] <= set(node.exits)
    assert all(node.exits.values())


def test_no_action_with_a_choice_of_outcomes_is_left_out() -> None:
    choosing: set[type[FlowAction]] = {action for action, answers in OUTCOMES.items() if answers != {"done"}}
    assert choosing == {JoinQueue, *(type(asked(shape).action) for shape in WRITTEN)}
