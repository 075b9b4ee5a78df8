"""The simulation behind the invented history: an agenda of steps on a clock of its own, with one source of randomness."""

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

SEED = 4_412_345
# Weight of each local hour; hotlines have a peak in the morning and one in the afternoon.
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 9, 16, 20, 18, 14, 10, 11, 14, 15, 14, 12, 10, 9, 7, 5, 3, 2)

Step = Callable[[], None]


class SimulationClock:
    """The clock of the simulation; each step sets it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Simulation:
    """The state of the simulation. Steps planned after `ends` never run; they leave the work that is open today."""

    application: Application
    clock: SimulationClock
    rng: Random
    flows: FlowRegistry
    matters: tuple[Matter, ...]
    operators: tuple[Person, ...]
    handlers: dict[str, Person]
    ends: datetime
    # Calls are simulated one after another: the next one begins after this moment.
    busy_until: datetime
    _agenda: list[tuple[datetime, int, Step]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _sids: "count[int]" = field(default_factory=lambda: count(1))

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def advance(self, low: float, high: float) -> datetime:
        """Advances the clock by `low` to `high` seconds and returns the new time."""
        self.clock.at += timedelta(seconds=round(self.rng.uniform(low, high)))
        return self.clock.at

    def plan(self, at: datetime, step: Step) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), step))

    def run(self) -> None:
        """Runs the planned steps in order, up to `ends`."""
        while self._agenda and self._agenda[0][0] <= self.ends:
            at, _order, step = heapq.heappop(self._agenda)
            self.clock.at = max(at, self.busy_until)
            if self.clock.at <= self.ends:
                step()

    def make_sid(self, prefix: str) -> str:
        """Returns an invented identifier in the form of the carrier's."""
        return f"{prefix}{'de30' + format(next(self._sids), '028x')}"

    def choose_story(self) -> DemoStory:
        """Returns the story of the next caller."""
        return choose_story(self.rng, self.matters)

    def random_number(self) -> str:
        """Returns an invented mobile number, always of the block 138 0537 xxxx."""
        return f"+861380537{self.rng.randrange(10_000):04d}"
