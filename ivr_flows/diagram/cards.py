"""Content of a diagram: panels of cards, and rows that lead from one card to another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hotline.rules.enums import Language
from ivr_flows.bilingual import BilingualText
from ivr_flows.diagram.text_width import shortened, wrapped
from ivr_flows.exit_labels import exit_label
from ivr_flows.flow import (
    ActionNode,
    Flow,
    HangUpNode,
    InputNode,
    MenuNode,
    Node,
    QueueNode,
    SayNode,
    Script,
    TransferNode,
    VoicemailNode,
    edges,
    edges_of,
)
from ivr_flows.speech import PromptLine, SpokenNotice

CARD_WIDTH = 236
# Heights in pixels: a card's head, a line of text, a row, and the padding at its foot.
HEAD, TEXT, ROW, PAD = 26, 17, 21, 6
# The panel of the flow itself.
TOP = ""

# Kind of card -> the word in its head.
KINDS: Mapping[str, BilingualText] = {
    "say": BilingualText("播报", "say"),
    "menu": BilingualText("按键", "menu"),
    "input": BilingualText("输入", "input"),
    "voicemail": BilingualText("留言", "voicemail"),
    "transfer": BilingualText("转接", "transfer"),
    "queue": BilingualText("等候人工", "queue"),
    "ask": BilingualText("判断", "ask"),
    "hang_up": BilingualText("挂机", "hang up"),
    "subflow": BilingualText("子流程", "subflow"),
}
_LEAVES = BilingualText("离开", "leaves")


@dataclass(frozen=True, slots=True)
class Row:
    """One edge: its label, the full name of the card it leads to, and the number of callers who took it."""

    label: str
    to: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """One node, or a whole subflow as a box. `name` is its full name, `called` the name shown."""

    name: str
    called: str
    kind: str
    words: tuple[str, ...]
    rows: tuple[Row, ...]
    callers: int | None
    whole_words: str = ""

    @property
    def height(self) -> int:
        return HEAD + len(self.words) * TEXT + len(self.rows) * ROW + PAD

    def port(self, row: int) -> float:
        """Returns the distance in pixels from the card's top to the middle of row `row`."""
        return HEAD + len(self.words) * TEXT + (row + 0.5) * ROW


@dataclass(frozen=True, slots=True)
class Panel:
    """The cards of the flow itself (`name` empty) or of one subflow, the first one first."""

    name: str
    cards: Mapping[str, Card]
    roots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallerCounts:
    """Numbers of callers per edge, as `node>exit`, and per node; None: not counted."""

    edges_taken: Mapping[str, int] | None
    nodes: Mapping[str, int]

    def at(self, name: str) -> int | None:
        return None if self.edges_taken is None else self.nodes.get(name, 0)

    def on(self, name: str, exit_: str) -> int | None:
        return None if self.edges_taken is None else self.edges_taken.get(f"{name}>{exit_}", 0)


def caller_counts(flow: Flow, counts: Mapping[str, int] | None) -> CallerCounts:
    """Returns the callers per edge and node. A node without counted incoming edges has as many as went on from it."""
    coming: dict[str, int] = {}
    leaving: dict[str, int] = {}
    for name, edge in edges(flow) if counts else ():
        count = (counts or {}).get(f"{name}>{edge.exit}", 0)
        coming[edge.to] = coming.get(edge.to, 0) + count
        leaving[name] = leaving.get(name, 0) + count
    return CallerCounts(counts, leaving | {name: count for name, count in coming.items() if count})


def panels_of(script: Script, language: Language, counts: Mapping[str, int] | None) -> Iterator[Panel]:
    """Yields the panel of the flow, then one for each subflow in the order they are written."""
    flow = script.flow
    traffic = caller_counts(flow, counts)
    boxes = _boxes(flow)
    for panel in [TOP, *boxes]:
        inside = [name for name in flow.nodes if name.rpartition(".")[0] == panel]
        cards = {name: _card(script, name, language, traffic, boxed=name in boxes) for name in inside}
        first = flow.nodes[panel] if panel else None
        starts = [first.to] if isinstance(first, SayNode) else [flow.entry, flow.person, flow.after]
        yield Panel(panel, cards, tuple(dict.fromkeys(name for name in starts if name in cards)))


def _boxes(flow: Flow) -> list[str]:
    """Returns the nodes that stand for a whole subflow, in the order they are written."""
    holders = {name.rpartition(".")[0] for name in flow.nodes}
    return [name for name in flow.nodes if name in holders]


def _card(script: Script, name: str, language: Language, traffic: CallerCounts, *, boxed: bool) -> Card:
    node = script.flow.nodes[name]
    spoken = "" if boxed else first_words(script, node, language)
    rows = (
        _rows_of_box(script.flow, name, language, traffic) if boxed else _rows(name, node, language, traffic)
    )
    return Card(
        name=name,
        called=shortened(name.rpartition(".")[2], 13, 150),
        kind="subflow" if boxed else kind_of(node),
        words=wrapped(spoken, 12, CARD_WIDTH - 20, most=2),
        rows=tuple(rows),
        callers=traffic.at(name),
        whole_words=spoken,
    )


def _rows(name: str, node: Node, language: Language, traffic: CallerCounts) -> Iterator[Row]:
    for edge in edges_of(name, node):
        yield Row(exit_label(node, edge.exit, language), edge.to, traffic.on(name, edge.exit))


def _rows_of_box(flow: Flow, box: str, language: Language, traffic: CallerCounts) -> Iterator[Row]:
    """Yields one row for every node outside the box that an edge from inside leads to."""
    inside = f"{box}."
    leaving = [
        (edge.to, traffic.on(name, edge.exit) or 0)
        for name, node in flow.nodes.items()
        if name.startswith(inside)
        for edge in edges_of(name, node)
        if not edge.to.startswith(inside)
    ]
    for to in dict.fromkeys(target for target, _ in leaving):
        taken = [count for target, count in leaving if target == to]
        total = None if traffic.edges_taken is None else sum(taken)
        yield Row(f"{_LEAVES.in_(language)} ×{len(taken)}", to, total)


def kind_of(node: Node) -> str:
    """Returns the key of `KINDS` for a node."""
    match node:
        case SayNode():
            return "say"
        case MenuNode():
            return "menu"
        case InputNode():
            return "input"
        case VoicemailNode():
            return "voicemail"
        case TransferNode():
            return "transfer"
        case QueueNode():
            return "queue"
        case ActionNode():
            return "ask"
        case HangUpNode():  # pragma: no branch - exhaustive
            return "hang_up"


def first_words(script: Script, node: Node, language: Language) -> str:
    """Returns the first sentence a node speaks, with its arguments in braces; empty for a silent node."""
    if isinstance(node, ActionNode) or not node.say:
        return ""
    line: PromptLine | SpokenNotice = node.say[0]
    if isinstance(line, SpokenNotice):
        return line.text(language)
    return script.prompts[line.language or language].texts[line.prompt]
