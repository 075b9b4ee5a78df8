"""The clock: relays what happened, and looks every few seconds at what is due. `python -m config.processes.scheduler`.

One clock acts at a time, by a lease in the database; a second one waits and takes over when the first falls silent.
"""

import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from config.logs import begin_logging
from config.processes.worker import enqueue_into
from config.settings import settings_or_exit
from config.wiring import Components, build_or_exit
from hotline import outbox
from hotline.gateways.live import WAKE_LIST
from hotline.rules.people.actors import Machine
from hotline.services import leases, retention
from hotline.services.calls import reconciliation
from hotline.services.outbound import callbacks, follow_ups
from hotline.services.queueing import offers, presence
from hotline.unit_of_work import Application, UnitOfWork

LEASE_SECONDS = 5
CONNECT_PATIENCE = timedelta(seconds=20)
"""How long an accepted caller may stay unjoined before they get their place in the queue back."""


@dataclass(frozen=True, slots=True)
class Timer:
    """Run `run` in a Work of its own every `seconds`."""

    name: str
    seconds: int
    run: Callable[[UnitOfWork], int]


TIMERS: tuple[Timer, ...] = (
    Timer("offer_waiting", 1, offers.offer_waiting),
    Timer("plan_callbacks", 1, callbacks.plan_due_dials),
    Timer("plan_follow_ups", 1, follow_ups.plan_due_dials),
    Timer("settle_overdue_offers", 5, offers.settle_overdue_offers),
    Timer(
        "requeue_unconnected", 5, lambda work: offers.requeue_unconnected(work, work.at - CONNECT_PATIENCE)
    ),
    Timer("close_silent_desks", 5, presence.close_silent_desks),
    Timer("flag_long_wrap_ups", 5, presence.flag_long_wrap_ups),
    Timer("take_back_left_alone", 15, reconciliation.return_stranded_callers),
    Timer("free_stuck_desks", 30, reconciliation.free_stuck_desks),
    Timer("doubt_silent_dials", 120, reconciliation.check_silent_dials),
    Timer("doubt_silent_calls", 600, reconciliation.check_silent_calls),
    Timer("forget_old", 3600, retention.delete_expired),
)


@dataclass(slots=True)
class Ticker:
    """Knows which timers are due; a failing timer is logged and comes round again."""

    application: Application
    timers: tuple[Timer, ...] = TIMERS
    last: dict[str, datetime] = field(default_factory=dict)

    def tick(self) -> None:
        for timer in self.timers:
            at = self.application.clock()
            if at - self.last.get(timer.name, datetime.min.replace(tzinfo=at.tzinfo)) < timedelta(
                seconds=timer.seconds
            ):
                continue
            self.last[timer.name] = at
            try:
                with self.application.unit_of_work(Machine.CLOCK) as work:
                    timer.run(work)
            except Exception as trouble:  # noqa: BLE001 - one timer in trouble must not stop the clock
                structlog.get_logger().error("timer.failed", timer=timer.name, trouble=type(trouble).__name__)


def relay_once(application: Application, enqueue: outbox.Enqueue) -> int:
    """Relay the tail of the log and hand what is due to the transport; returns how many parcels went."""
    parcels = outbox.relay(application)
    if parcels:
        enqueue(parcels)
        outbox.record_enqueued(application, parcels)
    return len(parcels)


def run(hotline: Components, stop: threading.Event) -> None:
    """Tick until `stop`. Trouble with Redis or the database is logged and waited out, never fatal."""
    holder = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    enqueue = enqueue_into(hotline.redis)
    ticker = Ticker(hotline.application)
    while not stop.is_set():
        try:
            if _hold(hotline.application, holder):
                ticker.tick()
                if relay_once(hotline.application, enqueue) < outbox.BATCH_SIZE:
                    _wait_for_wake(hotline.redis)
            else:
                stop.wait(1)
        except (RedisError, SQLAlchemyError) as trouble:
            structlog.get_logger().error("clock.trouble", trouble=type(trouble).__name__)
            stop.wait(1)
    with suppress(SQLAlchemyError), hotline.application.unit_of_work(Machine.CLOCK) as work:
        leases.release(work, "clock", holder)


def _hold(application: Application, holder: str) -> bool:
    with application.unit_of_work(Machine.CLOCK) as work:
        return leases.acquire(work, "clock", holder, LEASE_SECONDS)


def _wait_for_wake(redis: Redis) -> None:
    """Wait at most a second, less if somebody has just told something worth reacting to."""
    redis.blpop([WAKE_LIST], timeout=1)


def main() -> int:
    """Run the clock until SIGTERM or SIGINT."""
    settings = settings_or_exit()
    begin_logging(settings.mode)
    hotline = build_or_exit(settings)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run(hotline, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
