"""policies*.toml -> `hotline.rules.policies.Policies`. Which file is read follows from HOTLINE_ENV."""

import re
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import TypeVar
from zoneinfo import ZoneInfo

from config.city.toml_file import Table, open_table
from hotline.rules.enums import RequestType, Urgency
from hotline.rules.policies import (
    CallerPolicy,
    DeadlinePolicy,
    DeadlineStage,
    DialPolicy,
    Limit,
    Policies,
    QueuePolicy,
    TimeUnit,
)

_LIMIT = re.compile(r"([1-9]\d{0,4}) (minute|hour|business_day|calendar_day)s?")
_DAY = 86_400
Word = TypeVar("Word", bound=StrEnum)


def read_policies(file: Traversable, *, callers: CallerPolicy, zone: ZoneInfo, number: str) -> Policies:
    """Return the city's limits for the line `number` (E.164). Raises BadFile naming file, key and reason."""
    root = open_table(file)
    policies = Policies(
        zone=zone,
        number=number,
        deadlines=_deadlines(root.table("deadlines")),
        queue=_queue(root.table("queue")),
        callbacks=_dials(root.table("callbacks")),
        follow_ups=_dials(root.table("follow_ups")),
        callers=callers,
    )
    root.done()
    return policies


def _deadlines(table: Table) -> DeadlinePolicy:
    limits = table.table("limits")
    by_type = table.table("by_type")
    policy = DeadlinePolicy(
        name=table.text("name", 40),
        limits={
            (stage, urgency): limit
            for stage in DeadlineStage
            for urgency, limit in _all_limits(limits.table(stage.value), Urgency).items()
        },
        by_type={
            (stage, kind): _limit(by_type.table(stage.value), kind.value)
            for stage in _words(by_type, DeadlineStage)
            for kind in _words(by_type.table(stage.value), RequestType)
        },
    )
    limits.done()
    table.done()
    return policy


def _words(table: Table, kind: type[Word]) -> list[Word]:
    """Return the table's keys as words of `kind`."""
    found = []
    for key in table.keys():  # noqa: SIM118 - a Table is not a mapping
        if key not in {word.value for word in kind}:
            raise table.error(key, f"must be one of {', '.join(kind)}")
        found.append(kind(key))
    return found


def _all_limits(table: Table, kind: type[Word]) -> dict[Word, Limit]:
    found = {word: _limit(table, word.value) for word in kind}
    table.done()
    return found


def _limit(table: Table, key: str) -> Limit:
    text = table.text(key, 40)
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise table.error(key, f'must read like "5 business_days", "24 hours" or "15 minutes", not "{text}"')
    return Limit(int(match[1]), TimeUnit(match[2]))


def _queue(table: Table) -> QueuePolicy:
    policy = QueuePolicy(
        name=table.text("name", 64),
        max_size=table.whole("max_size", 1, 5000),
        ring_seconds=table.whole("ring_seconds", 5, 120),
        offer_callback_after=table.whole("offer_callback_after", 0, 3600),
        abandon_threshold=table.whole("abandon_threshold", 0, 60),
        wrap_up_seconds=table.whole("wrap_up_seconds", 0, 3600),
        presence_timeout=table.whole("presence_timeout", 20, 600),
    )
    table.done()
    return policy


def _dials(table: Table) -> DialPolicy:
    policy = DialPolicy(
        attempts=table.whole("attempts", 1, 20),
        spacing_seconds=table.whole("spacing_seconds", 1, 7 * _DAY),
        ring_seconds=table.whole("ring_seconds", 5, 600),
        from_hour=table.whole("from_hour", 0, 23),
        to_hour=table.whole("to_hour", 0, 24),
        delay_seconds=table.whole("delay_seconds", 0, 7 * _DAY),
    )
    table.done()
    return policy
