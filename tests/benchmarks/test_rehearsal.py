"""The benchmarks still run: they are started by `make bench` alone, and would rot unseen. Nothing is timed here."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from config.processes.exchange import exchange_settings
from tests.benchmarks.bench_exchange import drive, served
from tests.benchmarks.exchange_load import Load
from tests.journeys.city import close_city, found_city

BENCHES = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
FEW = Load(calls=3, ramp=2.0, together=130.0)


@pytest.mark.parametrize("name", BENCHES)
def test_every_benchmark_can_be_started(name: str) -> None:
    assert callable(import_module(f"tests.benchmarks.{name}").main)


@pytest.mark.journey
def test_a_few_calls_wait_together_as_the_hundreds_do(redis_url: str) -> None:
    city = found_city(redis_url)
    try:
        with served("tests.benchmarks.wide_hotline", city.environ, city.settings.port):
            run = drive(replace(exchange_settings(city.settings), pace=0.05), FEW)
    finally:
        close_city(city)
    assert (run.calls, run.completed, run.most_at_once, run.failed) == (3, 3, 3, 0)
    assert run.fewest_rounds >= 2
