"""What a flow takes for granted of the city: schedules, numbers, skills and lookups of config/callers.toml; kinds of call."""

from collections.abc import Iterable, Iterator

from hotline.rules.policies import Policies
from hotline.rules.wishes import AskHours, ConfirmPerson, JoinQueue, LookUpOutside, RecordAnswer, Wish
from hotline.rules.words import CallPurpose
from ivr_flows.flow import Flow, Node, Transfer
from ivr_flows.lint.told import Told
from ivr_flows.nearest import Nearest
from ivr_flows.prompts import Prompts
from ivr_flows.ways import wishes_of


def unknown_facts(flow: Flow, _prompts: Prompts, policies: Policies) -> Iterator[Told]:
    """Find names that the city's own file does not have."""
    callers = policies.callers
    for name, node in flow.nodes.items():
        for kind, asked, known in (
            ("schedule", _schedules(node), callers.schedules),
            ("number", [node.number] if isinstance(node, Transfer) else [], callers.numbers),
            ("skill", _skills(node), callers.skills),
            ("lookup", _lookups(node), callers.lookups),
        ):
            for each in asked:
                if each not in known:
                    yield _missing(name, kind, each, known)


def _missing(place: str, kind: str, asked: str, known: Iterable[str]) -> Told:
    return Told(
        place,
        f"{kind} {asked!r} does not exist",
        Nearest("config/callers.toml has", asked, tuple(known)),
        f"Write it there, or name another {kind}.",
    )


def _schedules(node: Node) -> list[str]:
    return [wish.schedule for wish in wishes_of(node) if isinstance(wish, AskHours)]


def _skills(node: Node) -> list[str]:
    return [wish.skill for wish in wishes_of(node) if isinstance(wish, JoinQueue) and wish.skill]


def _lookups(node: Node) -> list[str]:
    return [wish.source for wish in wishes_of(node) if isinstance(wish, LookUpOutside)]


def misplaced_wishes(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find wishes that only make sense in calls of another purpose."""
    for name, node in flow.nodes.items():
        for wish in wishes_of(node):
            purpose = _only_in(wish)
            if purpose not in {None, flow.purpose}:
                yield Told(
                    name,
                    f"wishes {type(wish).__name__}",
                    f"only a {purpose} call can have it granted",
                    "Remove the wish.",
                )


def _only_in(wish: Wish) -> CallPurpose | None:
    match wish:
        case RecordAnswer(question="solved" | "satisfied"):
            return CallPurpose.FOLLOW_UP
        case ConfirmPerson():
            return CallPurpose.CALLBACK
        case _:
            return None
