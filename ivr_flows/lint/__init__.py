"""The lint of a flow: everything a caller would otherwise find out. Shape was read before (`shapes`).

`CHECKS` is the table of rules; to add one, write a generator of `Told` and put it there.
"""

from collections.abc import Callable, Iterator

from hotline.rules.policies import Policies
from ivr_flows.flow import Flow
from ivr_flows.lint import city, ends, entries, people, prompts
from ivr_flows.source.problems import Told
from ivr_flows.source.prompts import Prompts

__all__ = ["CHECKS", "GRAPH_CHECKS", "Told", "check_flow"]

Check = Callable[[Flow, Prompts, Policies], Iterator[Told]]
CHECKS: tuple[Check, ...] = (
    ends.broken_ends,
    prompts.broken_lines,
    prompts.unknown_words,
    prompts.colliding_keys,
    prompts.colliding_words,
    entries.broken_entries,
    city.unknown_facts,
    city.misplaced_wishes,
)
"""Rules that look at one node at a time; every finding of all of them is told at once."""
GRAPH_CHECKS: tuple[Check, ...] = (
    ends.unreachable,
    ends.circles,
    entries.untyped_values,
    people.without_person,
    people.silent_callers_lost,
    people.late_people,
    people.silent_ends,
)
"""Rules that follow the ways of a flow; asked once every way leads somewhere."""


def check_flow(flow: Flow, catalogues: Prompts, policies: Policies) -> list[Told]:
    """Return everything wrong with how `flow` is joined; empty when callers are safe in it."""
    found = [told for check in CHECKS for told in check(flow, catalogues, policies)]
    if not any(ends.broken_ends(flow, catalogues, policies)):
        found += [told for check in GRAPH_CHECKS for told in check(flow, catalogues, policies)]
    return found
