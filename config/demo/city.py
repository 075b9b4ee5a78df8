"""The stage of the invented history: its application, its people, its dice, and what is still to happen and when."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random

from config.demo.matters import DemoStory, Matter, choose_story
from hotline.rules.people.actors import Person
from hotline.unit_of_work import Application
from ivr_flows.webhooks.flow_registry import FlowRegistry

Step = Callable[[], None]


class StoryClock:
    """The clock of the story: each step sets it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class City:
    """Everything a step needs. Steps planned after `ends` never happen: that is the work still open today."""

    application: Application
    clock: StoryClock
    rng: Random
    flows: FlowRegistry
    matters: tuple[Matter, ...]
    operators: tuple[Person, ...]
    handlers: dict[str, Person]
    ends: datetime
    busy_until: datetime
    """Until when the line is taken by the call being told; the next one begins after it."""
    _agenda: list[tuple[datetime, int, Step]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _sids: "count[int]" = field(default_factory=lambda: count(1))

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def later(self, low: float, high: float) -> datetime:
        """Let between `low` and `high` seconds pass and return the new moment."""
        self.clock.at += timedelta(seconds=round(self.rng.uniform(low, high)))
        return self.clock.at

    def plan(self, at: datetime, step: Step) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), step))

    def play(self) -> None:
        """Let everything planned happen, in order, up to `ends`."""
        while self._agenda and self._agenda[0][0] <= self.ends:
            at, _order, step = heapq.heappop(self._agenda)
            self.clock.at = max(at, self.busy_until)
            if self.clock.at <= self.ends:
                step()

    def sid(self, prefix: str) -> str:
        """Return a carrier's name for a call that no carrier ever gave."""
        return f"{prefix}{'de30' + format(next(self._sids), '028x')}"

    def choose_story(self) -> DemoStory:
        """Return a matter as the next caller tells it."""
        return choose_story(self.rng, self.matters)

    def number(self) -> str:
        """Return an invented mobile number of a block that is easy to tell apart (138 0537 xxxx)."""
        return f"+861380537{self.rng.randrange(10_000):04d}"
