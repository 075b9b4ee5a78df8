"""Pydantic schema of flow files, converted to `flow` nodes.

It checks structure only; `lint` checks whether the nodes fit together. A file has more kinds of nodes than the engine:
opening hours, an entry by number and a survey are each one of its eight nodes.
"""

from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AnnounceOutages,
    CallerCondition,
    CheckCaller,
    CheckOpeningHours,
    FlowAction,
    JoinQueue,
    LookUpBy,
    LookUpExternal,
    LookUpTicket,
    MatchDialledNumber,
    NameMatter,
    PromiseCallback,
    RecordAnswer,
)
from hotline.rules.enums import CallPurpose, Language
from ivr_flows import flow
from ivr_flows.flow import Node
from ivr_flows.source.expressions import (
    read_action,
    read_language,
    read_line,
    read_number,
    read_purpose,
    read_wait_step,
)
from ivr_flows.source.tables import NAME, FileModel
from ivr_flows.speech import PromptLine

LINE = Annotated[PromptLine, BeforeValidator(read_line)]
LINES = tuple[LINE, ...]
SPOKEN = Annotated[LINES, Field(min_length=1)]
ACTION = Annotated[FlowAction, BeforeValidator(read_action)]
# Flows published before the field was called `actions` are kept in the database with `wishes`.
ACTIONS = Annotated[tuple[ACTION, ...], Field(validation_alias=AliasChoices("actions", "wishes"))]
KEY = Annotated[str, Field(pattern=r"^[0-9*#]$")]
SECONDS = Annotated[int, Field(strict=True, ge=1, le=30)]
RINGING = Annotated[int, Field(strict=True, ge=5, le=600)]
TARGET = Annotated[str, Field(min_length=1)]


class ChoiceModel(FileModel):
    to: TARGET
    actions: ACTIONS = ()
    language: Annotated[Language, BeforeValidator(read_language)] | None = None
    words: str = ""
    announced: Annotated[bool, Field(strict=True)] = True

    def choice(self) -> flow.KeyChoice:
        return flow.KeyChoice(self.to, self.actions, self.language, self.words, self.announced)


class WaitingChoiceModel(ChoiceModel):
    # Empty: the caller stays in the queue.
    to: str = ""


class RetryLimitModel(FileModel):
    tries: Annotated[int, Field(strict=True, ge=1, le=5)]
    to: TARGET

    def exit(self) -> flow.RetryLimit:
        return flow.RetryLimit(self.tries, self.to)


class QuestionModel(FileModel):
    """The fields that menus, surveys and inputs share."""

    say: SPOKEN
    again: LINES = ()
    timeout: SECONDS
    on_silence: RetryLimitModel
    on_invalid: RetryLimitModel


class HoursModel(FileModel):
    kind: Literal["hours"]
    schedule: NAME
    open: TARGET
    closed: TARGET
    # Empty: as when closed.
    holiday: str = ""

    def node(self) -> Node:
        exits = {"open": self.open, "closed": self.closed, "holiday": self.holiday or self.closed}
        return flow.ActionNode(CheckOpeningHours(self.schedule), exits)


class EntryModel(FileModel):
    kind: Literal["entry"]
    numbers: dict[Annotated[str, BeforeValidator(read_number)], TARGET]
    other: TARGET

    def node(self) -> Node:
        return flow.ActionNode(MatchDialledNumber(), {**self.numbers, ActionOutcome.OTHER: self.other})


class ConditionModel(FileModel):
    kind: Literal["condition"]
    asks: CallerCondition
    yes: TARGET
    no: TARGET

    def node(self) -> Node:
        return flow.ActionNode(CheckCaller(self.asks), {"yes": self.yes, "no": self.no})


class NoticesModel(FileModel):
    kind: Literal["notices"]
    told: TARGET
    none: TARGET

    def node(self) -> Node:
        return flow.ActionNode(AnnounceOutages(), {"yes": self.told, "no": self.none})


class TicketStatusModel(FileModel):
    kind: Literal["ticket_status"]
    by: LookUpBy
    found: TARGET
    unknown: TARGET
    locked: TARGET

    def node(self) -> Node:
        exits = {"found": self.found, "unknown": self.unknown, "locked": self.locked}
        return flow.ActionNode(LookUpTicket(self.by), exits)


class MatterModel(FileModel):
    kind: Literal["matter"]
    found: TARGET
    unknown: TARGET

    def node(self) -> Node:
        return flow.ActionNode(NameMatter(), {"found": self.found, "unknown": self.unknown})


class LookupModel(FileModel):
    kind: Literal["lookup"]
    source: NAME
    found: TARGET
    unknown: TARGET
    timeout: TARGET
    failed: TARGET

    def node(self) -> Node:
        exits = {name: getattr(self, name) for name in ("found", "unknown", "timeout", "failed")}
        return flow.ActionNode(LookUpExternal(self.source), exits)


class CallbackModel(FileModel):
    kind: Literal["callback"]
    promised: TARGET
    impossible: TARGET

    def node(self) -> Node:
        return flow.ActionNode(PromiseCallback(), {"promised": self.promised, "impossible": self.impossible})


class _Say(FileModel):
    kind: Literal["say"]
    say: LINES = ()
    actions: ACTIONS = ()
    to: TARGET

    def node(self) -> Node:
        return flow.SayNode(self.say, self.to, self.actions)


class _Goto(FileModel):
    kind: Literal["goto"]
    to: TARGET

    def node(self) -> Node:
        return flow.SayNode((), self.to)


class _Menu(QuestionModel):
    kind: Literal["menu"]
    keys: Annotated[dict[KEY, ChoiceModel], Field(min_length=1)]

    def node(self) -> Node:
        keys = {key: choice.choice() for key, choice in self.keys.items()}
        out = (self.on_silence.exit(), self.on_invalid.exit())
        return flow.MenuNode(self.say, keys, self.timeout, *out, self.again)


class _Reply(FileModel):
    answer: Literal["yes", "no"]
    to: TARGET
    words: str = ""


class _Survey(QuestionModel):
    """One question whose answers are stored; further `keys` (0 for an operator) may lead elsewhere."""

    kind: Literal["survey"]
    question: Literal["solved", "satisfied", "service"]
    answers: Annotated[dict[KEY, _Reply], Field(min_length=2)]
    keys: dict[KEY, ChoiceModel] = Field(default_factory=dict)

    def node(self) -> Node:
        answers = {
            key: flow.KeyChoice(reply.to, (RecordAnswer(self.question, reply.answer),), None, reply.words)
            for key, reply in self.answers.items()
        }
        keys = {**answers, **{key: choice.choice() for key, choice in self.keys.items()}}
        out = (self.on_silence.exit(), self.on_invalid.exit())
        return flow.MenuNode(self.say, keys, self.timeout, *out, self.again)


class _Input(QuestionModel):
    kind: Literal["input"]
    name: NAME
    least: Annotated[int, Field(strict=True, ge=1, le=20)]
    most: Annotated[int, Field(strict=True, ge=1, le=20)]
    confirm: LINES = ()
    to: TARGET

    def node(self) -> Node:
        out = (self.on_silence.exit(), self.on_invalid.exit())
        size = (self.name, self.least, self.most, self.timeout)
        return flow.InputNode(self.say, *size, self.confirm, self.to, *out, self.again)


class _Transfer(FileModel):
    kind: Literal["transfer"]
    say: LINES = ()
    number: NAME
    ring_seconds: RINGING = 30
    to: TARGET
    on_failed: TARGET

    def node(self) -> Node:
        return flow.TransferNode(self.say, self.number, self.ring_seconds, self.to, self.on_failed)


class _Voicemail(FileModel):
    kind: Literal["voicemail"]
    say: SPOKEN
    seconds: Annotated[int, Field(strict=True, ge=5, le=600)]
    silence: Annotated[int, Field(strict=True, ge=2, le=30)]
    to: TARGET
    on_nothing: TARGET

    def node(self) -> Node:
        return flow.VoicemailNode(self.say, self.seconds, self.silence, self.to, self.on_nothing)


class _Queue(FileModel):
    kind: Literal["queue"]
    skill: NAME | Literal[""] = ""
    priority: Annotated[int, Field(strict=True, ge=0, le=9)] = 0
    to_desk: bool = False
    say: LINES
    next_in_line: LINE
    place: LINE
    place_only: LINE
    unserved: LINE | None = None
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
    keys: dict[KEY, WaitingChoiceModel] = Field(default_factory=dict)
    # Spoken at the end of each round: `say PROMPT` or `play PROMPT`.
    wait: tuple[Annotated[PromptLine, BeforeValidator(read_wait_step)], ...] = ()

    def node(self) -> Node:
        join = JoinQueue(self.skill, self.priority, self.to_desk, only_on_duty=bool(self.on_off_duty))
        same = set(type(self).model_fields) - {"kind", "skill", "priority", "to_desk", "keys", "wait"}
        keys = {key: choice.choice() for key, choice in self.keys.items()}
        rest = {name: getattr(self, name) for name in same}
        return flow.QueueNode(join=join, keys=keys, music=self.wait, **rest)


class SubflowModel(FileModel):
    """Another file, placed into this flow: `exits` says where each of its `exit:NAME` leads."""

    kind: Literal["subflow"]
    file: NAME
    exits: dict[NAME, TARGET] = Field(default_factory=dict)


class _HangUp(FileModel):
    kind: Literal["hang_up"]
    say: LINES = ()

    def node(self) -> Node:
        return flow.HangUpNode(self.say)


NODE = Annotated[
    _Say
    | _Goto
    | _Menu
    | _Survey
    | _Input
    | HoursModel
    | EntryModel
    | ConditionModel
    | NoticesModel
    | TicketStatusModel
    | MatterModel
    | LookupModel
    | CallbackModel
    | _Transfer
    | _Voicemail
    | _Queue
    | SubflowModel
    | _HangUp,
    Field(discriminator="kind"),
]


class PartModel(FileModel):
    """A shared file: nodes to be included, or a subflow that begins at `entry`."""

    entry: str = ""
    nodes: dict[NAME, NODE]


class FlowModel(FileModel):
    """A whole flow file, with the shared nodes it includes."""

    name: NAME
    purpose: Annotated[CallPurpose, BeforeValidator(read_purpose)]
    entry: TARGET
    person: TARGET
    after: str = ""
    nodes: dict[NAME, NODE]
