"""Measures first webhooks a second against a hand-written floor: same machine, same run, same database, same server.

Run by `make bench`. Ours does signature, deduplication, call record, event, flow and TwiML; the floor see `floor`.
The target is a ratio of at least `TARGET`. PostgreSQL runs with fsync off for both sides alike.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from hotline.store.engine import open_engine
from hotline.store.tables import Base
from tests.benchmarks.floor import FLOOR_CALLS
from tests.benchmarks.load import drive, median, voice_request
from tests.databases import find_binaries, open_postgres
from tests.ports import free_port

TOKEN = "benchmark-token-of-32-characters-x"
NUMBER = "+865374412345"
ROUNDS, REQUESTS, CONNECTIONS = 51, 200, 16
TARGET = 0.70
ROOT = Path(__file__).resolve().parents[2]
GUNICORN = ("-k", "gthread", "-w", "2", "--threads", "8", "--keep-alive", "65", "--no-control-socket")


@contextmanager
def served(app: str, database_url: str, home: Path) -> Iterator[int]:
    """Serve `app` under gunicorn and yield its port."""
    port = free_port()
    environ = os.environ | {
        "DATABASE_URL": database_url,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "HOTLINE_HOME": str(home),
        "REDIS_URL": f"unix://{home}/no-redis.sock?db=0",
        "PYTHONPATH": str(ROOT),
    }
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        *GUNICORN,
        "--log-level",
        "error",
        "-b",
        f"127.0.0.1:{port}",
        app,
    ]
    server = subprocess.Popen(command, env=environ, cwd=ROOT)
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def wait_for(port: int) -> None:
    """Wait until the server answers anything at all."""
    for _ in range(300):
        try:
            requests.get(f"http://127.0.0.1:{port}/nothing-here", timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def measure(name: str, database_url: str) -> float:
    """Alternate floor and ours, print a line each, return the median ratio of neighbouring rounds: the machine is noisy."""
    engine = open_engine(database_url)
    Base.metadata.create_all(engine)
    FLOOR_CALLS.create(engine)
    engine.dispose()
    rates: dict[str, list[float]] = {"floor": [], "ours": []}
    with (
        tempfile.TemporaryDirectory(prefix="hl-b-") as home,
        served("tests.benchmarks.floor:create_app()", database_url, Path(home)) as floor,
        served("config.processes.serve:create_app()", database_url, Path(home)) as ours,
    ):
        for port in (floor, ours):
            drive(port, [voice_request(port, TOKEN, NUMBER) for _ in range(200)], CONNECTIONS)
        for _ in range(ROUNDS):
            for side, port in (("floor", floor), ("ours", ours)):
                posts = [voice_request(port, TOKEN, NUMBER) for _ in range(REQUESTS)]
                result = drive(port, posts, CONNECTIONS)
                if result.failed:
                    raise RuntimeError(f"{side}: {result.failed} answers were not 200")
                rates[side].append(result.per_second)
    ratio = median([ours / floor for ours, floor in zip(rates["ours"], rates["floor"], strict=True)])
    for side in ("floor", "ours"):
        print(
            f"{name:<12}{side:<8}{median(rates[side]):>10.0f} req/s   rounds {[round(r) for r in rates[side]]}"
        )
    print(f"{name:<12}ratio   {ratio:>10.2f}   (target >= {TARGET:.2f})")
    return ratio


def main() -> int:
    print(
        "## Voice webhook: ours against a hand-written Flask view (2 processes x 8 threads, 16 connections)"
    )
    with tempfile.TemporaryDirectory(prefix="hl-b-") as folder:
        ratios = [measure("sqlite", f"sqlite:///{folder}/bench.sqlite3")]
    if find_binaries() is None and not os.environ.get("TEST_DATABASE_URL"):
        print("postgresql  not measured: no server on this machine")
    else:
        with open_postgres(f"bench_{secrets.token_hex(3)}") as server:
            if server is not None:
                with server.clone() as url:
                    ratios.append(measure("postgresql", url))
    return 0 if min(ratios) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
