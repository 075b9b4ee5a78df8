"""Two editors publish valid and invalid changes in a random order: every process works with one whole version, and soon with the newest."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Engine

from config.city.first_version import publish_first
from config.city.kinds import check_city
from config.city.toml_file import BadFile
from hotline.gateways.live import announce_nothing
from hotline.rules.city import CityKind
from hotline.rules.errors import LostRace
from hotline.rules.people.actors import Machine
from hotline.services.city import publications
from hotline.unit_of_work import Application
from tests.city_texts import in_force, texts_with
from tests.policies import city_policies
from tests.stopped_clock import StoppedClock

STEPS = 50
SOON = timedelta(seconds=2)


@dataclass
class Walk:
    """A city with three processes, and what has been published in it: version -> the number that stands in two of its texts."""

    engine: Engine
    clock: StoppedClock
    dice: Random
    processes: list[Application] = field(default_factory=list)
    published: dict[int, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=lambda: {"one": 1, "other": 1})
    changed_at: dict[int, datetime] = field(default_factory=dict)

    def start(self) -> None:
        texts, policies = texts_with(), city_policies()
        for _ in range(3):
            made = Application(self.engine, self.clock, policies, announce_nothing, city=in_force(texts))
            self.processes.append(made)
        publish_first(self.processes[0], texts)
        self.published[1] = 45
        self.changed_at[1] = self.clock()

    def publish(self) -> None:
        """One editor publishes a number in two texts, on the version that this editor has seen last."""
        editor = self.dice.choice(list(self.known))
        number = self.dice.randrange(20, 600)
        texts = texts_with()
        texts[CityKind.CALLERS] = texts[CityKind.CALLERS].replace("patience = 45 ", f"patience = {number} ")
        policies = texts[CityKind.POLICIES].replace("presence_timeout = 45 ", f"presence_timeout = {number} ")
        is_wrong = self.dice.random() < 0.3
        texts[CityKind.POLICIES] = (
            policies.replace("max_size = 200", "max_size = 0") if is_wrong else policies
        )
        application = self.dice.choice(self.processes)
        try:
            with application.unit_of_work(Machine.SYSTEM) as work:
                data = check_city(texts, day=work.today, zone=work.zone, number=work.policies.number).data
                version = publications.publish(work, texts, data, based_on=self.known[editor]).version
        except BadFile:
            assert is_wrong
        except LostRace:
            assert self.known[editor] != max(self.published)
        else:
            assert not is_wrong
            self.published[version] = number
            self.changed_at[version] = self.clock()
            self.known[editor] = version

    def reload(self) -> None:
        self.known[self.dice.choice(list(self.known))] = max(self.published)

    def wait(self) -> None:
        self.clock.advance(self.dice.choice((0.5, 1, 2, 10)))

    def look(self) -> None:
        """A process works: its policies are those of one version, and of the newest if that is two seconds old."""
        with self.dice.choice(self.processes).unit_of_work(Machine.CALLER) as work:
            policies = work.policies
        if policies.version:
            number = self.published[policies.version]
            assert (policies.queue.presence_timeout, policies.callers.skill_patience) == (number, number)
        old_enough = [version for version, at in self.changed_at.items() if self.clock() - at >= SOON]
        assert policies.version >= max(old_enough, default=0)


@pytest.mark.parametrize("seed", range(2))
def test_no_process_ever_mixes_versions_or_stays_on_an_old_one(
    application: Application, clock: StoppedClock, seed: int
) -> None:
    walk = Walk(application.engine, clock, Random(seed))  # noqa: S311 - dice, not secrets
    walk.start()
    for _ in range(STEPS):
        step: Callable[[], None] = walk.dice.choice(
            (walk.publish, walk.reload, walk.wait, walk.look, walk.look)
        )
        step()
    clock.advance(10)
    for process in walk.processes:
        with process.unit_of_work(Machine.SYSTEM) as work:
            assert work.policies.version == max(walk.published)
