"""Layered graph layout, part two: the place of each card and the course of each line, in pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ivr_flows.diagram.cards import CARD_WIDTH, HEAD, Card, Panel, Row
from ivr_flows.diagram.layers import Layers, layered

# Between columns, between cards of a column, and between lines that lead back.
GAP_X, GAP_Y, LANE = 64, 22, 12
# Height of the space in which a long line passes a column.
DUMMY = 4
# Rounds in which the columns are drawn towards each other.
ROUNDS = 16

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
    """A panel with the places of its cards and lines."""

    panel: Panel
    placed: tuple[Placed, ...]
    lines: tuple[Drawn, ...]
    # Edges within the panel that are not drawn as lines.
    far: frozenset[tuple[str, str]]
    width: float
    height: float


def arrange(panel: Panel) -> Arranged:
    """Returns the panel laid out from left to right, with its upper left corner at (0, 0)."""
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
    """Returns the upper edge of every card and dummy: close to its neighbours in other columns, without overlap."""
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


# Node -> the nodes it is joined to, with the wanted distance between their tops.
Pulls = Mapping[str, Sequence[tuple[str, float]]]


def _pulls(layers: Layers, cards: Mapping[str, Card]) -> Pulls:
    pulls: dict[str, list[tuple[str, float]]] = {name: [] for column in layers.columns for name in column}
    for (source, target), chain in layers.chains.items():
        edge = (source, *chain, target)
        ports = [cards[source].port(at) for at, row in enumerate(cards[source].rows) if row.to == target]
        leaves = sum(ports) / len(ports)
        for left, right in pairwise(edge):
            out = leaves if left == source else DUMMY / 2
            into = HEAD / 2 if right == target else DUMMY / 2
            pulls[right].append((left, out - into))
            pulls[left].append((right, into - out))
    return pulls


def _wanted(name: str, pulls: Pulls, tops: Mapping[str, float]) -> float:
    met = [tops[other] + offset for other, offset in pulls[name]]
    return sum(met) / len(met) if met else tops[name]


def _stacked(column: Sequence[str], high: Mapping[str, float], wanted: Sequence[float]) -> dict[str, float]:
    """Returns tops as near to `wanted` as possible in this order without overlap; pushed neighbours share the distance."""
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
    """Returns every line of the panel, and the number of lanes needed below the cards for those that lead back."""
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
    """Returns the corners of a line that leads back below all cards."""
    aside = 14 + 5 * (lane % 4)
    right, into = start[0] + aside, end[0] - aside
    return start, (right, start[1]), (right, depth), (into, depth), (into, end[1]), end
