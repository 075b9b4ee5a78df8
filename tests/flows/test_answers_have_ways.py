"""Every answer a wish can get has a way on, whatever a file says: the shapes a wish is written in see to it."""

import pytest

from hotline.rules.calls.flow_actions import OUTCOMES, FlowAction, JoinQueue
from ivr_flows.flow import Ask
from ivr_flows.source.schema import Callback, Condition, Entry, Hours, Lookup, Notices, Shape, TicketStatus

WRITTEN: list[Shape] = [
    Hours(kind="hours", schedule="day", open="a", closed="b"),
    Entry(kind="entry", numbers={"0537 441 2345": "a"}, other="b"),
    Condition(kind="condition", asks="often", yes="a", no="b"),
    Notices(kind="notices", told="a", none="b"),
    TicketStatus(kind="ticket_status", by="number", found="a", unknown="b", locked="c"),
    Lookup(kind="lookup", source="water", found="a", unknown="b", timeout="c", failed="d"),
    Callback(kind="callback", promised="a", impossible="b"),
]


def asked(shape: Shape) -> Ask:
    node = shape.node()
    assert isinstance(node, Ask)
    return node


@pytest.mark.parametrize("shape", WRITTEN, ids=lambda shape: shape.kind)
def test_a_question_to_the_hall_leads_on_by_every_answer_it_can_get(shape: Shape) -> None:
    node = asked(shape)
    assert OUTCOMES[type(node.wish)] <= set(node.exits)
    assert all(node.exits.values())


def test_no_shape_and_no_wish_with_a_choice_of_answers_is_left_out() -> None:
    choosing: set[type[FlowAction]] = {wish for wish, answers in OUTCOMES.items() if answers != {"done"}}
    assert choosing == {JoinQueue, *(type(asked(shape).wish) for shape in WRITTEN)}
