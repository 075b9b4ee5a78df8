"""The engine, corner by corner: it is total, guarded against circles, and never forgets a wish."""

import pytest

from hotline.rules.wishes import ConfirmPerson, JoinQueue, NotePressed, PromiseCallback, Wish
from hotline.rules.words import CallPurpose, Language, RequestClass
from ivr_flows.engine import (
    MAX_TURNS,
    MAX_VERDICTS,
    again,
    enter,
    hear,
    place_lines,
    queue_of,
    settle,
    to_person,
)
from ivr_flows.flow import Callers, Choice, Do, Exit, Flow, HangUp, Line, Menu, Node, Queue, Say, Wait
from ivr_flows.turns import (
    AwaitVerdict,
    Digits,
    Granted,
    Listen,
    Over,
    Position,
    QueueFailed,
    Refused,
    Silence,
    TooLate,
    Verdict,
    WaitInQueue,
)

HELLO, ASK, AGAIN, CONNECT, BYE = (Line(name) for name in ("hello", "ask", "again", "connect", "bye"))
COMPLAINT = NotePressed(RequestClass.COMPLAINT)
QUEUE = Queue(
    say=(CONNECT,),
    next_in_line=Line("next"),
    place=Line("place"),
    place_only=Line("place_only"),
    sorry=Line("sorry"),
    sorry_after=30,
    offer=Line("offer"),
    callback_key="1",
    callback="promise",
    on_full="bye",
    round_seconds=20,
)
MENU = Menu(
    say=(ASK,),
    again=(AGAIN,),
    keys={
        "1": Choice("person", (COMPLAINT,)),
        "9": Choice("menu", (), Language.EN),
        "5": Choice("confirm"),
    },
    timeout=4,
    on_silence=Exit(2, "person"),
    on_invalid=Exit(3, "bye"),
)
NODES: dict[str, Node] = {
    "hello": Say((HELLO,), "menu"),
    "menu": MENU,
    "person": QUEUE,
    "promise": Do(PromiseCallback(), "bye", "person"),
    "confirm": Do(ConfirmPerson(), "person", "bye"),
    "bye": HangUp((BYE,)),
}
FLOW = Flow("test", "v1", CallPurpose.INBOUND, "hello", "person", NODES)


def test_the_first_turn_speaks_everything_up_to_the_first_menu() -> None:
    turn = enter(FLOW)
    assert (turn.lines, turn.then, turn.position) == ((HELLO, ASK), Listen(4), "menu:0:0")
    assert (turn.number, turn.wishes, turn.language) == (0, (), None)


def test_a_key_makes_its_wishes_and_leads_on() -> None:
    turn = hear(FLOW, "menu:0:0", Digits("1"))
    assert (turn.wishes, turn.then, turn.position) == ((COMPLAINT,), AwaitVerdict(JoinQueue()), "person:0:1")


def test_a_key_may_change_the_language() -> None:
    assert hear(FLOW, "menu:0:0", Digits("9")).language is Language.EN


def test_wrong_keys_and_silences_are_counted_together_and_each_has_its_own_limit() -> None:
    once = hear(FLOW, "menu:0:0", Digits("7"))
    assert (once.lines, once.position, once.number) == ((AGAIN,), "menu:1:1", 1)
    assert hear(FLOW, once.position, Silence()).position == "person:0:2"
    twice = hear(FLOW, once.position, Digits("*"))
    assert twice.position == "menu:2:2"
    assert hear(FLOW, twice.position, Digits("#")).then == Over()


def test_a_menu_without_other_words_repeats_its_own() -> None:
    plain = Menu((ASK,), MENU.keys, 4, MENU.on_silence, MENU.on_invalid)
    flow = Flow("test", "v1", CallPurpose.INBOUND, "menu", "person", {**NODES, "menu": plain})
    assert hear(flow, "menu:0:0", Silence()).lines == (ASK,)


@pytest.mark.parametrize("heard", [Granted(), Refused(), QueueFailed()])
def test_an_answer_that_does_not_belong_at_a_menu_repeats_the_question(heard: Verdict) -> None:
    turn = hear(FLOW, "menu:1:4", heard)
    assert (turn.lines, turn.then, turn.position) == ((ASK,), Listen(4), "menu:1:4")


def test_after_very_many_turns_every_way_out_of_a_menu_leads_to_a_person() -> None:
    assert hear(FLOW, f"menu:0:{MAX_TURNS}", Digits("9")).position == f"person:0:{MAX_TURNS + 1}"
    assert hear(FLOW, f"menu:2:{MAX_TURNS}", Digits("7")).position == f"person:0:{MAX_TURNS + 1}"


@pytest.mark.parametrize(
    ("heard", "position"),
    [
        (Granted(), "person:0:2"),
        (Silence(), "person:0:2"),
        (Digits("8"), "person:0:2"),
        (Digits("1"), "promise:0:2"),
        (Refused(), "bye:0:2"),
        (QueueFailed(), "bye:0:2"),
    ],
)
def test_what_is_heard_in_the_queue(heard: Verdict, position: str) -> None:
    turn = hear(FLOW, "person:0:1", heard)
    assert turn.position == position
    assert isinstance(turn.then, WaitInQueue) == position.startswith("person")


def test_a_verdict_leads_on_and_anything_else_asks_for_it_again() -> None:
    assert hear(FLOW, "confirm:0:1", Granted()).position == "person:0:2"
    assert hear(FLOW, "confirm:0:1", Refused()).position == "bye:0:2"
    assert hear(FLOW, "confirm:0:1", Silence()).then == AwaitVerdict(ConfirmPerson())


def test_nothing_is_said_to_a_call_that_is_over() -> None:
    turn = hear(FLOW, "menu:0:0", TooLate())
    assert (turn.lines, turn.then) == ((), Over())


@pytest.mark.parametrize("position", ["gone:0:3", "", "menu", "menu:x:1", "menu:1", "menu:²:1", "menu:-1:0"])
def test_a_position_that_makes_no_sense_leads_to_a_person(position: str) -> None:
    for turn in (hear(FLOW, position, Digits("1")), again(FLOW, position), to_person(FLOW, position)):
        assert turn.then == AwaitVerdict(JoinQueue())


@pytest.mark.parametrize("node", ["hello", "bye"])
def test_a_key_pressed_where_nobody_listens_repeats_what_is_due(node: str) -> None:
    assert hear(FLOW, f"{node}:0:2", Digits("1")) == again(FLOW, f"{node}:0:2")


def test_what_is_due_can_be_said_again_without_taking_a_step() -> None:
    assert again(FLOW, "menu:1:5").position == "menu:1:5"
    assert again(FLOW, "person:0:5").then == AwaitVerdict(JoinQueue())
    assert again(FLOW, "bye:0:5").lines == (BYE,)


def test_lines_that_lead_in_a_circle_end_at_a_person() -> None:
    circle: dict[str, Node] = {"hello": Say((HELLO,), "once"), "once": Say((ASK,), "hello"), "person": QUEUE}
    turn = enter(Flow("test", "v1", CallPurpose.INBOUND, "hello", "person", circle))
    assert turn.then == AwaitVerdict(JoinQueue())


def test_settling_carries_out_every_wish_and_speaks_every_line_on_the_way() -> None:
    asked: list[Wish] = []

    def grant(wish: Wish) -> Verdict:
        asked.append(wish)
        return Granted()

    turn = settle(FLOW, hear(FLOW, "menu:0:0", Digits("1")), grant)
    assert asked == [COMPLAINT, JoinQueue()]
    assert (turn.lines, turn.then, turn.wishes) == ((CONNECT,), WaitInQueue(), ())


def test_settling_keeps_the_language_chosen_on_the_way() -> None:
    nodes: dict[str, Node] = {
        **NODES,
        "menu": Menu((ASK,), {"9": Choice("person", (), Language.EN)}, 4, *[Exit(1, "bye")] * 2),
    }
    flow = Flow("test", "v1", CallPurpose.INBOUND, "menu", "person", nodes)
    assert settle(flow, hear(flow, "menu:0:0", Digits("9")), lambda _wish: Granted()).language is Language.EN


def test_wishes_that_refuse_each_other_in_a_circle_end_the_call() -> None:
    asked: list[Wish] = []
    nodes: dict[str, Node] = {"person": QUEUE, "bye": Do(PromiseCallback(), "person", "person")}
    flow = Flow("test", "v1", CallPurpose.INBOUND, "person", "person", nodes)

    def refuse(wish: Wish) -> Verdict:
        asked.append(wish)
        return Refused()

    assert settle(flow, enter(flow), refuse).then == Over()
    assert len(asked) == MAX_VERDICTS


def test_a_waiting_caller_is_told_their_place_and_the_wait() -> None:
    told = place_lines(QUEUE, ahead=2, waited=10, expected=55, may_be_called=False)
    assert told == (Line("place", None, (("ahead", Callers(2)), ("wait", Wait(55)))),)


def test_whoever_is_next_or_waits_long_is_told_so() -> None:
    told = place_lines(QUEUE, ahead=0, waited=30, expected=55, may_be_called=True)
    assert [line.prompt for line in told] == ["sorry", "next", "offer"]


def test_no_wait_is_invented_before_one_is_known() -> None:
    told = place_lines(QUEUE, ahead=3, waited=0, expected=None, may_be_called=False)
    assert told == (Line("place_only", None, (("ahead", Callers(3)),)),)


def test_a_call_waits_in_the_queue_it_stands_in_or_else_in_the_flows_own() -> None:
    other = Queue(
        **{name: getattr(QUEUE, name) for name in QUEUE.__dataclass_fields__} | {"round_seconds": 9}
    )
    flow = Flow("test", "v1", CallPurpose.INBOUND, "menu", "person", {**NODES, "other": other})
    assert queue_of(flow, "other:0:1") is other
    assert queue_of(flow, "menu:0:1") is QUEUE
    with pytest.raises(TypeError, match="test has no queue"):
        queue_of(Flow("test", "v1", CallPurpose.INBOUND, "menu", "menu", {"menu": MENU}), "menu:0:1")


def test_a_position_reads_what_it_writes() -> None:
    assert Position.parse(str(Position("menu", 2, 7))) == Position("menu", 2, 7)
