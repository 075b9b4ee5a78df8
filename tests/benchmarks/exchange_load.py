"""The exchange as a process of its own that is called by many citizens at once; run by `bench_exchange`.

Reads one JSON object from standard input (`settings`: those of the exchange, `load`: see `Load`), lives through all calls
and prints one JSON object: what the process did, and how late its event loop was meanwhile.
"""

import asyncio
import json
import resource
import statistics
import sys
from collections import Counter, deque
from dataclasses import asdict, dataclass

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.devices.callers import Caller, HungUpError
from hotline.exchange.server import clock_of, serving
from hotline.exchange.time.virtual_clock import loop_for
from hotline.exchange.vocabulary.enums import CallStatus
from hotline.exchange.vocabulary.settings import ExchangeSettings

_BEAT_SECONDS = 0.02


@dataclass(frozen=True)
class Load:
    """`calls` arrive evenly within `ramp` exchange seconds, wait together for so many more, and leave as they came."""

    calls: int
    ramp: float
    together: float


@dataclass(frozen=True)
class Outcome:
    """The result of one run. Times are real: CPU in seconds, lag and answers in milliseconds."""

    calls: int
    most_at_once: int
    fewest_rounds: int
    completed: int
    webhooks: int
    failed: int
    seconds: float
    cpu: float
    lag_p50: float
    lag_p95: float
    lag_max: float
    answer_p50: float
    answer_p95: float


@dataclass
class Watch:
    """Looks at everything once a beat: how late the beat came, and how many calls wait in queues."""

    lags: list[float]
    most_at_once: int = 0

    async def beat(self, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _BEAT_SECONDS
            await asyncio.sleep(_BEAT_SECONDS)
            self.lags.append((loop.time() - due) * 1000)
            waiting = sum(len(queue.members) for queue in exchange.registry.queues.values())
            self.most_at_once = max(self.most_at_once, waiting)


async def one_call(exchange: Exchange, load: Load, place: int) -> None:
    """Arrive, hear the menu, press a key, wait in the queue, give up."""
    arrival = place * load.ramp / load.calls
    await exchange.clock.sleep(arrival)
    caller = Caller(exchange, f"+86139{place:08d}")
    caller.dial()
    try:
        await caller.press("1")
        await exchange.clock.sleep(arrival + load.ramp + load.together - exchange.clock.seconds())
    except HungUpError as error:
        print(error, file=sys.stderr)
    caller.hang_up()
    await caller.over_and_done()


async def live_through(settings: ExchangeSettings, load: Load) -> Outcome:
    clock = clock_of(settings)
    async with serving(settings, clock) as exchange:
        exchange.registry.log.webhooks = deque()
        watch = Watch([])
        watching = asyncio.create_task(watch.beat(exchange))
        began, before = clock.stopwatch(), cpu_seconds()
        await asyncio.gather(*(one_call(exchange, load, place) for place in range(load.calls)))
        while exchange.tasks:
            await asyncio.wait(exchange.tasks)
        spent, seconds = cpu_seconds() - before, clock.stopwatch() - began
        watching.cancel()
        return outcome(exchange, watch, spent, seconds)


def outcome(exchange: Exchange, watch: Watch, cpu: float, seconds: float) -> Outcome:
    sent = list(exchange.registry.log.webhooks)
    rounds = Counter(request.call_sid for request in sent if request.url.endswith("/wait"))
    answers = sorted(float(request.milliseconds) for request in sent)
    calls = list(exchange.registry.calls.values())
    return Outcome(
        calls=len(calls),
        most_at_once=watch.most_at_once,
        fewest_rounds=min(rounds[call.sid] for call in calls),
        completed=sum(call.status is CallStatus.COMPLETED for call in calls),
        webhooks=len(sent),
        failed=sum(request.status is None or request.status >= 300 for request in sent),
        seconds=seconds,
        cpu=cpu,
        lag_p50=statistics.median(watch.lags),
        lag_p95=nineteen_of_twenty(watch.lags),
        lag_max=max(watch.lags),
        answer_p50=statistics.median(answers),
        answer_p95=nineteen_of_twenty(answers),
    )


def nineteen_of_twenty(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95) - 1]


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    told = json.load(sys.stdin)
    settings = ExchangeSettings(**told["settings"])
    with asyncio.Runner(loop_factory=lambda: loop_for(clock_of(settings))) as runner:
        print(json.dumps(asdict(runner.run(live_through(settings, Load(**told["load"]))))))


if __name__ == "__main__":
    main()
