"""What a picture shows of a flow: panels of cards, and the rows by which one leads to another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hotline.rules.words import Language
from ivr_flows.flow import Ask, Flow, HangUp, Input, Menu, Node, Queue, Say, Transfer, Voicemail
from ivr_flows.lines import Line, Notice
from ivr_flows.loader import Script
from ivr_flows.picture.lettering import shortened, wrapped
from ivr_flows.way_words import Pair, way_words
from ivr_flows.ways import Way, edges, ways

Counts = Mapping[str, int] | None
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
    roots: tuple[str, ...] = field(default=())


def panels_of(script: Script, language: Language, counts: Counts) -> Iterator[Panel]:
    """Yield the panel of the flow, then one for each subflow in the order they are written."""
    flow = script.flow
    boxes = [name for name in flow.nodes if any(other.startswith(f"{name}.") for other in flow.nodes)]
    for panel in [TOP, *boxes]:
        inside = [name for name in flow.nodes if name.rpartition(".")[0] == panel]
        cards = {name: _card(script, name, language, counts, boxed=name in boxes) for name in inside}
        first = flow.nodes[panel] if panel else None
        starts = [first.to] if isinstance(first, Say) else [flow.entry, flow.person, flow.after]
        yield Panel(panel, cards, tuple(dict.fromkeys(name for name in starts if name in cards)))


def _callers_at(flow: Flow, name: str, counts: Mapping[str, int]) -> int:
    """Return how many callers came to a node; where calls begin, as many as went on from there."""
    ends = [(source, way.to, counts.get(f"{source}>{way.exit}", 0)) for source, way in edges(flow)]
    coming = sum(count for _, to, count in ends if to == name)
    return coming or sum(count for source, _, count in ends if source == name)


def _card(script: Script, name: str, language: Language, counts: Counts, *, boxed: bool) -> Card:
    node = script.flow.nodes[name]
    spoken = "" if boxed else first_words(script, node, language)
    rows = _rows_of_box(script.flow, name, language, counts) if boxed else _rows(name, node, language, counts)
    return Card(
        name=name,
        called=shortened(name.rpartition(".")[2], 13, 150),
        kind="subflow" if boxed else kind_of(node),
        words=wrapped(spoken, 12, CARD_WIDTH - 20, most=2),
        rows=tuple(rows),
        callers=None if counts is None else _callers_at(script.flow, name, counts),
        whole_words=spoken,
    )


def _rows(name: str, node: Node, language: Language, counts: Counts) -> Iterator[Row]:
    for way in ways(name, node):
        yield Row(way_words(node, way.exit, language), way.to, _count(name, way, counts))


def _rows_of_box(flow: Flow, box: str, language: Language, counts: Counts) -> Iterator[Row]:
    """Yield one row for every node outside that some way leads to from inside the box."""
    leaving = [
        (way.to, _count(name, way, counts))
        for name, way in edges(flow)
        if name.startswith(f"{box}.") and not way.to.startswith(f"{box}.")
    ]
    for to in dict.fromkeys(target for target, _ in leaving):
        taken = [count for target, count in leaving if target == to]
        total = None if counts is None else _sum(taken)
        yield Row(f"{_LEAVES.in_(language)} ×{len(taken)}", to, total)


def _sum(counts: Iterable[int | None]) -> int:
    return sum(count or 0 for count in counts)


def _count(name: str, way: Way, counts: Counts) -> int | None:
    return None if counts is None else counts.get(f"{name}>{way.exit}", 0)


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
