"""The last word: nobody who has pressed, typed, spoken or waited is hung up on without hearing one."""

from collections.abc import Iterator

from hotline.rules.calls.flow_actions import ActionOutcome, LookUpOutside, LookUpTicket, TellNotices
from hotline.rules.policies import Policies
from ivr_flows.exit_labels import Pair
from ivr_flows.exits import PARTED, Way, ways
from ivr_flows.flow import Ask, Flow, HangUp, Node, Say, Transfer
from ivr_flows.lint.finding import Told
from ivr_flows.lint.searches import reach
from ivr_flows.source.prompts import Prompts


def silent_ends(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find a `hang_up` without a word to which a caller comes who has heard none since they last did something.

    Who has had a talk has heard somebody; and an answering machine that picks up our own call needs no word.
    """
    begins = [way.to for name, node in flow.nodes.items() if _is_heard(node) for way in _heard(name, node)]
    wordless = reach(begins, lambda name: _wordless(name, flow.nodes[name]))
    for name, node in flow.nodes.items():
        if name in wordless and isinstance(node, HangUp) and not node.say:
            yield Told(
                name,
                Pair("一声不响就挂断", "hangs up without a word"),
                Pair(
                    "有的来电人按键、说话或等候之后，到这里还没有听到一句话",
                    "some caller comes here who has heard nothing since they did something",
                ),
                Pair(
                    "加上 say，或者让他们先经过一个说话的节点。",
                    "Add say, or lead them here through a node that speaks.",
                ),
            )


def _is_heard(node: Node) -> bool:
    """Say whether the caller does something there, if only wait."""
    return not isinstance(node, Say | Ask | HangUp)


def _heard(name: str, node: Node) -> Iterator[Way]:
    return (way for way in ways(name, node) if not (isinstance(node, Transfer) and way.exit == PARTED))


def _wordless(name: str, node: Node) -> list[str]:
    """Return where a caller is led on by `node` without hearing a word."""
    match node:
        case Say(say=()):
            return [node.to]
        case Ask():
            return [way.to for way in ways(name, node) if not _is_told(node, way.exit)]
        case _:
            return []


def _is_told(node: Ask, answer: str) -> bool:
    """Say whether the answer itself is spoken: an outage, the state of a ticket, what another system knows."""
    told = {
        TellNotices: ActionOutcome.YES,
        LookUpTicket: ActionOutcome.FOUND,
        LookUpOutside: ActionOutcome.FOUND,
    }
    return told.get(type(node.wish)) == answer
