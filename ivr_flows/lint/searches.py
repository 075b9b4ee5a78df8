"""Graph searches along the edges of a flow. Each visits a node once, however often paths part and meet again."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

# Returns the nodes that a node leads to.
Targets = Callable[[str], Collection[str]]


def reach(starts: Iterable[str], onward: Targets) -> set[str]:
    """Returns the nodes reachable from `starts`, themselves included."""
    seen: set[str] = set()
    ahead = list(starts)
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead.extend(onward(name))
    return seen


def leading_to(goals: Iterable[str], names: Iterable[str], onward: Targets) -> set[str]:
    """Returns those of `names` from which one of `goals` is reachable, and the goals."""
    before = _turned_round(names, onward)
    return reach(goals, lambda name: before[name])


def on_cycles(names: Collection[str], onward: Targets) -> set[str]:
    """Returns the nodes that lie on a cycle."""
    try:
        TopologicalSorter({name: onward(name) for name in names}).prepare()
    except CycleError:
        return {name for name in names if name in reach(onward(name), onward)}
    return set()


def _turned_round(names: Iterable[str], onward: Targets) -> Mapping[str, Sequence[str]]:
    before: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        for to in onward(name):
            before[to].append(name)
    return before
