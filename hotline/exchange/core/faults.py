"""Fault switches: each holds a rule that says which request it hits, how often, and what happens.

Sources: "Webhooks connection overrides" (nothing is delivered exactly once, nor in order; the second answer to a
repeated synchronous webhook is the one that is run), the error dictionary (11200, 11205, 15002, 20429, 20500, 20503,
21215, 13227) and the carrier's notice that calls to mainland China cannot be made. One request is hit by one fault.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hotline.exchange.vocabulary.request_kinds import BACKGROUND, REST, RINGS, WEBHOOKS, RequestKind

MAINLAND = "+86"
LONGEST_SECONDS = 600.0
MOST_SWITCHES = 100


class Fault(StrEnum):
    """A kind of fault; `APPLICABLE_STEPS` lists the steps it can hit."""

    # A webhook is sent twice at the same time, with the same idempotency token.
    DUPLICATE = "duplicate"
    # A webhook is sent again once it was answered, with the same idempotency token; the second answer counts.
    DUPLICATE_AFTER = "duplicate-after"
    # A callback is held back until a later one about the same call or conference was answered.
    REORDER = "reorder"
    # A callback is never sent (15002); for a webhook that a call waits for, no connection can be made (11205).
    DROP = "drop"
    # A webhook is sent `seconds` (exchange time) late.
    DELAY = "delay"
    # A webhook carries a signature made with another token.
    BAD_SIGNATURE = "bad-signature"
    # A webhook takes effect, but the carrier sees 500 instead of the answer.
    LOST_ANSWER = "lost-answer"
    # A webhook takes effect, but the carrier has given up waiting (11200); the 15 seconds do not pass here.
    TIME_OUT = "time-out"
    # A webhook is sent once more, byte for byte, after a later one about the same call or conference has gone.
    REPLAY = "replay"
    # The party on the call hangs up at the moment its nth webhook is sent.
    HANG_UP_WHEN_SENT = "hang-up-when-sent"
    # The party on the call hangs up when its nth webhook was answered, before the document is run.
    HANG_UP_WHEN_ANSWERED = "hang-up-when-answered"
    # A REST request is refused with 429, 20429; nothing happened.
    TOO_MANY_REQUESTS = "too-many-requests"
    # A REST request is refused with 503, 20503; nothing happened.
    UNAVAILABLE = "unavailable"
    # A REST request takes effect and is answered 500, 20500.
    ERROR_AFTER = "error-after"
    # A REST request takes effect and the connection is cut instead of an answer.
    CUT_AFTER = "cut-after"
    # Numbers in mainland China cannot be called: 21215 over REST; 13227 and DialCallStatus=failed in a Dial.
    NO_ROUTE = "no-route"


FAULTS = tuple(Fault)
# Faults of the party on the call; their occurrences are counted for each call separately.
CALLER_FAULTS = frozenset({Fault.HANG_UP_WHEN_SENT, Fault.HANG_UP_WHEN_ANSWERED})

APPLICABLE_STEPS: Mapping[Fault, frozenset[RequestKind]] = {
    Fault.DUPLICATE: WEBHOOKS,
    Fault.DUPLICATE_AFTER: WEBHOOKS,
    Fault.REORDER: BACKGROUND,
    Fault.DROP: WEBHOOKS,
    Fault.DELAY: WEBHOOKS,
    Fault.BAD_SIGNATURE: WEBHOOKS,
    Fault.LOST_ANSWER: WEBHOOKS,
    Fault.TIME_OUT: WEBHOOKS,
    Fault.REPLAY: WEBHOOKS,
    Fault.HANG_UP_WHEN_SENT: WEBHOOKS,
    Fault.HANG_UP_WHEN_ANSWERED: WEBHOOKS,
    Fault.TOO_MANY_REQUESTS: REST,
    Fault.UNAVAILABLE: REST,
    Fault.ERROR_AFTER: REST,
    Fault.CUT_AFTER: REST,
    Fault.NO_ROUTE: RINGS,
}


class BadRuleError(ValueError):
    """A rule that could never hit anything, or has an invalid value; the text names the field."""


@dataclass(frozen=True)
class FaultRule:
    """`fault` happens at the `nth` such `step` (None = any it can hit), then `times` times (None = always).

    `path` must be part of the webhook's path, if given. `seconds` (exchange time) is the delay of `delay`, and the
    longest wait for a later request of `reorder` and `replay`. Raises BadRuleError.
    """

    fault: Fault
    step: RequestKind | None = None
    path: str = ""
    nth: int = 1
    times: int | None = 1
    seconds: float = 5.0

    def __post_init__(self) -> None:
        """Raises BadRuleError for a rule that could never hit."""
        if self.step is not None and self.step not in APPLICABLE_STEPS[self.fault]:
            raise BadRuleError(f"step: {self.fault} never happens to {self.step}")
        if self.path and not APPLICABLE_STEPS[self.fault] <= WEBHOOKS:
            raise BadRuleError("path: only webhooks have one")
        if self.nth < 1:
            raise BadRuleError("nth: must be 1 or more")
        if self.times is not None and self.times < 1:
            raise BadRuleError("times: must be 1 or more, or null for every time")
        if not 0 <= self.seconds <= LONGEST_SECONDS:
            raise BadRuleError(f"seconds: must be from 0 to {LONGEST_SECONDS:g}")


@dataclass(frozen=True)
class FaultOccasion:
    """One step that is about to be taken. `can_hang_up`: a party is on the call; `to`: the address it would ring."""

    step: RequestKind
    path: str = ""
    call_sid: str = ""
    aside: bool = False
    can_hang_up: bool = False
    to: str = ""

    def allows(self, fault: Fault) -> bool:
        """Returns True if `fault` could have its effect on this request."""
        if fault is Fault.REORDER:
            return self.aside
        if fault in CALLER_FAULTS:
            return self.can_hang_up
        if fault is Fault.NO_ROUTE:
            return self.to.startswith(MAINLAND)
        return True


@dataclass(eq=False)
class FaultSwitch:
    """A rule that was set. `fired` counts how often it took effect; with `is_on` False it hits nothing."""

    id: str
    rule: FaultRule
    is_on: bool = True
    fired: int = 0
    _seen: Counter[str] = field(default_factory=Counter)
    _taken: int = 0

    def fits(self, occasion: FaultOccasion) -> bool:
        rule = self.rule
        return (
            self.is_on
            and (rule.step or occasion.step) is occasion.step
            and occasion.step in APPLICABLE_STEPS[rule.fault]
            and rule.path in occasion.path
            and occasion.allows(rule.fault)
        )

    def is_due(self, occasion: FaultOccasion) -> bool:
        """Counts a fitting step and returns True if it is one to be hit."""
        if self.is_spent:
            return False
        counted_for = occasion.call_sid if self.rule.fault in CALLER_FAULTS else ""
        self._seen[counted_for] += 1
        return self._seen[counted_for] >= self.rule.nth

    @property
    def is_spent(self) -> bool:
        return self.rule.times is not None and self._taken >= self.rule.times

    def take(self) -> None:
        self._taken += 1

    def give_back(self) -> None:
        """Takes a hit back, because the step had no effect to be lost; the rule waits for the next."""
        self._taken -= 1


@dataclass(eq=False)
class FaultInjector:
    """All rules that are set, by id, oldest first."""

    switches: dict[str, FaultSwitch] = field(default_factory=dict)
    _made: int = 0

    def set(self, rule: FaultRule) -> FaultSwitch:
        """Adds a rule; raises BadRuleError when there are MOST_SWITCHES already."""
        if len(self.switches) >= MOST_SWITCHES:
            raise BadRuleError(f"there are {MOST_SWITCHES} faults already; remove some first")
        self._made += 1
        switch = FaultSwitch(f"F{self._made}", rule)
        self.switches[switch.id] = switch
        return switch

    def clear(self) -> None:
        self.switches.clear()

    def fault_for(self, occasion: FaultOccasion) -> FaultSwitch | None:
        """Returns the switch whose fault hits this step: of several that are due the oldest, and the others wait."""
        due = [
            switch for switch in self.switches.values() if switch.fits(occasion) and switch.is_due(occasion)
        ]
        if not due:
            return None
        due[0].take()
        return due[0]
