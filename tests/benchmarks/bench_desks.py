"""Measures 1,000 open pages on one events process: delivery of an event, memory of a page, and a restart in between.

Run by `make bench`. Each page is a keep-alive connection with a session of its own, read by an event loop in this process,
which shares the machine with the server; the moment of sending travels in the event. Targets: 95 of 100 deliveries within
100 ms, 40 kB a page, all pages back within 15 s after a restart, and no event lost.
"""

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import cast

import requests
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from redis import Redis

from agent_console.live.hub import STREAM
from agent_console.web.auth import SIGN_IN
from hotline.rules.people.actors import Machine
from hotline.services.people import sign_ins
from hotline.store.people.users import active_person
from tests.benchmarks.redis_server import own_redis
from tests.benchmarks.results import measure, report
from tests.journeys.city import City, close_city, found_city, until

DESKS = int(os.environ.get("BENCH_DESKS", "1000"))
EVENTS, INTERVAL_SECONDS, ROUNDS = 20, 0.25, 3
EVENTS_DURING_RESTART = 5
WARM_UP = 50
LIMIT_SECONDS = 120
EVENTS = ("-m", "config.processes.serve", "events")


@dataclass
class Desk:
    """One open page: the events that it received, and how late each was (milliseconds)."""

    cookie: str
    last_id: str = ""
    numbers: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    async def follow(self, port: int) -> None:
        """Reads the stream for ever; connects again after a moment, as browsers do."""
        loop = asyncio.get_running_loop()
        while True:
            with suppress(OSError):
                _, stream = await loop.create_connection(lambda: Stream(self, port), "127.0.0.1", port)
                await stream.is_over.wait()
            await asyncio.sleep(1.0)

    def take(self, line: bytes, received: float) -> None:
        if line.startswith(b"id: "):
            self.last_id = line[4:].strip().decode()
        elif line.startswith(b"data: [") and b'"at":"' in line:
            number, sent = line.split(b'"at":"')[1].split(b'"')[0].split(b" ")
            self.numbers.append(int(number))
            self.delays.append((received - float(sent)) * 1000)


class Stream(asyncio.Protocol):
    """One connection of a page. It reads what has come at once: asyncio's own stream reader costs more than the server."""

    def __init__(self, desk: Desk, port: int) -> None:
        self._desk = desk
        self._port = port
        self._begun = b""
        self.is_over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        desk = self._desk
        resume = f"Last-Event-ID: {desk.last_id}\r\n" if desk.last_id else ""
        cast("asyncio.Transport", transport).write(
            f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nCookie: hotline={desk.cookie}\r\n{resume}\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        received = time.time()
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            self._desk.take(line, received)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.is_over.set()


def cookies(city: City) -> list[str]:
    """Returns a session cookie for each desk."""
    app = Flask("cookies")
    app.secret_key = city.settings.secret_key
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    with city.application.unit_of_work(Machine.SYSTEM) as work:
        operator = active_person(work.session, "operator")
        assert operator is not None
        tokens = [sign_ins.sign_in(work, operator.id) for _ in range(DESKS)]
    return [str(signer.dumps({SIGN_IN: token})) for token in tokens]


def announce(redis: "Redis", number: int) -> None:
    event = {"kind": "CallQueued", "at": f"{number} {time.time()}", "data": {}}
    redis.xadd(STREAM, {"e": json.dumps([event])}, maxlen=10_000)


def memory_kb(city: City) -> int:
    """Returns the proportional memory of the server and its children."""
    root = city.processes["events"].pid
    family = [root, *map(int, Path(f"/proc/{root}/task/{root}/children").read_text().split())]
    return sum(
        int(Path(f"/proc/{one}/smaps_rollup").read_text().split("Pss:")[1].split()[0]) for one in family
    )


def processor_seconds(city: City) -> float:
    """Returns the processor time of the server and its children so far."""
    root = city.processes["events"].pid
    family = [root, *map(int, Path(f"/proc/{root}/task/{root}/children").read_text().split())]
    fields = (Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split() for one in family)
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


async def story(city: City, redis: "Redis") -> bool:
    port, is_met = city.settings.port, True
    desks = [Desk(cookie) for cookie in cookies(city)]
    # The first pages pay for what the process loads once.
    following = [asyncio.create_task(desk.follow(port)) for desk in desks[:WARM_UP]]
    await _until_all(redis, desks[:WARM_UP], 0)
    warm = memory_kb(city)
    following += [asyncio.create_task(desk.follow(port)) for desk in desks[WARM_UP:]]
    await _until_all(redis, desks, 0)
    kept = (memory_kb(city) - warm) / (DESKS - WARM_UP)
    is_met &= report(measure(f"memory a page, {DESKS} pages", "", "kB", [kept], at_most=40))
    late, number, server, generator = [], 0, list[float](), list[float]()
    for _ in range(ROUNDS):
        before = processor_seconds(city), time.process_time()
        for desk in desks:
            desk.delays.clear()
        for _ in range(EVENTS):
            number += 1
            announce(redis, number)
            await asyncio.sleep(INTERVAL_SECONDS)
        await _until_all(redis, desks, number)
        delays = sorted(delay for desk in desks for delay in desk.delays)
        late.append(delays[int(len(delays) * 0.95)])
        server.append(1e6 * (processor_seconds(city) - before[0]) / len(delays))
        generator.append(1e6 * (time.process_time() - before[1]) / len(delays))
    is_met &= report(measure(f"event to page p95, {DESKS} pages", "", "ms", late, at_most=100))
    report(measure(f"event to page: processor of the server, {DESKS} pages", "", "µs", server))
    # It reads on the same machine, one page after the other.
    print(f"processor of the pages themselves: {median(generator):.0f} µs an event and page")
    first, began = number + 1, time.monotonic()
    await asyncio.to_thread(_stop, city)
    for _ in range(EVENTS_DURING_RESTART):
        number += 1
        announce(redis, number)
    await asyncio.to_thread(_start, city)
    restarted = time.monotonic()
    await _until_all(redis, desks, number)
    back = time.monotonic() - restarted
    lost = sum(set(range(first, number + 1)) - set(desk.numbers) != set() for desk in desks)
    print(f"restart: {restarted - began:.1f} s without a server, pages that lost an event: {lost}")
    is_met &= report(measure(f"all pages back after a restart, {DESKS} pages", "", "s", [back], at_most=15))
    for task in following:
        task.cancel()
    return is_met and lost == 0


async def _until_all(redis: "Redis", desks: list[Desk], number: int) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while missing := sum(number not in desk.numbers for desk in desks):
            # A page that connected after the first event waits for another one.
            if number == 0:
                announce(redis, 0)
                await asyncio.sleep(1.0 + missing / 1000)
            await asyncio.sleep(0.02)


def _stop(city: City) -> None:
    server = city.processes.pop("events")
    server.terminate()
    server.wait(15)


def _start(city: City) -> None:
    city.start("events", EVENTS)
    until("the events process answers", lambda: _is_up(city), 60)


def _is_up(city: City) -> bool:
    try:
        return requests.get(f"{city.web}/healthz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def main() -> int:
    print(f"## {DESKS} open pages on one events process")
    with own_redis() as redis_url, Redis.from_url(redis_url) as redis:
        city = found_city(redis_url)
        try:
            _start(city)
            return 0 if asyncio.run(story(city, redis)) else 1
        finally:
            close_city(city)


if __name__ == "__main__":
    sys.exit(main())
