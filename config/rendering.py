"""Whether the carrier would run every document a flow can lead to: each node is written as TwiML and held against the table.

The exchange in the box knows what a carrier refuses and where; the flows do not know that there is an exchange.
"""

from collections.abc import Iterator

from hotline.gateways.addresses import VoiceAddresses
from hotline.gateways.exchange.grammar import validate
from hotline.gateways.exchange.words import Context
from hotline.rules.policies import Policies
from hotline.rules.words import Language
from ivr_flows.engine import again, place_lines
from ivr_flows.faults import Fault
from ivr_flows.flow import Queue
from ivr_flows.lines import OneByOne
from ivr_flows.loader import Script
from ivr_flows.speaking import Speaker
from ivr_flows.turns import AwaitAnswer, Turn, WaitInQueue
from ivr_flows.twiml import Stage

_ADDRESSES = VoiceAddresses("https://hotline.example")
_STANDING = {"hotline": OneByOne("0")}


def refused_documents(script: Script, policies: Policies) -> Iterator[Fault]:
    """Yield what a carrier would refuse in the documents of `script`, node by node, in every language."""
    stage = Stage(_ADDRESSES, policies.queue.name, policies.callers)
    for language in Language:
        speaker = Speaker(script.prompts, language, _STANDING, _ADDRESSES.sounds())
        for name, node in script.flow.nodes.items():
            written = [(Context.CALL, _document(stage, speaker, script, name))]
            if isinstance(node, Queue):
                written.append((Context.WAIT, _round(stage, speaker, node)))
            for context, document in written:
                for problem in validate(document, context):
                    yield Fault(
                        script.flow.name,
                        name,
                        f"the carrier would refuse its document ({language})",
                        problem,
                        "Say less there, or something else.",
                    )


def _document(stage: Stage, speaker: Speaker, script: Script, name: str) -> str:
    turn = again(script.flow, f"{name}:0:1")
    if isinstance(turn.then, AwaitAnswer):
        turn = Turn(turn.lines, (), WaitInQueue(), turn.position)
    return stage.turn(speaker, turn, call_id=1)


def _round(stage: Stage, speaker: Speaker, node: Queue) -> str:
    lines = place_lines(node, ahead=99, waited=node.sorry_after, expected=3600, may_be_called=True)
    return stage.waiting(speaker, lines, seconds=node.round_seconds, may_press=True)
