"""Searches along the ways of a flow. Each looks at a node once, however often the ways part and meet again."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

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
    """Return the nodes from which one can come back to them; that there are none is seen at once."""
    try:
        TopologicalSorter({name: onward(name) for name in names}).prepare()
    except CycleError:
        return {name for name in names if name in reach(onward(name), onward)}
    return set()


def _turned_round(names: Iterable[str], onward: Onward) -> Mapping[str, Sequence[str]]:
    before: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        for to in onward(name):
            before[to].append(name)
    return before
