"""Layered layout, the last third: where on the panel each card stands and each line runs, in pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ivr_flows.diagram.cards import CARD_WIDTH, HEAD, Card, Panel, Row
from ivr_flows.diagram.layers import Layers, layered

GAP_X, GAP_Y, LANE = 64, 22, 12
"""Between columns, between cards of a column, and between lines that lead back."""
DUMMY = 4
"""Height of a place where a long line passes a column."""
ROUNDS = 16
"""How often the columns are drawn towards each other."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Placed:
    """A card and its upper left corner."""

    card: Card
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line from a row to a card, through `points`; `back` if it leads to an earlier column."""

    points: tuple[Point, ...]
    row: Row
    back: bool


@dataclass(frozen=True, slots=True)
class Arranged:
    """A panel with everything in its place."""

    panel: Panel
    placed: tuple[Placed, ...]
    lines: tuple[Drawn, ...]
    far: frozenset[tuple[str, str]]
    """Ways within the panel that no line shows."""
    width: float
    height: float


def arrange(panel: Panel) -> Arranged:
    """Return the panel laid out from left to right, its upper left corner at (0, 0)."""
    pairs = list(
        dict.fromkeys(
            (card.name, row.to) for card in panel.cards.values() for row in card.rows if row.to in panel.cards
        )
    )
    layers = layered(list(panel.cards), pairs, panel.roots)
    tops = _tops(layers, panel.cards)
    left = {name: at * (CARD_WIDTH + GAP_X) for at, column in enumerate(layers.columns) for name in column}
    placed = tuple(Placed(card, left[name], tops[name]) for name, card in panel.cards.items())
    foot = max((each.y + each.card.height for each in placed), default=0)
    lines, lanes = _lines(panel, layers, left, tops, foot)
    width = len(layers.columns) * (CARD_WIDTH + GAP_X) - GAP_X
    height = foot + (lanes + 1) * LANE if lanes else foot
    return Arranged(panel, placed, lines, layers.far, width, height)


def _tops(layers: Layers, cards: Mapping[str, Card]) -> dict[str, float]:
    """Return the upper edge of every card and dummy: near to what it is joined to, never over its neighbour."""
    high = {
        name: cards[name].height if name in cards else DUMMY for column in layers.columns for name in column
    }
    pulls = _pulls(layers, cards)
    tops: dict[str, float] = {}
    for column in layers.columns:
        tops |= _stacked(column, high, [0.0] * len(column))
    for round_ in range(ROUNDS):
        columns = layers.columns if round_ % 2 == 0 else layers.columns[::-1]
        for column in columns:
            wanted = [_wanted(name, pulls, tops) for name in column]
            tops |= _stacked(column, high, wanted)
    highest = min(tops.values(), default=0)
    return {name: top - highest for name, top in tops.items()}


Pulls = Mapping[str, Sequence[tuple[str, float]]]
"""Node -> the nodes it is joined to, and how far above or below theirs its top should then be."""


def _pulls(layers: Layers, cards: Mapping[str, Card]) -> Pulls:
    pulls: dict[str, list[tuple[str, float]]] = {name: [] for column in layers.columns for name in column}
    for (source, target), chain in layers.chains.items():
        way = (source, *chain, target)
        ports = [cards[source].port(at) for at, row in enumerate(cards[source].rows) if row.to == target]
        leaves = sum(ports) / len(ports)
        for left, right in pairwise(way):
            out = leaves if left == source else DUMMY / 2
            into = HEAD / 2 if right == target else DUMMY / 2
            pulls[right].append((left, out - into))
            pulls[left].append((right, into - out))
    return pulls


def _wanted(name: str, pulls: Pulls, tops: Mapping[str, float]) -> float:
    met = [tops[other] + offset for other, offset in pulls[name]]
    return sum(met) / len(met) if met else tops[name]


def _stacked(column: Sequence[str], high: Mapping[str, float], wanted: Sequence[float]) -> dict[str, float]:
    """Return tops as near to `wanted` as can be in this order without overlap: neighbours that push each other share out."""
    shift = 0.0
    blocks: list[tuple[float, int]] = []
    shifts: list[float] = []
    for name, top in zip(column, wanted, strict=True):
        shifts.append(shift)
        total, size = top - shift, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / size:
            earlier, count = blocks.pop()
            total, size = total + earlier, size + count
        blocks.append((total, size))
        shift += high[name] + GAP_Y
    tops = [total / size for total, size in blocks for _ in range(size)]
    return {name: top + moved for name, top, moved in zip(column, tops, shifts, strict=True)}


def _lines(
    panel: Panel, layers: Layers, left: Mapping[str, float], tops: Mapping[str, float], foot: float
) -> tuple[tuple[Drawn, ...], int]:
    """Return every line of the panel, and how many lanes below the cards those that lead back need."""
    lines: list[Drawn] = []
    lanes: dict[str, int] = {}
    for card in panel.cards.values():
        for at, row in enumerate(card.rows):
            start = (left[card.name] + CARD_WIDTH, tops[card.name] + card.port(at))
            pair = (card.name, row.to)
            if row.to not in panel.cards or row.to == card.name or pair in layers.far:
                continue
            end = (left[row.to], tops[row.to] + HEAD / 2)
            if pair in layers.back:
                lane = lanes.setdefault(row.to, len(lanes))
                lines.append(Drawn(_round_below(start, end, foot + (lane + 1) * LANE, lane), row, back=True))
            else:
                passed = [
                    (left[dummy] + side, tops[dummy] + DUMMY / 2)
                    for dummy in layers.chains[pair]
                    for side in (0.0, CARD_WIDTH)
                ]
                lines.append(Drawn((start, *passed, end), row, back=False))
    return tuple(lines), len(lanes)


def _round_below(start: Point, end: Point, depth: float, lane: int) -> tuple[Point, ...]:
    """Return the corners of a line that leads back below all cards."""
    aside = 14 + 5 * (lane % 4)
    right, into = start[0] + aside, end[0] - aside
    return start, (right, start[1]), (right, depth), (into, depth), (into, end[1]), end
