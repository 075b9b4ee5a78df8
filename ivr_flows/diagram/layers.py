"""Layered graph layout, part one: the column of every card and the order within it, so that few lines cross.

After Sugiyama, Tagawa and Toda (1981): reverse the edges that lead back, give each node the rank of its longest path
from the beginning, route long edges through a dummy in every column they pass, and sort the columns by barycentre.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Pair = tuple[str, str]
# Rounds of sorting; the best order seen is kept.
SWEEPS = 24
# Edges over more columns are not drawn as lines, because a reader cannot follow them: a name is shown.
FARTHEST = 3


@dataclass(frozen=True, slots=True)
class Layers:
    """`columns` hold nodes and dummies from top to bottom, `chains` the dummies of each forward edge that is drawn.

    `back` are the edges to an earlier column or the same node, `far` those that are too long to be drawn.
    """

    columns: tuple[tuple[str, ...], ...]
    chains: Mapping[Pair, tuple[str, ...]]
    back: frozenset[Pair]
    far: frozenset[Pair]


def layered(nodes: Sequence[str], pairs: Sequence[Pair], roots: Sequence[str]) -> Layers:
    """Returns columns for `nodes` joined by `pairs`; `roots` come first. An edge from a node to itself leads back."""
    after: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in pairs:
        after[source].append(target)
    back, met, order = _turned(after, roots)
    forward = [pair for pair in pairs if pair not in back]
    ranks = _ranks(order, forward)
    far = frozenset((one, other) for one, other in forward if ranks[other] - ranks[one] > FARTHEST)
    chains = {pair: _dummies(pair, ranks) for pair in forward if pair not in far}
    columns: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name in met:
        columns[ranks[name]].append(name)
    for (source, _), chain in chains.items():
        for step, dummy in enumerate(chain, 1):
            columns[ranks[source] + step].append(dummy)
    return Layers(_sorted(columns, list(chains.items())), chains, frozenset(back), far)


def _turned(
    after: Mapping[str, Sequence[str]], roots: Sequence[str]
) -> tuple[set[Pair], list[str], list[str]]:
    """Searches depth first from the roots.

    Returns the edges to a node that is still being visited, the nodes in the order they were met, and an order in
    which
    every other edge leads forward.
    """
    back: set[Pair] = set()
    done: list[str] = []
    state: dict[str, bool] = {}
    for root in (*roots, *after):
        if root in state:
            continue
        state[root] = True
        stack = [(root, iter(after[root]))]
        while stack:
            name, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                stack.pop()
                state[name] = False
                done.append(name)
            elif target not in state:
                state[target] = True
                stack.append((target, iter(after[target])))
            elif state[target]:
                back.add((name, target))
    return back, list(state), done[::-1]


def _ranks(order: Sequence[str], forward: Iterable[Pair]) -> dict[str, int]:
    before: dict[str, list[str]] = {name: [] for name in order}
    for source, target in forward:
        before[target].append(source)
    ranks: dict[str, int] = {}
    for name in order:
        ranks[name] = max((ranks[source] + 1 for source in before[name]), default=0)
    return ranks


def _dummies(pair: Pair, ranks: Mapping[str, int]) -> tuple[str, ...]:
    source, target = pair
    return tuple(f"{source}>{target}#{rank}" for rank in range(ranks[source] + 1, ranks[target]))


def _sorted(
    columns: list[list[str]], chains: Sequence[tuple[Pair, tuple[str, ...]]]
) -> tuple[tuple[str, ...], ...]:
    """Sorts every column by the middle of its nodes' neighbours, forwards and backwards in turn."""
    joints = [joint for (source, target), chain in chains for joint in _joints((source, *chain, target))]
    before: dict[str, list[str]] = {name: [] for column in columns for name in column}
    after: dict[str, list[str]] = {name: [] for column in columns for name in column}
    for left, right in joints:
        before[right].append(left)
        after[left].append(right)
    best, fewest = [list(column) for column in columns], _crossings(columns, joints)
    for sweep in range(SWEEPS):
        forwards = sweep % 2 == 0
        around = before if forwards else after
        for column in columns if forwards else reversed(columns):
            _sort_column(column, around, columns)
        crossings = _crossings(columns, joints)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    return tuple(tuple(column) for column in best)


def _joints(edge: Sequence[str]) -> list[Pair]:
    return list(pairwise(edge))


def _sort_column(
    column: list[str], around: Mapping[str, Sequence[str]], columns: Sequence[Sequence[str]]
) -> None:
    places = {name: place / len(each) for each in columns for place, name in enumerate(each)}

    def middle(name: str) -> float:
        met = [places[other] for other in around[name]]
        return sum(met) / len(met) if met else places[name]

    column.sort(key=middle)


def _crossings(columns: Sequence[Sequence[str]], joints: Iterable[Pair]) -> int:
    """Returns how often lines between neighbouring columns cross."""
    column_of = {name: index for index, column in enumerate(columns) for name in column}
    places = {name: place for column in columns for place, name in enumerate(column)}
    between: dict[int, list[tuple[int, int]]] = {}
    for left, right in joints:
        between.setdefault(column_of[left], []).append((places[left], places[right]))
    total = 0
    for lines in between.values():
        ends = [right for _, right in sorted(lines)]
        total += sum(1 for index, end in enumerate(ends) for later in ends[index + 1 :] if later < end)
    return total
