"""Decides the one outcome under which a report counts an inbound call.

`store.calls.outcomes` states the facts, of a loaded row and as conditions of a query; the order is decided here.
"""

from collections.abc import Mapping

from hotline.rules.enums import CallOutcome

# Destinations of a transfer that are emergency services; every city's callers.toml names them. All other
# destinations are ordinary transfers.
EMERGENCY_SERVICES: frozenset[str] = frozenset({"police", "fire", "ambulance", "traffic"})

# Every outcome that needs a fact, in the order in which the facts are looked at.
DECIDED_BY_FACT: tuple[CallOutcome, ...] = tuple(
    outcome for outcome in CallOutcome if outcome is not CallOutcome.OTHER
)


def first_outcome(facts: Mapping[CallOutcome, bool]) -> CallOutcome:
    """Returns the first outcome whose fact is true; OTHER without any, as for a call still in progress.

    `facts` states for each outcome of `DECIDED_BY_FACT` whether it happened in the call.
    """
    return next((outcome for outcome in DECIDED_BY_FACT if facts[outcome]), CallOutcome.OTHER)
