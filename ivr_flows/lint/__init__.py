"""Checks of a flow for everything that would let callers down. `source.schema` has checked the file's structure before.

`CHECKS` is the table of rules. A new rule is a generator of `LintFinding` and a row in it.
"""

from collections.abc import Callable, Iterator

from hotline.rules.policies import Policies
from ivr_flows.flow import Flow
from ivr_flows.lint import city, ends, entries, people, prompts
from ivr_flows.source.problems import LintFinding
from ivr_flows.speech import Prompts

__all__ = ["CHECKS", "GRAPH_CHECKS", "LintFinding", "check_flow"]

Check = Callable[[Flow, Prompts, Policies], Iterator[LintFinding]]
# Rules that look at one node at a time. All their findings are reported together.
CHECKS: tuple[Check, ...] = (
    ends.broken_targets,
    prompts.broken_lines,
    prompts.unknown_words,
    prompts.unannounced_keys,
    prompts.colliding_keys,
    prompts.colliding_words,
    entries.broken_entries,
    city.unknown_city_names,
    city.misplaced_actions,
)
# Rules that follow the edges of a flow. They run only if every edge leads to a node.
GRAPH_CHECKS: tuple[Check, ...] = (
    ends.unreachable,
    ends.silent_loops,
    entries.untyped_values,
    people.without_person,
    people.silent_callers_lost,
    people.late_people,
    people.silent_ends,
)


def check_flow(flow: Flow, catalogues: Prompts, policies: Policies) -> list[LintFinding]:
    """Returns every finding in `flow`; an empty list means that it is safe for callers."""
    found = [finding for check in CHECKS for finding in check(flow, catalogues, policies)]
    if not any(ends.broken_targets(flow, catalogues, policies)):
        found += [finding for check in GRAPH_CHECKS for finding in check(flow, catalogues, policies)]
    return found
