"""Whether the carrier would run every document a flow can lead to: each node is written as TwiML and held against the table.

The exchange in the box knows what a carrier refuses and where; the flows do not know that there is an exchange.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.gateways.addresses import VoiceAddresses
from hotline.rules.enums import Language
from hotline.rules.policies import Policies
from ivr_flows.bilingual import Pair
from ivr_flows.engine import PENDING_ENTRY, again, place_lines
from ivr_flows.flow import Flow, Input, Menu, Node, Queue
from ivr_flows.loader import Script
from ivr_flows.source.problems import Fault
from ivr_flows.source.prompts import DOOR_PROMPTS
from ivr_flows.speech import Line, Lines, Moment, OneByOne
from ivr_flows.turn import AwaitAnswer, Over, Position, Turn
from ivr_flows.webhooks.twiml import Speaker, Stage

_ADDRESSES = VoiceAddresses("https://hotline.example")
_STANDING = {"hotline": OneByOne("0")}
_MOMENTS = tuple(
    Moment(datetime.fromisoformat(f"2026-11-26T14:{minute}")) for minute in ("00", "05", "30", "45")
)
"""One for each pattern of a calendar: on the hour, a few minutes past, half past, many minutes."""
_ROUNDS = ((0, None), (99, None), (99, 3600))
"""How many are ahead and how long it may take: a next in line, a place without a wait, a place with one."""


@dataclass(frozen=True, slots=True)
class _Document:
    """What can be heard at `place`, a node or a sentence of the program's own, as the carrier gets it."""

    place: str
    context: DocumentContext
    write: Callable[[], str]

    def problems(self) -> list[str]:
        try:
            written = self.write()
        except (LookupError, ValueError) as error:
            return [f"it cannot even be written: {type(error).__name__} {error}"]
        return validate(written, self.context)


def refused_documents(script: Script, policies: Policies) -> Iterator[Fault]:
    """Yield what a carrier would refuse in the documents of `script`, node by node, in every language, each thing once."""
    stage = Stage(_ADDRESSES, policies.queue.name, policies.callers)
    told: set[Fault] = set()
    for language in Language:
        speaker = Speaker(script.prompts, language, _STANDING, _ADDRESSES.sounds())
        what = Pair(
            f"运营商会拒收这里的文档（{language}）", f"the carrier would refuse its document ({language})"
        )
        for document in _documents(stage, speaker, script.flow):
            for problem in document.problems():
                mend = Pair("这里少说一些，或者换一种说法。", "Say less there, or something else.")
                fault = Fault(script.flow.name, document.place, what, problem, mend)
                if fault not in told:
                    told.add(fault)
                    yield fault


def _documents(stage: Stage, speaker: Speaker, flow: Flow) -> Iterator[_Document]:
    for name, node in flow.nodes.items():
        for turn in _turns(flow, name, node):
            yield _Document(name, DocumentContext.CALL, partial(stage.turn, speaker, turn, 1))
        if isinstance(node, Queue):
            for lines in _rounds(node):
                write = partial(stage.waiting, speaker, lines, seconds=node.round_seconds, may_press=True)
                yield _Document(name, DocumentContext.WAIT, write)
    for line in _own_lines():
        yield _Document(
            line.prompt, DocumentContext.CALL, partial(stage.turn, speaker, Turn((line,), (), Over(), ""), 1)
        )


def _turns(flow: Flow, name: str, node: Node) -> Iterator[Turn]:
    """Yield what is said at a node: first, once more after no answer, and where digits are read back.

    What is said before the application is asked, or before a queue, is written as if the call then ended: it is spoken before
    whatever comes next.
    """
    here = Position(name, 0, 1)
    turn = again(flow, str(here))
    yield replace(turn, then=Over()) if isinstance(turn.then, AwaitAnswer) else turn
    if isinstance(node, Queue):
        yield Turn(node.say, (), Over(), str(here))
    if isinstance(node, Menu | Input) and node.again:
        yield replace(turn, lines=node.again)
    if isinstance(node, Input) and node.confirm:
        yield again(flow, str(replace(here, values={PENDING_ENTRY: "0" * node.most})))


def _rounds(queue: Queue) -> Iterator[Lines]:
    for ahead, expected in _ROUNDS:
        waited = queue.sorry_after
        yield place_lines(queue, ahead=ahead, waited=waited, expected=expected, may_be_called=True)


def _own_lines() -> Iterator[Line]:
    """Yield every sentence of the program's own, at every kind of moment where it tells one."""
    for prompt, arguments in DOOR_PROMPTS.items():
        for moment in _MOMENTS if arguments else _MOMENTS[:1]:
            yield Line(prompt, None, tuple((name, moment) for name in sorted(arguments)))
