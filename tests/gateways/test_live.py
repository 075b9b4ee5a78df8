"""Committed events are announced at once; a Redis that is away neither fails nor delays the request."""

import json
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from hotline import events
from hotline.gateways.addresses import VoiceAddresses, VoiceRoute, conference_name, device
from hotline.gateways.live import (
    MAX_LENGTH,
    PAUSE_AFTER_FAILURE,
    STREAM,
    WAKE_LIST,
    BackgroundAnnouncer,
    RedisAnnouncer,
    announce_nothing,
    announcer_client,
)
from hotline.reactions.registry import has_reactions
from hotline.rules.enums import CallbackReason
from tests.outbox.workers import redis_process

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HANDED_OFF = events.TicketHandedOff(7, "city-management")
QUEUED = events.CallQueued(3)


def read(redis: Redis) -> list[Any]:
    """Returns every message on the stream, the oldest first."""
    entries: Any = redis.xrange(STREAM)
    return [json.loads(fields[b"e"]) for _id, fields in entries]


def test_screens_hear_what_happened_in_its_order(redis: Redis) -> None:
    RedisAnnouncer(redis, has_reactions)(AT, (QUEUED, events.CallbackPromised(5, CallbackReason.REQUESTED)))
    assert read(redis) == [
        [
            {"kind": "CallQueued", "at": AT.isoformat(), "data": {"call_id": 3}},
            {
                "kind": "CallbackPromised",
                "at": AT.isoformat(),
                "data": {"callback_id": 5, "reason": "requested"},
            },
        ]
    ]


def test_the_relay_is_woken_only_by_what_is_reacted_to_and_not_without_end(redis: Redis) -> None:
    announce = RedisAnnouncer(redis, has_reactions)
    announce(AT, (QUEUED,))
    assert redis.llen(WAKE_LIST) == 0
    for _ in range(30):
        announce(AT, (QUEUED, HANDED_OFF))
    assert 1 <= int(redis.llen(WAKE_LIST)) <= 10


def test_events_that_change_no_screen_are_not_announced(redis: Redis) -> None:
    RedisAnnouncer(redis, has_reactions)(AT, (events.CallArrived(1), events.NumberShown(1)))
    assert redis.exists(STREAM) == 0


def test_the_stream_does_not_grow_without_end(redis: Redis) -> None:
    with redis.pipeline(transaction=False) as pipe:
        for _ in range(MAX_LENGTH + 500):
            pipe.xadd(STREAM, {"e": "[]"})
        pipe.execute()
    RedisAnnouncer(redis, has_reactions)(AT, (QUEUED,))
    assert int(redis.xlen(STREAM)) < MAX_LENGTH + 200


def test_a_redis_that_is_away_is_no_error_and_is_not_asked_again_for_a_moment() -> None:
    with tempfile.TemporaryDirectory(prefix="hl-l-") as folder:
        socket_path = Path(folder) / "s"
        announce = RedisAnnouncer(announcer_client(f"unix://{socket_path}"), has_reactions)
        announce(AT, (QUEUED,))
        with redis_process(socket_path), Redis.from_url(f"unix://{socket_path}") as back:
            announce(AT + PAUSE_AFTER_FAILURE - timedelta(milliseconds=1), (QUEUED,))
            assert back.exists(STREAM) == 0
            announce(AT + PAUSE_AFTER_FAILURE, (QUEUED,))
            assert len(read(back)) == 1


def test_the_background_announces_everything_in_its_order_and_wakes_the_relay(redis: Redis) -> None:
    announce = BackgroundAnnouncer(RedisAnnouncer(redis, has_reactions))
    for number in range(50):
        announce(AT, (events.CallQueued(number),))
    announce(AT, (HANDED_OFF,))
    announce.close()
    told = [message for entry in read(redis) for message in entry]
    assert [message["data"].get("call_id") for message in told[:50]] == list(range(50))
    assert (told[50]["kind"], redis.llen(WAKE_LIST)) == ("TicketHandedOff", 1)


def test_what_is_committed_while_redis_is_slow_is_announced_together() -> None:
    told: list[int] = []
    first_is_sent, redis_answers = threading.Event(), threading.Event()

    class SlowRedis(RedisAnnouncer):
        def announce_all(self, committed: Sequence[tuple[datetime, tuple[events.Event, ...]]]) -> None:
            first_is_sent.set()
            redis_answers.wait(5)
            told.append(len(committed))

    announce = BackgroundAnnouncer(SlowRedis(Redis(), has_reactions))
    announce(AT, (QUEUED,))
    assert first_is_sent.wait(5)
    for _ in range(7):
        announce(AT, (QUEUED,))
    redis_answers.set()
    announce.close()
    assert told == [1, 7]


def test_a_background_that_was_closed_begins_again(redis: Redis) -> None:
    announce = BackgroundAnnouncer(RedisAnnouncer(redis, has_reactions))
    for _ in range(2):
        announce(AT, (QUEUED,))
        announce.close()
    assert len(read(redis)) == 2


@pytest.fixture
def deaf() -> Iterator[str]:
    """A Redis that accepts the connection and never answers."""
    with tempfile.TemporaryDirectory(prefix="hl-d-") as folder, socket.socket(socket.AF_UNIX) as server:
        path = Path(folder) / "s"
        server.bind(str(path))
        server.listen(4)
        yield f"unix://{path}"


def test_a_redis_that_hangs_does_not_make_a_caller_wait(deaf: str) -> None:
    done = threading.Event()

    def announce() -> None:
        RedisAnnouncer(announcer_client(deaf), has_reactions)(AT, (QUEUED,))
        done.set()

    threading.Thread(target=announce, daemon=True).start()
    assert done.wait(5)


def test_silence_says_nothing(redis: Redis) -> None:
    announce_nothing(AT, (HANDED_OFF,))
    assert redis.keys("*") == []


def test_every_address_is_under_the_public_url_and_of_its_own() -> None:
    addresses = VoiceAddresses("https://hotline.example:8443")
    every = [addresses.url(route, 7 if "<" in route else "") for route in VoiceRoute]
    assert len(set(every)) == len(every)
    assert all(url.startswith("https://hotline.example:8443/voice/") and url.isascii() for url in every)
    assert all(("/7" in url) == ("<" in route) for route, url in zip(VoiceRoute, every, strict=True))
    with pytest.raises(ValueError, match="do not fit"):
        addresses.url(VoiceRoute.DESK)
    with pytest.raises(ValueError, match="do not fit"):
        addresses.url(VoiceRoute.WAIT, 7)
    assert (device(17), conference_name(3)) == ("client:op_17", "call-3")
