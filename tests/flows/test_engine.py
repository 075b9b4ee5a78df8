"""The engine in its corner cases: it is total, guarded against cycles, and performs every action."""

from dataclasses import replace

import pytest

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    CheckOpeningHours,
    ConfirmPerson,
    FlowAction,
    JoinQueue,
    LookUpBy,
    LookUpTicket,
    PromiseCallback,
    RecordRequestClass,
    RecordTransfer,
    SaveMessage,
)
from hotline.rules.enums import CallPurpose, Language, RequestClass
from ivr_flows.engine import (
    MAX_TURNS,
    advance,
    after_talk,
    again,
    enter,
    hear,
    place_lines,
    queue_of,
    settle,
    to_person,
)
from ivr_flows.flow import (
    ActionNode,
    Flow,
    HangUpNode,
    InputNode,
    KeyChoice,
    MenuNode,
    Node,
    QueueNode,
    RetryLimit,
    SayNode,
    TransferNode,
    VoicemailNode,
)
from ivr_flows.speech import CallerCount, LiteralText, PromptLine, SpokenDigits, SpokenNotice, WaitingTime
from ivr_flows.turn import (
    PENDING,
    TOO_LATE,
    ActionResult,
    AwaitResult,
    Connect,
    DialogTurn,
    Digits,
    EndDialog,
    Heard,
    Listen,
    NoInput,
    PollAgain,
    Position,
    QueueFailed,
    Recorded,
    TakeMessage,
    TransferEnded,
    Unclear,
    Values,
    WaitedTooLong,
    WaitInQueue,
)

HELLO, ASK, AGAIN, CONNECT, BYE = (PromptLine(name) for name in ("hello", "ask", "again", "connect", "bye"))
COMPLAINT = RecordRequestClass(RequestClass.COMPLAINT)
JOINED, FULL, OFF_DUTY = (
    ActionResult(each) for each in (ActionOutcome.JOINED, ActionOutcome.FULL, ActionOutcome.OFF_DUTY)
)
LOOK = LookUpTicket(LookUpBy.CALLER)
QUEUE = QueueNode(
    join=JoinQueue(only_on_duty=True),
    say=(CONNECT,),
    next_in_line=PromptLine("next"),
    place=PromptLine("place"),
    place_only=PromptLine("place_only"),
    sorry=PromptLine("sorry"),
    sorry_after=30,
    offer=PromptLine("offer"),
    callback_key="1",
    callback="promise",
    on_full="bye",
    round_seconds=20,
    longest_wait=900,
    on_timeout="record",
    on_off_duty="record",
    keys={"4": KeyChoice("code"), "9": KeyChoice("", (COMPLAINT,), Language.EN)},
    music=(PromptLine("music"),),
)
MENU = MenuNode(
    say=(ASK,),
    again=(AGAIN,),
    keys={
        "1": KeyChoice("person", (COMPLAINT,), words="complaint"),
        "2": KeyChoice("code"),
        "3": KeyChoice("record"),
        "9": KeyChoice("menu", (), Language.EN),
        "*": KeyChoice("help"),
    },
    timeout=4,
    on_silence=RetryLimit(2, "person"),
    on_invalid=RetryLimit(3, "bye"),
)
CODE = InputNode(
    (PromptLine("code"),), "code", 6, 6, 8, (), "look", RetryLimit(2, "person"), RetryLimit(3, "person")
)
NUMBER = replace(CODE, name="number", least=5, most=13, confirm=(PromptLine("read_back"),), to="promise")
NODES: dict[str, Node] = {
    "hello": SayNode((HELLO,), "menu", (ConfirmPerson(),)),
    "menu": MENU,
    "code": CODE,
    "number": NUMBER,
    "look": ActionNode(LOOK, {"found": "bye", "unknown": "menu", "locked": "person"}),
    "record": VoicemailNode((PromptLine("record"),), 180, 6, "bye", "person"),
    "help": SayNode((), "police"),
    "police": TransferNode((PromptLine("connecting"),), "police", 30, "bye", "person"),
    "person": QUEUE,
    "promise": ActionNode(PromiseCallback(), {"promised": "bye", "impossible": "person"}),
    "rate": HangUpNode((PromptLine("rate"),)),
    "bye": HangUpNode((BYE,)),
}
FLOW = Flow("test", "v1", CallPurpose.INBOUND, "hello", "person", NODES, "rate")
JOIN = AwaitResult(QUEUE.join)


def place(turn: DialogTurn) -> str:
    return turn.position.partition(":")[0]


def test_the_first_turn_has_every_line_and_action_up_to_the_first_menu() -> None:
    turn = enter(FLOW)
    assert (turn.lines, turn.actions, turn.position) == ((HELLO, ASK), (ConfirmPerson(),), "menu:0:0")
    assert turn.then == Listen(4, 1, speech=True, words=("complaint",))
    assert (turn.number, turn.language, turn.path) == (0, None, ("hello>next",))


def test_a_key_performs_its_actions_and_leads_on() -> None:
    turn = hear(FLOW, "menu:0:0", Digits("1"))
    assert (turn.actions, turn.then, turn.position) == ((COMPLAINT,), JOIN, "person:0:1")
    assert turn.path == ("menu>1",)


def test_a_key_may_change_the_language() -> None:
    assert hear(FLOW, "menu:0:0", Digits("9")).language is Language.EN


def test_wrong_keys_words_and_silences_are_counted_together_and_each_has_its_own_limit() -> None:
    once = hear(FLOW, "menu:0:0", Unclear())
    assert (once.lines, once.position, once.path) == ((AGAIN,), "menu:1:1", ("menu>again",))
    assert (once.then, once.actions) == (enter(FLOW).then, ())
    assert hear(FLOW, once.position, NoInput()).position == "person:0:2"
    twice = hear(FLOW, once.position, Digits("7"))
    assert twice.position == "menu:2:2"
    assert hear(FLOW, twice.position, Digits("#")).then == EndDialog()


def test_the_path_tells_a_question_left_in_silence_from_one_left_after_wrong_keys() -> None:
    assert hear(FLOW, "menu:1:1", NoInput()).path == ("menu>silence",)
    assert hear(FLOW, "menu:2:2", Unclear()).path == ("menu>invalid",)
    assert hear(FLOW, "code:1:1", NoInput()).path == ("code>silence",)
    assert hear(FLOW, "code:2:1", Unclear()).path == ("code>invalid",)


def test_an_entry_with_other_words_repeats_those() -> None:
    flow = replace(FLOW, nodes={**NODES, "code": replace(CODE, again=(AGAIN,))})
    assert hear(flow, "code:0:1", NoInput()).lines == (AGAIN,)


@pytest.mark.parametrize(
    ("node", "heard", "position", "path"),
    [
        ("menu", Digits("1"), "person:0:4?name=7", "menu>1"),
        ("menu", Digits("7"), "menu:1:4?name=7", "menu>again"),
        ("code", Unclear(), "code:1:4?name=7", "code>again"),
        ("record", Recorded("RE1", 9), "bye:0:4?name=7", "record>recorded"),
        ("record", NoInput(), "person:0:4?name=7", "record>nothing"),
        ("police", TransferEnded(reached=True), "bye:0:4?name=7", "police>parted"),
        ("police", TransferEnded(reached=False), "person:0:4?name=7", "police>failed"),
        ("person", Digits("1"), "promise:0:4?name=7", "person>callback"),
        ("person", Digits("4"), "code:0:4?name=7", "person>4"),
        ("person", FULL, "bye:0:4?name=7", "person>full"),
        ("person", OFF_DUTY, "record:0:4?name=7", "person>off_duty"),
        ("person", WaitedTooLong(), "record:0:4?name=7", "person>timeout"),
    ],
)
def test_an_exit_takes_one_step_names_its_edge_and_keeps_the_values(
    node: str, heard: Heard, position: str, path: str
) -> None:
    turn = hear(FLOW, f"{node}:0:3?name=7", heard)
    assert (turn.position, turn.path[0]) == (position, path)


def test_a_question_left_after_too_many_attempts_keeps_other_values() -> None:
    assert hear(FLOW, "menu:1:3?name=7", NoInput()).position == "person:0:4?name=7"


def test_a_menu_without_other_words_repeats_its_own() -> None:
    flow = replace(FLOW, nodes={**NODES, "menu": replace(MENU, again=())})
    assert hear(flow, "menu:0:0", NoInput()).lines == (ASK,)


def test_entered_digits_are_kept_until_an_action_uses_them() -> None:
    turn = hear(FLOW, "code:0:1", Digits("482913"))
    assert (turn.then, turn.position) == (AwaitResult(LOOK, {"code": "482913"}), "look:0:2?code=482913")
    assert hear(FLOW, turn.position, ActionResult(ActionOutcome.UNKNOWN)).position == "menu:0:3"


def test_digits_are_asked_for_as_many_as_may_come() -> None:
    for position in ("code:0:0", "code:0:0?name=7"):
        assert again(FLOW, position).then == Listen(8, 6, speech=True)


@pytest.mark.parametrize("typed", ["48291", "4829130", "48*913", "48291\N{ARABIC-INDIC DIGIT THREE}", "*"])
def test_digits_that_do_not_fit_are_asked_for_again(typed: str) -> None:
    turn = hear(FLOW, "code:0:1", Digits(typed))
    assert (turn.position, turn.lines) == ("code:1:2", (PromptLine("code"),))


def test_a_number_is_read_back_and_taken_with_one() -> None:
    read = hear(FLOW, "number:0:1", Digits("13900001234"))
    spoken = PromptLine("read_back", None, (("entered", SpokenDigits("13900001234")),))
    assert (read.lines, read.then) == ((spoken,), Listen(8, 1, speech=True))
    taken = hear(FLOW, read.position, Digits("1"))
    assert taken.then == AwaitResult(PromiseCallback(), {"number": "13900001234"})


def test_a_number_read_back_to_silence_is_read_again_and_one_refused_is_forgotten() -> None:
    read = hear(FLOW, "number:0:1", Digits("13900001234"))
    silent = hear(FLOW, read.position, NoInput())
    assert (silent.lines, silent.then) == (read.lines, Listen(8, 1, speech=True))
    assert hear(FLOW, silent.position, NoInput()).position == "person:0:4"
    refused = hear(FLOW, silent.position, Digits("2"))
    assert (refused.lines, refused.position) == ((PromptLine("code"),), "number:2:4")


def test_a_number_is_read_back_in_the_language_of_each_line_and_other_words_stay() -> None:
    notice = SpokenNotice("3", ((Language.ZH_CN, "停水"),))
    confirm = (PromptLine("read_back", Language.EN), notice)
    flow = replace(FLOW, nodes={**NODES, "number": replace(NUMBER, confirm=confirm)})
    spoken = PromptLine("read_back", Language.EN, (("entered", SpokenDigits("13900001234")),))
    assert hear(flow, "number:0:1", Digits("13900001234")).lines == (spoken, notice)


def test_a_message_is_taken_and_kept_or_was_nothing() -> None:
    assert hear(FLOW, "menu:0:0", Digits("3")).then == TakeMessage(180, 6)
    kept = hear(FLOW, "record:0:1", Recorded("RE1", 9))
    assert (kept.actions, kept.then, kept.path) == (
        (SaveMessage("RE1", 9),),
        EndDialog(),
        ("record>recorded",),
    )
    assert place(hear(FLOW, "record:0:1", NoInput())) == "person"


def test_a_connection_to_somebody_outside_is_noted_when_it_begins_and_when_it_is_over() -> None:
    begun = hear(FLOW, "menu:0:0", Digits("*"))
    assert (begun.then, begun.actions) == (Connect("police", 30), (RecordTransfer("police", begins=True),))
    for reached, node in ((True, "bye"), (False, "person")):
        parted = hear(FLOW, begun.position, TransferEnded(reached))
        assert (place(parted), parted.actions) == (node, (RecordTransfer("police", begins=False),))


ELSEWHERE: list[Heard] = [
    JOINED,
    QueueFailed(),
    WaitedTooLong(),
    TransferEnded(reached=True),
    Recorded("RE1", 1),
    ActionResult("nonsense"),
]


@pytest.mark.parametrize("heard", ELSEWHERE)
@pytest.mark.parametrize("node", ["menu", "code"])
def test_what_does_not_belong_at_a_question_repeats_it(node: str, heard: Heard) -> None:
    assert hear(FLOW, f"{node}:1:4", heard) == again(FLOW, f"{node}:1:4")


@pytest.mark.parametrize("node", ["hello", "bye", "record", "police", "look"])
def test_a_key_pressed_where_nobody_listens_repeats_what_is_due(node: str) -> None:
    assert hear(FLOW, f"{node}:0:2", Digits("1")) == again(FLOW, f"{node}:0:2")


@pytest.mark.parametrize(
    ("heard", "position"),
    [
        (JOINED, "person:0:2"),
        (NoInput(), "person:0:2"),
        (Digits("8"), "person:0:2"),
        (Digits("9"), "person:0:2"),
        (Digits("1"), "promise:0:2"),
        (Digits("4"), "code:0:2"),
        (FULL, "bye:0:2"),
        (QueueFailed(), "bye:0:2"),
        (OFF_DUTY, "record:0:2"),
        (WaitedTooLong(), "record:0:2"),
    ],
)
def test_what_is_heard_in_the_queue(heard: Heard, position: str) -> None:
    turn = hear(FLOW, "person:0:1", heard)
    assert turn.position == position
    assert isinstance(turn.then, WaitInQueue) == position.startswith("person")


def test_the_words_of_joining_are_said_once() -> None:
    assert hear(FLOW, "person:0:1", JOINED).lines == (CONNECT,)
    assert hear(FLOW, "person:0:1", Digits("8")).lines == ()


def test_a_key_may_be_noted_without_leaving_the_queue() -> None:
    turn = hear(FLOW, "person:0:1", Digits("9"))
    assert (turn.actions, turn.language, turn.path) == ((COMPLAINT,), Language.EN, ("person>9",))
    assert turn.lines == ()


def test_a_queue_without_other_ends_keeps_who_waits() -> None:
    patient = replace(QUEUE, join=JoinQueue(), longest_wait=0, on_timeout="", on_off_duty="")
    flow = replace(FLOW, nodes={**NODES, "person": patient})
    for heard in (WaitedTooLong(), OFF_DUTY):
        assert hear(flow, "person:0:1", heard).then == WaitInQueue()


def test_an_answer_leads_on_with_its_words_and_anything_else_asks_for_it_again() -> None:
    told = (PromptLine("status_waiting"), SpokenNotice("3", ((Language.ZH_CN, "停水"),)))
    assert hear(FLOW, "look:0:1", ActionResult(ActionOutcome.FOUND, told)).lines == (*told, BYE)
    assert hear(FLOW, "look:0:1?code=1", NoInput()).then == AwaitResult(LOOK, {"code": "1"})


def test_an_answer_that_is_no_exit_takes_the_other_one_or_leads_to_a_person() -> None:
    assert place(hear(FLOW, "look:0:1", ActionResult("nonsense"))) == "person"
    dialled = ActionNode(CheckOpeningHours("staffed"), {"+865370000001": "bye", "other": "menu"})
    flow = replace(FLOW, nodes={**NODES, "line": dialled})
    assert place(hear(flow, "line:0:1", ActionResult("+865370000001"))) == "bye"
    assert place(hear(flow, "line:0:1", ActionResult("+865370000002"))) == "menu"


@pytest.mark.parametrize("node", [*NODES, "gone"])
def test_nothing_is_said_to_a_call_that_is_over(node: str) -> None:
    turn = hear(FLOW, f"{node}:0:0", TOO_LATE)
    assert (turn.lines, turn.actions, turn.then) == ((), (), EndDialog())
    assert turn.position == f"{node}:0:0"


@pytest.mark.parametrize("position", ["gone:0:3", "", "menu", "menu:x:1", "menu:1", "menu:²:1", "menu:-1:0"])
def test_a_position_that_makes_no_sense_leads_to_a_person(position: str) -> None:
    for turn in (hear(FLOW, position, Digits("1")), again(FLOW, position), to_person(FLOW, position)):
        assert turn.then == JOIN


def test_an_action_that_needs_no_values_leaves_them_to_the_next() -> None:
    hours = ActionNode(CheckOpeningHours("staffed"), {"open": "look"})
    flow = replace(FLOW, nodes={**NODES, "hours": hours})
    turn = hear(flow, "hours:0:3?code=482913", ActionResult("open"))
    assert turn.then == AwaitResult(LOOK, {"code": "482913"})


def test_a_caller_joins_the_queue_with_their_values() -> None:
    assert hear(FLOW, "menu:0:3?name=7", Digits("1")).then == AwaitResult(QUEUE.join, {"name": "7"})


@pytest.mark.parametrize(
    ("node", "lines"),
    [
        ("menu", (ASK,)),
        ("code", (PromptLine("code"),)),
        ("record", (PromptLine("record"),)),
        ("police", (PromptLine("connecting"),)),
        ("person", ()),
        ("look", ()),
        ("bye", (BYE,)),
    ],
)
def test_messages_on_the_way_are_spoken_in_order_before_what_they_lead_to(
    node: str, lines: tuple[PromptLine, ...]
) -> None:
    messages: dict[str, Node] = {
        "first": SayNode((HELLO,), "second", (COMPLAINT,)),
        "second": SayNode((CONNECT,), node, (ConfirmPerson(),)),
    }
    flow = replace(FLOW, entry="first", nodes={**NODES, **messages})
    turn = enter(flow)
    assert turn.lines == (HELLO, CONNECT, *lines)
    assert turn.actions[:2] == (COMPLAINT, ConfirmPerson())
    assert turn.path == ("first>next", "second>next")


def test_a_caller_who_is_led_to_a_person_takes_one_step() -> None:
    assert to_person(FLOW, "menu:1:4").position == "person:0:5"


def test_after_very_many_steps_every_exit_of_a_question_leads_to_a_person_even_off_duty() -> None:
    assert hear(FLOW, f"menu:0:{MAX_TURNS - 1}", Digits("1")).then == JOIN
    for heard in (Digits("2"), Digits("3"), Digits("9")):
        worn_out = hear(FLOW, f"menu:0:{MAX_TURNS}", heard)
        assert worn_out.position == f"person:0:{MAX_TURNS + 1}"
        assert worn_out.then == AwaitResult(JoinQueue(only_on_duty=False))
    assert place(hear(FLOW, f"code:2:{MAX_TURNS}", Digits("7"))) == "person"


def test_after_very_many_steps_ends_are_still_ends_and_help_is_still_help() -> None:
    late = MAX_TURNS + 5
    assert place(hear(FLOW, f"person:0:{late}", FULL)) == "bye"
    assert place(hear(FLOW, f"record:0:{late}", Recorded("RE1", 4))) == "bye"
    assert place(hear(FLOW, f"promise:0:{late}", ActionResult(ActionOutcome.PROMISED))) == "bye"
    assert hear(FLOW, f"menu:0:{late}", Digits("*")).then == Connect("police", 30)


def test_what_is_due_can_be_said_again_without_taking_a_step() -> None:
    assert again(FLOW, "menu:1:5").position == "menu:1:5"
    assert again(FLOW, "person:0:5").then == JOIN
    assert again(FLOW, "bye:0:5").lines == (BYE,)
    assert (again(FLOW, "hello:0:5").position, again(FLOW, "hello:0:5").lines) == ("hello:0:5", (HELLO, ASK))


def test_what_follows_a_message_keeps_the_entered_digits_and_the_steps_taken() -> None:
    messages = {"wait": SayNode((HELLO,), "look"), "sorry": SayNode((HELLO,), "person")}
    flow = replace(FLOW, nodes={**NODES, **messages})
    assert again(flow, "wait:0:3?code=1").then == AwaitResult(LOOK, {"code": "1"})
    assert again(flow, "sorry:0:3").then == JOIN
    worn_out = again(flow, f"sorry:0:{MAX_TURNS + 1}")
    assert worn_out.then == AwaitResult(JoinQueue(only_on_duty=False))


def test_lines_that_lead_in_a_circle_end_at_a_person() -> None:
    circle: dict[str, Node] = {
        "hello": SayNode((HELLO,), "once"),
        "once": SayNode((ASK,), "hello"),
        "person": QUEUE,
    }
    assert enter(Flow("test", "v1", CallPurpose.INBOUND, "hello", "person", circle)).then == JOIN


def test_a_caller_whose_operator_left_first_is_asked_or_thanked() -> None:
    turn = after_talk(FLOW, "person:0:7")
    assert turn is not None
    assert (turn.lines, turn.position) == ((PromptLine("rate"),), "rate:0:8")
    assert after_talk(replace(FLOW, after=""), "person:0:7") is None


def test_settling_performs_every_action_and_speaks_every_line_on_the_way() -> None:
    asked: list[tuple[FlowAction, Values]] = []

    def ask(action: FlowAction, values: Values) -> ActionResult:
        asked.append((action, values))
        return ActionResult(ActionOutcome.FOUND, (PromptLine("status_waiting"),))

    turn = settle(FLOW, hear(FLOW, "code:0:0", Digits("482913")), ask)
    assert asked == [(LOOK, {"code": "482913"})]
    assert (turn.lines, turn.then) == ((PromptLine("status_waiting"), BYE), EndDialog())
    assert turn.path == ("code>entered", "look>found")


def test_an_action_without_an_outcome_is_performed_without_values() -> None:
    performed: list[tuple[FlowAction, Values]] = []

    def note(action: FlowAction, values: Values) -> ActionResult:
        performed.append((action, values))
        return JOINED

    turn = settle(FLOW, enter(FLOW), note)
    assert performed == [(ConfirmPerson(), {})]
    assert (turn.actions, turn.lines, turn.position) == ((), (HELLO, ASK), "menu:0:0")


def test_settling_keeps_the_language_chosen_on_the_way() -> None:
    keys = {"9": KeyChoice("person", (COMPLAINT,), Language.EN)}
    flow = replace(FLOW, nodes={**NODES, "menu": replace(MENU, keys=keys)})
    turn = settle(flow, hear(flow, "menu:0:0", Digits("9")), lambda _wish, _values: JOINED)
    assert (turn.language, turn.actions, turn.then) == (Language.EN, (), WaitInQueue())


def test_a_queue_is_joined_only_after_the_lines_that_must_be_heard_to_their_end() -> None:
    notice = SayNode((PromptLine("recording_notice"), PromptLine("connecting")), "person")
    flow = replace(FLOW, entry="notice", nodes={**NODES, "notice": notice})
    joined: list[FlowAction] = []

    def join(action: FlowAction, _values: Values) -> ActionResult:
        joined.append(action)
        return JOINED

    told = settle(flow, enter(flow), join)
    assert (told.then, told.lines, joined) == (PollAgain(pause=0), notice.say, [])
    assert settle(flow, again(flow, told.position), join).then == WaitInQueue()
    assert len(joined) == 1


def test_a_pending_outcome_is_requested_again_from_the_same_position() -> None:
    begun = hear(FLOW, "code:0:0", Digits("482913"))
    turn = settle(FLOW, begun, lambda _wish, _values: PENDING)
    assert (turn.then, turn.position) == (PollAgain(), begun.position)
    assert again(FLOW, turn.position).then == begun.then


def test_answers_that_lead_in_a_circle_end_the_call() -> None:
    asked: list[FlowAction] = []
    circle: dict[str, Node] = {
        "person": replace(QUEUE, on_full="bye"),
        "bye": ActionNode(LOOK, {"found": "note"}),
        "note": SayNode((), "person", (COMPLAINT,)),
    }
    flow = Flow("test", "v1", CallPurpose.INBOUND, "person", "person", circle)

    def ask(action: FlowAction, _values: Values) -> ActionResult:
        if action != COMPLAINT:
            asked.append(action)
        return FULL if isinstance(action, JoinQueue) else ActionResult(ActionOutcome.FOUND)

    turn = settle(flow, enter(flow), ask)
    assert (turn.then, turn.actions) == (EndDialog(), ())
    assert len(asked) == len(flow.nodes) + 1


def test_however_many_answers_follow_each_other_they_lead_to_their_end() -> None:
    row = {
        f"at{place}": ActionNode(CheckOpeningHours("staffed"), {"open": f"at{place + 1}"})
        for place in range(60)
    }
    flow = replace(FLOW, entry="at0", nodes={**NODES, **row, "at60": QUEUE})
    turn = settle(
        flow, enter(flow), lambda action, _: JOINED if isinstance(action, JoinQueue) else ActionResult("open")
    )
    assert turn.then == WaitInQueue()


def test_a_flow_advances_as_far_as_the_answers_are_known() -> None:
    hours = ActionNode(CheckOpeningHours("staffed"), {"open": "look", "closed": "bye"})
    flow = replace(FLOW, entry="hours", nodes={**NODES, "hours": hours})
    turn = advance(
        flow,
        enter(flow),
        lambda action: ActionResult("open") if isinstance(action, CheckOpeningHours) else None,
    )
    assert (turn.then, turn.path) == (AwaitResult(LOOK), ("hours>open",))


def test_a_flow_does_not_advance_past_an_action_that_is_still_to_be_performed() -> None:
    chosen = hear(FLOW, "menu:0:0", Digits("1"))
    assert advance(FLOW, chosen, lambda _action: JOINED) == chosen


def test_a_flow_that_waits_for_the_caller_does_not_advance() -> None:
    asked = hear(FLOW, "look:0:1", ActionResult(ActionOutcome.UNKNOWN))
    assert advance(FLOW, asked, lambda _action: JOINED) == asked


def test_advancing_speaks_every_line_on_the_way() -> None:
    told = (PromptLine("status_waiting"),)
    hours = SayNode((HELLO,), "look")
    flow = replace(FLOW, entry="hours", nodes={**NODES, "hours": hours})
    turn = advance(flow, enter(flow), lambda _action: ActionResult(ActionOutcome.FOUND, told))
    assert turn.lines == (HELLO, *told, BYE)


def test_a_waiting_caller_hears_their_place_and_the_wait_before_the_music() -> None:
    told = place_lines(QUEUE, ahead=2, waited=10, expected=55, may_be_called=False)
    assert told == (
        PromptLine("place", None, (("ahead", CallerCount(2)), ("wait", WaitingTime(55)))),
        PromptLine("music"),
    )


def test_a_caller_who_is_next_or_waits_long_hears_so_and_is_offered_a_callback_with_its_key() -> None:
    told = place_lines(QUEUE, ahead=0, waited=30, expected=55, may_be_called=True)
    assert [line.prompt for line in told if isinstance(line, PromptLine)] == [
        "sorry",
        "next",
        "offer",
        "music",
    ]
    key = LiteralText(((Language.ZH_CN, "1"),))
    assert PromptLine("offer", None, (("key", key),)) in told


def test_no_wait_is_invented_before_one_is_known() -> None:
    told = place_lines(QUEUE, ahead=3, waited=0, expected=None, may_be_called=False)
    assert told[0] == PromptLine("place_only", None, (("ahead", CallerCount(3)),))


def test_a_call_waits_in_the_queue_it_stands_in_or_else_in_the_flows_own() -> None:
    other = replace(QUEUE, round_seconds=9)
    flow = replace(FLOW, nodes={**NODES, "other": other})
    assert queue_of(flow, "other:0:1") is other
    assert queue_of(flow, "menu:0:1") is QUEUE
    with pytest.raises(TypeError, match="test has no queue"):
        queue_of(Flow("test", "v1", CallPurpose.INBOUND, "menu", "menu", {"menu": MENU}), "menu:0:1")


def test_a_position_reads_what_it_writes() -> None:
    here = Position("status.code", 2, 7, {"ticket": "20261123000123", "number": "+86 139&?=:"})
    assert Position.parse(str(here)) == here
