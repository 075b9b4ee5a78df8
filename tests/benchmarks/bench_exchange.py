"""Does the exchange keep hundreds of calls up without being the bottleneck itself?

Run by `make bench`. 350 citizens arrive, press a key and wait in the queue together for several rounds, against the real
web process (gunicorn, as the Procfile starts it, see `wide_hotline`) and against a view that answers constants. The exchange must have at
least 300 calls up at once, use less of the machine than the web process it drives, be idle most of the time itself, and
keep its event loop on time.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from config.processes.exchange import exchange_settings
from hotline.exchange.vocabulary.settings import ExchangeSettings
from tests.benchmarks.bench_webhook import ROOT, wait_for
from tests.benchmarks.exchange_load import Load, Outcome
from tests.benchmarks.redis_server import own_redis
from tests.journeys.city import City, close_city, found_city
from tests.ports import free_port

PACE = 0.2
LOAD = Load(calls=350, ramp=80.0, together=130.0)
ENOUGH_AT_ONCE, ENOUGH_ROUNDS = 300, 3
LARGEST_SHARE = 0.5
MOST_OF_A_CORE = 0.5
LATEST_P95_MS = 100.0
_TICKS = os.sysconf("SC_CLK_TCK")


def drive(settings: ExchangeSettings, load: Load = LOAD) -> Outcome:
    """Run the exchange with its citizens in a process of its own, to the end. Nobody there dials out, so nobody answers."""
    told = json.dumps({"settings": asdict(replace(settings, answers={}, names={})), "load": asdict(load)})
    command = [sys.executable, "-m", "tests.benchmarks.exchange_load"]
    ended = subprocess.run(
        command, input=told, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False
    )
    if ended.returncode:
        raise RuntimeError(ended.stderr[-3000:])
    return Outcome(**json.loads(ended.stdout))


def cpu_seconds(process: int) -> float:
    """CPU time of a process and those it forked and still has, from /proc."""
    spent = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == process or int(fields[1]) == process:
            spent += (int(fields[11]) + int(fields[12])) / _TICKS
    return spent


@contextmanager
def served(module: str, environ: dict[str, str], port: int) -> Iterator[int]:
    """Run a module that serves `port`; yields its process."""
    server = subprocess.Popen([sys.executable, "-m", module], env=environ, cwd=ROOT)
    try:
        wait_for(port)
        yield server.pid
    finally:
        server.terminate()
        server.wait(30)


def against_ours(city: City) -> tuple[Outcome, float]:
    with served("tests.benchmarks.wide_hotline", city.environ, city.settings.port) as process:
        before = cpu_seconds(process)
        run = drive(replace(exchange_settings(city.settings), pace=PACE))
        return run, cpu_seconds(process) - before


def against_constants(city: City) -> tuple[Outcome, float]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/voice"
    with served("tests.benchmarks.constant", city.environ | {"PORT": str(port)}, port) as process:
        before = cpu_seconds(process)
        run = drive(
            replace(
                exchange_settings(city.settings),
                port=free_port(),
                pace=PACE,
                voice_url=f"{url}/incoming",
                status_url=f"{url}/status",
                fallback_url=f"{url}/trouble",
            )
        )
        return run, cpu_seconds(process) - before


def show(name: str, run: Outcome, web: float) -> None:
    per_hook = run.cpu / run.webhooks * 1000
    print(
        f"| {name} | {run.most_at_once} | {run.webhooks} | {run.webhooks / run.seconds:.0f} | {run.cpu:.1f} | {run.cpu / run.seconds:.2f} | {web:.1f} "
        f"| {run.cpu / (run.cpu + web):.2f} | {per_hook:.2f} | {run.lag_p50:.1f} / {run.lag_p95:.1f} / {run.lag_max:.0f} "
        f"| {run.answer_p50:.0f} / {run.answer_p95:.0f} |"
    )


def complaints(name: str, run: Outcome) -> list[str]:
    """Returns the faults of a run as sentences."""
    checks = {
        f"only {run.most_at_once} calls were up at once": run.most_at_once < ENOUGH_AT_ONCE,
        f"{run.failed} webhooks were not answered well": run.failed > 0,
        f"{run.calls - run.completed} calls were not completed": run.completed != LOAD.calls,
        f"a call had only {run.fewest_rounds} wait rounds": run.fewest_rounds < ENOUGH_ROUNDS,
        f"the exchange was busy: {run.cpu / run.seconds:.2f} of a core": run.cpu
        > MOST_OF_A_CORE * run.seconds,
        f"the event loop was late: p95 {run.lag_p95:.0f} ms": run.lag_p95 > LATEST_P95_MS,
    }
    return [f"{name}: {words}" for words, is_wrong in checks.items() if is_wrong]


def main() -> int:
    if not Path("/proc/self/stat").exists():
        print("## Exchange under load: not measured, this machine has no /proc")
        return 0
    print(f"## {LOAD.calls} calls at once through the exchange ({PACE} real seconds per exchange second)")
    print(
        "| against | calls at once | webhooks | per s | exchange CPU s | of a core | web CPU s | share | exchange ms/webhook "
        "| loop lag ms p50 / p95 / max | answer ms p50 / p95 |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    with own_redis() as redis_url:
        city = found_city(redis_url)
        try:
            constants, of_constants = against_constants(city)
            show("constants", constants, of_constants)
            ours, of_ours = against_ours(city)
            show("our web", ours, of_ours)
        finally:
            close_city(city)
    wrong = complaints("constants", constants) + complaints("our web", ours)
    share = ours.cpu / (ours.cpu + of_ours)
    if share > LARGEST_SHARE:
        wrong.append(f"the exchange used {share:.2f} of the CPU time")
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
