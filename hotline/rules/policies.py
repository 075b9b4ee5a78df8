"""The city's own limits, read once from TOML by `config` and handed to every Work. Times are seconds unless a field says otherwise.

Sources of the defaults: domain notes of the trade (15 s answer: GB/T 33358-2016; 5 working days: Shandong
2020; acknowledge and contact: Tianjin 2025, Zhengzhou 2017). Where no authority was found the value is
practice, and `config/*.toml` says so beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from hotline.rules.enums import RequestType, Urgency


class DeadlineStage(StrEnum):
    """The three clocks of an assignment."""

    ACKNOWLEDGE = "acknowledge"
    CONTACT = "contact"
    RESOLVE = "resolve"


class TimeUnit(StrEnum):
    """How a limit is counted."""

    MINUTE = "minute"
    HOUR = "hour"
    BUSINESS_DAY = "business_day"
    CALENDAR_DAY = "calendar_day"


@dataclass(frozen=True, slots=True)
class Limit:
    """`amount` of `unit`, counted from the start event."""

    amount: int
    unit: TimeUnit


@dataclass(frozen=True, slots=True)
class DeadlinePolicy:
    """One version of the legal clock. `limits` is looked up by (stage, urgency), a type's own limit first."""

    name: str
    limits: dict[tuple[DeadlineStage, Urgency], Limit]
    by_type: dict[tuple[DeadlineStage, RequestType], Limit]
    """Stricter or looser limits of one request type at normal urgency."""

    def limit(self, stage: DeadlineStage, kind: RequestType, urgency: Urgency) -> Limit:
        if urgency is Urgency.NORMAL and (stage, kind) in self.by_type:
            return self.by_type[stage, kind]
        return self.limits[stage, urgency]


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """How callers wait and desks ring."""

    name: str
    max_size: int
    ring_seconds: int
    """How long one desk rings before the next is tried."""
    offer_callback_after: int
    """Waiting time in seconds after which a callback is offered in the wait document."""
    abandon_threshold: int
    """Waits shorter than this before hanging up are not counted as abandoned; 0 counts all."""
    wrap_up_seconds: int
    presence_timeout: int
    """Seconds without a sign of life after which a desk counts as gone."""


@dataclass(frozen=True, slots=True)
class DialPolicy:
    """How we phone people: how often, how far apart, at which local hours."""

    attempts: int
    spacing_seconds: int
    ring_seconds: int
    from_hour: int
    """First local hour (0-23) at which a phone may ring; equal to `to_hour`: at any hour."""
    to_hour: int
    delay_seconds: int
    """From the promise to the first attempt."""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """From `start` until before `end`, both in minutes after local midnight; 24:00 is 1440."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Opening hours by kind of day: working days (made-up weekends included), ordinary days off, public holidays."""

    workdays: tuple[OpeningHours, ...]
    days_off: tuple[OpeningHours, ...]
    holidays: tuple[OpeningHours, ...]


@dataclass(frozen=True, slots=True)
class LookupSource:
    """A system of the city's own that flows may ask: where, signed with what, and how long a caller waits for it."""

    url: str
    secret: str
    seconds: int


@dataclass(frozen=True, slots=True)
class CallerPolicy:
    """What the city has decided about the caller's side."""

    inbound: str
    """The name of the flow that answers whoever phones us, unless another has been published."""
    schedules: Mapping[str, Schedule]
    numbers: Mapping[str, str]
    """Whom callers can be connected to: name in the flows -> E.164."""
    lookups: Mapping[str, LookupSource]
    skills: frozenset[str]
    skill_patience: int
    """Seconds after which a caller who waits for a skill is offered to anybody."""
    calls_per_hour: int
    """More calls of one number within an hour make it `often`."""
    code_tries_per_call: int
    code_tries_per_hour: int
    """Wrong codes after which a call, and a number or a ticket within the hour, is refused an answer."""
    code_tries_withheld: int
    """The same for all who withhold their number together: nothing tells one of them from another."""
    record_talks: bool
    hear_words: bool
    """Whether the carrier recognises speech, so that words may stand for keys."""


@dataclass(frozen=True, slots=True)
class Policies:
    """All of the city's own limits."""

    zone: ZoneInfo
    number: str
    """The hotline's own number, E.164."""
    deadlines: DeadlinePolicy
    queue: QueuePolicy
    callbacks: DialPolicy
    follow_ups: DialPolicy
    callers: CallerPolicy
