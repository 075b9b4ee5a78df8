"""What a picture shows of a flow: panels of cards, and the rows by which one leads to another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hotline.rules.enums import Language
from ivr_flows.bilingual import Pair
from ivr_flows.diagram.text_width import shortened, wrapped
from ivr_flows.exit_labels import way_words
from ivr_flows.flow import Ask, Flow, HangUp, Input, Menu, Node, Queue, Say, Transfer, Voicemail, edges, ways
from ivr_flows.loader import Script
from ivr_flows.speech import Line, Notice

CARD_WIDTH = 236
HEAD, TEXT, ROW, PAD = 26, 17, 21, 6
"""Heights in pixels: a card's head, a line of its words, a row, and the space at its foot."""
TOP = ""
"""The panel of the flow itself."""

KINDS: Mapping[str, Pair] = {
    "say": Pair("播报", "say"),
    "menu": Pair("按键", "menu"),
    "input": Pair("输入", "input"),
    "voicemail": Pair("留言", "voicemail"),
    "transfer": Pair("转接", "transfer"),
    "queue": Pair("等候人工", "queue"),
    "ask": Pair("判断", "ask"),
    "hang_up": Pair("挂机", "hang up"),
    "subflow": Pair("子流程", "subflow"),
}
"""Kind of card -> the word in its head."""
_LEAVES = Pair("离开", "leaves")


@dataclass(frozen=True, slots=True)
class Row:
    """One way on: its plain words, the card it leads to (by full name), and how many callers took it."""

    label: str
    to: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """One node, or a whole subflow as a box. `name` is its full name, `called` what stands on it."""

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
        """Return how far below its top the middle of row `row` is."""
        return HEAD + len(self.words) * TEXT + (row + 0.5) * ROW


@dataclass(frozen=True, slots=True)
class Panel:
    """The cards of the flow itself (`name` empty) or of one subflow, the first one first."""

    name: str
    cards: Mapping[str, Card]
    roots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many callers took each way, as `node>exit`, and came to each node; None: not counted."""

    ways: Mapping[str, int] | None
    nodes: Mapping[str, int]

    def at(self, name: str) -> int | None:
        return None if self.ways is None else self.nodes.get(name, 0)

    def on(self, name: str, exit_: str) -> int | None:
        return None if self.ways is None else self.ways.get(f"{name}>{exit_}", 0)


def traffic_of(flow: Flow, counts: Mapping[str, int] | None) -> Traffic:
    """Return the traffic on `flow`; at a node to which no counted way leads, as many came as went on from there."""
    coming: dict[str, int] = {}
    leaving: dict[str, int] = {}
    for name, way in edges(flow) if counts else ():
        count = (counts or {}).get(f"{name}>{way.exit}", 0)
        coming[way.to] = coming.get(way.to, 0) + count
        leaving[name] = leaving.get(name, 0) + count
    return Traffic(counts, leaving | {name: count for name, count in coming.items() if count})


def panels_of(script: Script, language: Language, counts: Mapping[str, int] | None) -> Iterator[Panel]:
    """Yield the panel of the flow, then one for each subflow in the order they are written."""
    flow = script.flow
    traffic = traffic_of(flow, counts)
    boxes = _boxes(flow)
    for panel in [TOP, *boxes]:
        inside = [name for name in flow.nodes if name.rpartition(".")[0] == panel]
        cards = {name: _card(script, name, language, traffic, boxed=name in boxes) for name in inside}
        first = flow.nodes[panel] if panel else None
        starts = [first.to] if isinstance(first, Say) else [flow.entry, flow.person, flow.after]
        yield Panel(panel, cards, tuple(dict.fromkeys(name for name in starts if name in cards)))


def _boxes(flow: Flow) -> list[str]:
    """Return the nodes that stand for a whole subflow, in the order they are written."""
    holders = {name.rpartition(".")[0] for name in flow.nodes}
    return [name for name in flow.nodes if name in holders]


def _card(script: Script, name: str, language: Language, traffic: Traffic, *, boxed: bool) -> Card:
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


def _rows(name: str, node: Node, language: Language, traffic: Traffic) -> Iterator[Row]:
    for way in ways(name, node):
        yield Row(way_words(node, way.exit, language), way.to, traffic.on(name, way.exit))


def _rows_of_box(flow: Flow, box: str, language: Language, traffic: Traffic) -> Iterator[Row]:
    """Yield one row for every node outside that some way leads to from inside the box."""
    inside = f"{box}."
    leaving = [
        (way.to, traffic.on(name, way.exit) or 0)
        for name, node in flow.nodes.items()
        if name.startswith(inside)
        for way in ways(name, node)
        if not way.to.startswith(inside)
    ]
    for to in dict.fromkeys(target for target, _ in leaving):
        taken = [count for target, count in leaving if target == to]
        total = None if traffic.ways is None else sum(taken)
        yield Row(f"{_LEAVES.in_(language)} ×{len(taken)}", to, total)


def kind_of(node: Node) -> str:
    """Return the key of `KINDS` for a node."""
    match node:
        case Say():
            return "say"
        case Menu():
            return "menu"
        case Input():
            return "input"
        case Voicemail():
            return "voicemail"
        case Transfer():
            return "transfer"
        case Queue():
            return "queue"
        case Ask():
            return "ask"
        case HangUp():  # pragma: no branch - exhaustive
            return "hang_up"


def first_words(script: Script, node: Node, language: Language) -> str:
    """Return the first sentence a node speaks, its arguments still in braces; empty for one that is silent."""
    if isinstance(node, Ask) or not node.say:
        return ""
    line: Line | Notice = node.say[0]
    if isinstance(line, Notice):
        return line.text(language)
    return script.prompts[line.language or language].texts[line.prompt]
