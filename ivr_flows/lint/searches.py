"""Searches along the ways of a flow. Each looks at every node once, however often the ways part and meet again."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

Onward = Callable[[str], Collection[str]]
"""Where a node leads."""


def reach(starts: Iterable[str], onward: Onward) -> set[str]:
    """Return the nodes that can be come to from `starts`, themselves included."""
    seen: set[str] = set()
    ahead = list(starts)
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead.extend(onward(name))
    return seen


def leading_to(goals: Iterable[str], names: Iterable[str], onward: Onward) -> set[str]:
    """Return those of `names` from which one of `goals` can be come to, and the goals."""
    before = _turned_round(names, onward)
    return reach(goals, lambda name: before[name])


def on_circles(names: Collection[str], onward: Onward) -> set[str]:
    """Return the nodes from which one can come back to them: those that lead to each other, found as Kosaraju does."""
    before = _turned_round(names, onward)
    found: set[str] = set()
    placed: set[str] = set()
    for name in reversed(_by_end(names, onward)):
        if name in placed:
            continue
        together = _unplaced(name, before, placed)
        placed |= together
        if len(together) > 1 or name in onward(name):
            found |= together
    return found


def _unplaced(name: str, before: Mapping[str, Sequence[str]], placed: Collection[str]) -> set[str]:
    return reach([name], lambda each: [other for other in before[each] if other not in placed])


def _turned_round(names: Iterable[str], onward: Onward) -> Mapping[str, Sequence[str]]:
    before: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        for to in onward(name):
            before[to].append(name)
    return before


def _by_end(names: Iterable[str], onward: Onward) -> list[str]:
    """Return the nodes in the order in which a search that goes deep first has seen all that follows them."""
    ended: list[str] = []
    seen: set[str] = set()
    for start in names:
        ahead = [(start, False)]
        while ahead:
            name, is_over = ahead.pop()
            if is_over:
                ended.append(name)
            elif name not in seen:
                seen.add(name)
                ahead += [(name, True), *((to, False) for to in onward(name))]
    return ended
