"""What can go wrong on a real line, as switches: each a rule saying which request it hits, how often, and what happens.

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
    """What happens; `AIMS` says what it can happen to."""

    DUPLICATE = "duplicate"
    """A webhook is sent twice at the same time, with the same idempotency token."""
    DUPLICATE_AFTER = "duplicate-after"
    """A webhook is sent again once it was answered, with the same idempotency token; the second answer counts."""
    REORDER = "reorder"
    """A callback is held back until a later one about the same call or conference was answered."""
    DROP = "drop"
    """A callback is never sent (15002); for a webhook that a call waits for, no connection can be made (11205)."""
    DELAY = "delay"
    """A webhook is sent so many exchange seconds late."""
    BAD_SIGNATURE = "bad-signature"
    """A webhook carries a signature made with another token."""
    LOST_ANSWER = "lost-answer"
    """A webhook takes effect, but the carrier sees 500 instead of the answer."""
    TIME_OUT = "time-out"
    """A webhook takes effect, but the carrier has given up waiting (11200); nobody here waits for the 15 seconds."""
    REPLAY = "replay"
    """A webhook is sent once more, byte for byte, after a later one about the same call or conference has gone."""
    HANG_UP_WHEN_SENT = "hang-up-when-sent"
    """The person on the call hangs up in the moment its k-th webhook is sent."""
    HANG_UP_WHEN_ANSWERED = "hang-up-when-answered"
    """The person on the call hangs up when its k-th webhook was answered, before the document is run."""
    TOO_MANY_REQUESTS = "too-many-requests"
    """A REST request is refused with 429, 20429; nothing happened."""
    UNAVAILABLE = "unavailable"
    """A REST request is refused with 503, 20503; nothing happened."""
    ERROR_AFTER = "error-after"
    """A REST request takes effect and is answered 500, 20500."""
    CUT_AFTER = "cut-after"
    """A REST request takes effect and the connection is cut instead of an answer."""
    NO_ROUTE = "no-route"
    """Numbers in mainland China cannot be called: 21215 over REST; 13227 and DialCallStatus=failed in a Dial."""


FAULTS = tuple(Fault)
CALLER = frozenset({Fault.HANG_UP_WHEN_SENT, Fault.HANG_UP_WHEN_ANSWERED})
"""Faults of the person on the line; their occurrences are counted for each call by itself."""

AIMS: Mapping[Fault, frozenset[RequestKind]] = {
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
    """A rule that could never hit anything, or that makes no sense; the text names the field."""


@dataclass(frozen=True)
class Rule:
    """When `fault` happens: at the `nth` such `step` (None = any it can hit), then `times` times (None = always).

    `path` must be part of the webhook's path, if given. `seconds` of the exchange: how late (delay), or how long to
    wait at most for a later request (reorder, replay). Raises BadRuleError.
    """

    fault: Fault
    step: RequestKind | None = None
    path: str = ""
    nth: int = 1
    times: int | None = 1
    seconds: float = 5.0

    def __post_init__(self) -> None:
        """Refuse what could never hit."""
        if self.step is not None and self.step not in AIMS[self.fault]:
            raise BadRuleError(f"step: {self.fault} never happens to {self.step}")
        if self.path and not AIMS[self.fault] <= WEBHOOKS:
            raise BadRuleError("path: only webhooks have one")
        if self.nth < 1:
            raise BadRuleError("nth: must be 1 or more")
        if self.times is not None and self.times < 1:
            raise BadRuleError("times: must be 1 or more, or null for every time")
        if not 0 <= self.seconds <= LONGEST_SECONDS:
            raise BadRuleError(f"seconds: must be from 0 to {LONGEST_SECONDS:g}")


@dataclass(frozen=True)
class Occasion:
    """One step that is about to be taken. `can_hang_up`: somebody is on the call; `to`: whom it would ring."""

    step: RequestKind
    path: str = ""
    call_sid: str = ""
    aside: bool = False
    can_hang_up: bool = False
    to: str = ""

    def allows(self, fault: Fault) -> bool:
        """Whether `fault` could do to this very request what it says."""
        if fault is Fault.REORDER:
            return self.aside
        if fault in CALLER:
            return self.can_hang_up
        if fault is Fault.NO_ROUTE:
            return self.to.startswith(MAINLAND)
        return True


@dataclass(eq=False)
class Switch:
    """A rule that was set. `fired` counts how often it did what it says; `is_on` False lets everything pass."""

    id: str
    rule: Rule
    is_on: bool = True
    fired: int = 0
    _seen: Counter[str] = field(default_factory=Counter)
    _taken: int = 0

    def fits(self, occasion: Occasion) -> bool:
        rule = self.rule
        return (
            self.is_on
            and (rule.step or occasion.step) is occasion.step
            and occasion.step in AIMS[rule.fault]
            and rule.path in occasion.path
            and occasion.allows(rule.fault)
        )

    def is_due(self, occasion: Occasion) -> bool:
        """Count a fitting step, and say whether it is one to be hit."""
        if self.is_spent:
            return False
        whose = occasion.call_sid if self.rule.fault in CALLER else ""
        self._seen[whose] += 1
        return self._seen[whose] >= self.rule.nth

    @property
    def is_spent(self) -> bool:
        return self.rule.times is not None and self._taken >= self.rule.times

    def take(self) -> None:
        self._taken += 1

    def give_back(self) -> None:
        """The step turned out not to be one after all: the rule waits for the next."""
        self._taken -= 1


@dataclass(eq=False)
class Switchboard:
    """All rules that are set, by id, oldest first."""

    switches: dict[str, Switch] = field(default_factory=dict)
    _made: int = 0

    def set(self, rule: Rule) -> Switch:
        """Let `rule` hold from now on; raises BadRuleError when there are too many."""
        if len(self.switches) >= MOST_SWITCHES:
            raise BadRuleError(f"there are {MOST_SWITCHES} faults already; remove some first")
        self._made += 1
        switch = Switch(f"F{self._made}", rule)
        self.switches[switch.id] = switch
        return switch

    def clear(self) -> None:
        self.switches.clear()

    def strike(self, occasion: Occasion) -> Switch | None:
        """Return the switch whose fault hits this step: of several that are due the oldest, and the others wait."""
        due = [
            switch for switch in self.switches.values() if switch.fits(occasion) and switch.is_due(occasion)
        ]
        if not due:
            return None
        due[0].take()
        return due[0]
