"""The shape of a flow file: what may be written where, and which node each table becomes.

Shape only; whether the pieces fit together is asked in `lint`. More kinds can be written than the engine knows: an
opening-hours node, an entry by number, a survey are each one of its eight nodes, written as people think of them.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AskCaller,
    AskDialled,
    AskHours,
    CallerQuestion,
    FlowAction,
    JoinQueue,
    LookUpBy,
    LookUpOutside,
    LookUpTicket,
    PromiseCallback,
    RecordAnswer,
    TellNotices,
)
from hotline.rules.enums import CallPurpose, Language
from ivr_flows import flow
from ivr_flows.flow import Node
from ivr_flows.source.expressions import (
    read_language,
    read_line,
    read_number,
    read_purpose,
    read_wait_step,
    read_wish,
)
from ivr_flows.source.tables import NAME, Shape
from ivr_flows.speech import Line

LINE = Annotated[Line, BeforeValidator(read_line)]
LINES = tuple[LINE, ...]
SPOKEN = Annotated[LINES, Field(min_length=1)]
WISH = Annotated[FlowAction, BeforeValidator(read_wish)]
KEY = Annotated[str, Field(pattern=r"^[0-9*#]$")]
SECONDS = Annotated[int, Field(strict=True, ge=1, le=30)]
RINGING = Annotated[int, Field(strict=True, ge=5, le=600)]
TARGET = Annotated[str, Field(min_length=1)]


class Choice(Shape):
    to: TARGET
    wishes: tuple[WISH, ...] = ()
    language: Annotated[Language, BeforeValidator(read_language)] | None = None
    words: str = ""

    def choice(self) -> flow.Choice:
        return flow.Choice(self.to, self.wishes, self.language, self.words)


class WaitingChoice(Choice):
    to: str = ""
    """Empty: the caller stays in the queue."""


class Exit(Shape):
    tries: Annotated[int, Field(strict=True, ge=1, le=5)]
    to: TARGET

    def exit(self) -> flow.Exit:
        return flow.Exit(self.tries, self.to)


class Question(Shape):
    """What menus, surveys and entries of digits share."""

    say: SPOKEN
    again: LINES = ()
    timeout: SECONDS
    on_silence: Exit
    on_invalid: Exit


class Hours(Shape):
    kind: Literal["hours"]
    schedule: NAME
    open: TARGET
    closed: TARGET
    holiday: str = ""
    """Empty: as when closed."""

    def node(self) -> Node:
        exits = {"open": self.open, "closed": self.closed, "holiday": self.holiday or self.closed}
        return flow.Ask(AskHours(self.schedule), exits)


class Entry(Shape):
    kind: Literal["entry"]
    numbers: dict[Annotated[str, BeforeValidator(read_number)], TARGET]
    other: TARGET

    def node(self) -> Node:
        return flow.Ask(AskDialled(), {**self.numbers, ActionOutcome.OTHER: self.other})


class Condition(Shape):
    kind: Literal["condition"]
    asks: CallerQuestion
    yes: TARGET
    no: TARGET

    def node(self) -> Node:
        return flow.Ask(AskCaller(self.asks), {"yes": self.yes, "no": self.no})


class Notices(Shape):
    kind: Literal["notices"]
    told: TARGET
    none: TARGET

    def node(self) -> Node:
        return flow.Ask(TellNotices(), {"yes": self.told, "no": self.none})


class TicketStatus(Shape):
    kind: Literal["ticket_status"]
    by: LookUpBy
    found: TARGET
    unknown: TARGET
    locked: TARGET

    def node(self) -> Node:
        exits = {"found": self.found, "unknown": self.unknown, "locked": self.locked}
        return flow.Ask(LookUpTicket(self.by), exits)


class Lookup(Shape):
    kind: Literal["lookup"]
    source: NAME
    found: TARGET
    unknown: TARGET
    timeout: TARGET
    failed: TARGET

    def node(self) -> Node:
        exits = {name: getattr(self, name) for name in ("found", "unknown", "timeout", "failed")}
        return flow.Ask(LookUpOutside(self.source), exits)


class Callback(Shape):
    kind: Literal["callback"]
    promised: TARGET
    impossible: TARGET

    def node(self) -> Node:
        return flow.Ask(PromiseCallback(), {"promised": self.promised, "impossible": self.impossible})


class _Say(Shape):
    kind: Literal["say"]
    say: LINES = ()
    wishes: tuple[WISH, ...] = ()
    to: TARGET

    def node(self) -> Node:
        return flow.Say(self.say, self.to, self.wishes)


class _Goto(Shape):
    kind: Literal["goto"]
    to: TARGET

    def node(self) -> Node:
        return flow.Say((), self.to)


class _Menu(Question):
    kind: Literal["menu"]
    keys: Annotated[dict[KEY, Choice], Field(min_length=1)]

    def node(self) -> Node:
        keys = {key: choice.choice() for key, choice in self.keys.items()}
        out = (self.on_silence.exit(), self.on_invalid.exit())
        return flow.Menu(self.say, keys, self.timeout, *out, self.again)


class _Reply(Shape):
    answer: Literal["yes", "no"]
    to: TARGET
    words: str = ""


class _Survey(Question):
    """One question whose answers are kept; further `keys` (0 for a person) may lead elsewhere."""

    kind: Literal["survey"]
    question: Literal["solved", "satisfied", "service"]
    answers: Annotated[dict[KEY, _Reply], Field(min_length=2)]
    keys: dict[KEY, Choice] = Field(default_factory=dict)

    def node(self) -> Node:
        answers = {
            key: flow.Choice(reply.to, (RecordAnswer(self.question, reply.answer),), None, reply.words)
            for key, reply in self.answers.items()
        }
        keys = {**answers, **{key: choice.choice() for key, choice in self.keys.items()}}
        out = (self.on_silence.exit(), self.on_invalid.exit())
        return flow.Menu(self.say, keys, self.timeout, *out, self.again)


class _Input(Question):
    kind: Literal["input"]
    name: NAME
    least: Annotated[int, Field(strict=True, ge=1, le=20)]
    most: Annotated[int, Field(strict=True, ge=1, le=20)]
    confirm: LINES = ()
    to: TARGET

    def node(self) -> Node:
        out = (self.on_silence.exit(), self.on_invalid.exit())
        size = (self.name, self.least, self.most, self.timeout)
        return flow.Input(self.say, *size, self.confirm, self.to, *out, self.again)


class _Transfer(Shape):
    kind: Literal["transfer"]
    say: LINES = ()
    number: NAME
    ring_seconds: RINGING = 30
    to: TARGET
    on_failed: TARGET

    def node(self) -> Node:
        return flow.Transfer(self.say, self.number, self.ring_seconds, self.to, self.on_failed)


class _Voicemail(Shape):
    kind: Literal["voicemail"]
    say: SPOKEN
    seconds: Annotated[int, Field(strict=True, ge=5, le=600)]
    silence: Annotated[int, Field(strict=True, ge=2, le=30)]
    to: TARGET
    on_nothing: TARGET

    def node(self) -> Node:
        return flow.Voicemail(self.say, self.seconds, self.silence, self.to, self.on_nothing)


class _Queue(Shape):
    kind: Literal["queue"]
    skill: NAME | Literal[""] = ""
    priority: Annotated[int, Field(strict=True, ge=0, le=9)] = 0
    to_desk: bool = False
    say: LINES
    next_in_line: LINE
    place: LINE
    place_only: LINE
    sorry: LINE
    sorry_after: Annotated[int, Field(strict=True, ge=0, le=3600)]
    offer: LINE
    callback_key: KEY
    callback: TARGET
    on_full: TARGET
    round_seconds: Annotated[int, Field(strict=True, ge=5, le=60)]
    longest_wait: Annotated[int, Field(strict=True, ge=30, le=7200)] | Literal[0] = 0
    on_timeout: str = ""
    on_off_duty: str = ""
    keys: dict[KEY, WaitingChoice] = Field(default_factory=dict)
    wait: tuple[Annotated[Line, BeforeValidator(read_wait_step)], ...] = ()
    """Heard at the end of each round: `say PROMPT` or `play PROMPT`."""

    def node(self) -> Node:
        join = JoinQueue(self.skill, self.priority, self.to_desk, only_on_duty=bool(self.on_off_duty))
        same = set(type(self).model_fields) - {"kind", "skill", "priority", "to_desk", "keys", "wait"}
        keys = {key: choice.choice() for key, choice in self.keys.items()}
        rest = {name: getattr(self, name) for name in same}
        return flow.Queue(join=join, keys=keys, music=self.wait, **rest)


class Subflow(Shape):
    """Another file, laid into this flow: `exits` say where each of its `exit:NAME` leads."""

    kind: Literal["subflow"]
    file: NAME
    exits: dict[NAME, TARGET] = Field(default_factory=dict)


class _HangUp(Shape):
    kind: Literal["hang_up"]
    say: LINES = ()

    def node(self) -> Node:
        return flow.HangUp(self.say)


NODE = Annotated[
    _Say
    | _Goto
    | _Menu
    | _Survey
    | _Input
    | Hours
    | Entry
    | Condition
    | Notices
    | TicketStatus
    | Lookup
    | Callback
    | _Transfer
    | _Voicemail
    | _Queue
    | Subflow
    | _HangUp,
    Field(discriminator="kind"),
]


class PartShape(Shape):
    """A shared file: nodes to be included, or a subflow that begins at `entry`."""

    entry: str = ""
    nodes: dict[NAME, NODE]


class FlowShape(Shape):
    """A whole flow file, with the shared nodes it includes."""

    name: NAME
    purpose: Annotated[CallPurpose, BeforeValidator(read_purpose)]
    entry: TARGET
    person: TARGET
    after: str = ""
    nodes: dict[NAME, NODE]
