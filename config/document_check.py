"""Checks that the carrier would run every document a flow leads to: each node is rendered and validated.

The carrier simulator knows what a carrier refuses and where; the flows do not know the simulator.
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
from ivr_flows.bilingual import BilingualText
from ivr_flows.engine import PENDING_ENTRY, again, place_lines
from ivr_flows.flow import Flow, InputNode, MenuNode, Node, QueueNode, Script
from ivr_flows.source.problems import FlowProblem
from ivr_flows.speech import (
    PROGRAM_PROMPTS,
    Catalogue,
    Lines,
    PromptLine,
    SpokenDigits,
    SpokenMoment,
    spoken_deadline,
)
from ivr_flows.turn import AwaitResult, DialogTurn, EndDialog, Position
from ivr_flows.webhooks.twiml import Speaker, TwimlRenderer

_ADDRESSES = VoiceAddresses("https://hotline.example")
_STANDING = {"hotline": SpokenDigits("0")}
# One for each pattern of a calendar: on the hour, a few minutes past, half past, many minutes, the end of a day.
_MOMENTS = (
    *(SpokenMoment(datetime.fromisoformat(f"2026-11-26T14:{minute}")) for minute in ("00", "05", "30", "45")),
    spoken_deadline(datetime.fromisoformat("2026-11-27T00:00")),
)
# Callers ahead, expected wait in seconds, and whether a desk takes calls: next in line, a place without a wait, a place
# with one.
_ROUNDS = ((0, None, False), (99, None, False), (99, 3600, True))


@dataclass(frozen=True, slots=True)
class _Document:
    """A document that is heard at `place`, which is a node or a prompt of the program itself."""

    place: str
    context: DocumentContext
    write: Callable[[], str]

    def refusals(self) -> list[str]:
        try:
            written = self.write()
        except (LookupError, ValueError) as error:
            return [f"it cannot even be written: {type(error).__name__} {error}"]
        return validate(written, self.context)


def refused_documents(script: Script, policies: Policies) -> Iterator[FlowProblem]:
    """Yields what a carrier would refuse in the documents of `script`, by node and language, each problem once."""
    renderer = TwimlRenderer(_ADDRESSES, policies.queue.name, policies.callers)
    listed: set[FlowProblem] = set()
    for language in Language:
        speaker = Speaker(script.prompts, language, _STANDING, _ADDRESSES.sounds())
        what = BilingualText(
            f"运营商会拒收这里的文档（{language}）", f"the carrier would refuse its document ({language})"
        )
        for document in _documents(renderer, speaker, script.flow):
            for why in document.refusals():
                remedy = BilingualText(
                    "这里少说一些，或者换一种说法。", "Shorten or change what is spoken there."
                )
                problem = FlowProblem(script.flow.name, document.place, what, why, remedy)
                if problem not in listed:
                    listed.add(problem)
                    yield problem


def _documents(renderer: TwimlRenderer, speaker: Speaker, flow: Flow) -> Iterator[_Document]:
    for name, node in flow.nodes.items():
        for turn in _turns(flow, name, node):
            yield _Document(name, DocumentContext.CALL, partial(renderer.turn, speaker, turn, 1))
        if isinstance(node, QueueNode):
            for lines in _rounds(node):
                write = partial(renderer.waiting, speaker, lines, seconds=node.round_seconds, may_press=True)
                yield _Document(name, DocumentContext.WAIT, write)
    for line in _own_lines(speaker.catalogue):
        yield _Document(
            line.prompt,
            DocumentContext.CALL,
            partial(renderer.turn, speaker, DialogTurn((line,), (), EndDialog(), ""), 1),
        )


def _turns(flow: Flow, name: str, node: Node) -> Iterator[DialogTurn]:
    """Yields what is spoken at a node: first, when asked again, and where digits are read back.

    Lines spoken before an action or a queue are rendered as if the call ended after them: they precede whatever
    follows.
    """
    here = Position(name, 0, 1)
    turn = again(flow, str(here))
    yield replace(turn, then=EndDialog()) if isinstance(turn.then, AwaitResult) else turn
    if isinstance(node, QueueNode):
        yield DialogTurn(node.say, (), EndDialog(), str(here))
    if isinstance(node, MenuNode | InputNode) and node.again:
        yield replace(turn, lines=node.again)
    if isinstance(node, InputNode) and node.confirm:
        yield again(flow, str(replace(here, values={PENDING_ENTRY: "0" * node.most})))


def _rounds(queue: QueueNode) -> Iterator[Lines]:
    for ahead, expected, is_served in _ROUNDS:
        yield place_lines(
            queue,
            ahead=ahead,
            waited=queue.sorry_after,
            expected=expected,
            may_be_called=True,
            is_served=is_served,
        )


def _own_lines(catalogue: Catalogue) -> Iterator[PromptLine]:
    """Yields every prompt of the program itself, at every kind of moment that it can contain."""
    # Flows published by an earlier version lack the prompts that only newer kinds of nodes speak.
    known = {prompt: PROGRAM_PROMPTS[prompt] for prompt in PROGRAM_PROMPTS if prompt in catalogue.texts}
    for prompt, arguments in known.items():
        for moment in _MOMENTS if arguments else _MOMENTS[:1]:
            yield PromptLine(prompt, None, tuple((name, moment) for name in sorted(arguments)))
