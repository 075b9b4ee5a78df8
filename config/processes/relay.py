"""The relay of the acting scheduler: hands deliveries to RQ as soon as their events are committed.

It runs in a thread of its own, so that no periodic job stands between an event and its reaction.
"""

import threading

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from hotline import outbox
from hotline.gateways.live import WAKE_LIST
from hotline.rules.failures import failure_reason
from hotline.unit_of_work import Application

# Events of which Redis told nothing are looked for this often.
WAIT_SECONDS = 1


def relay_once(application: Application, enqueue: outbox.Enqueue) -> outbox.Relayed:
    """Relays a batch of unrelayed events and hands the deliveries that are due to RQ."""
    relayed = outbox.relay(application)
    if relayed.due:
        try:
            enqueue(relayed.due)
        except RedisError:
            outbox.take_back(application, relayed.due)
            raise
    return relayed


def run_relay(
    application: Application,
    redis: Redis,
    enqueue: outbox.Enqueue,
    is_acting: threading.Event,
    stop: threading.Event,
) -> None:
    """Relays while `is_acting` is set, until `stop` is set. A failure of Redis or the database is logged and tried again."""
    while not stop.is_set():
        if not is_acting.wait(WAIT_SECONDS):
            continue
        try:
            if not relay_once(application, enqueue).is_full:
                # Less than a second when a process announces an event that has reactions.
                redis.blpop([WAKE_LIST], timeout=WAIT_SECONDS)
        except (RedisError, SQLAlchemyError) as trouble:
            log_trouble(trouble)
            stop.wait(WAIT_SECONDS)


def log_trouble(trouble: Exception) -> None:
    """Logs that Redis or the database does not answer the scheduler."""
    structlog.get_logger().error(
        "clock.trouble", trouble=type(trouble).__name__, reason=failure_reason(trouble)
    )
