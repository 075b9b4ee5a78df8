"""The city's configured limits, read from TOML by `config` and carried by every unit of work.

Times are seconds unless a field says otherwise. Sources of the defaults: 15 s to answer: GB/T 33358-2016; 5
working days: Shandong 2020; acknowledge and contact: Tianjin 2025, Zhengzhou 2017. Where no authority was
found the value is common practice, and the comment beside it in the TOML file says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hotline.rules.enums import RequestType, Role, Urgency

# A browser session ends after this time without use, unless the installation sets another.
IDLE_LIMIT = timedelta(hours=12)


class DeadlineStage(StrEnum):
    """The three deadlines of an assignment."""

    ACKNOWLEDGE = "acknowledge"
    CONTACT = "contact"
    RESOLVE = "resolve"


class TimeUnit(StrEnum):
    """The unit in which a limit is counted."""

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
    """The deadlines in force. `limits` is keyed by (stage, urgency); a request type's own limit comes first."""

    name: str
    limits: dict[tuple[DeadlineStage, Urgency], Limit]
    # Stricter or looser limits of one request type at normal urgency.
    by_type: dict[tuple[DeadlineStage, RequestType], Limit]

    def limit(self, stage: DeadlineStage, kind: RequestType, urgency: Urgency) -> Limit:
        if urgency is Urgency.NORMAL and (stage, kind) in self.by_type:
            return self.by_type[stage, kind]
        return self.limits[stage, urgency]


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """Limits of the waiting queue and of ringing desks."""

    name: str
    max_size: int
    # How long one desk rings before the next one is tried.
    ring_seconds: int
    # Waiting time in seconds after which the wait document offers a callback.
    offer_callback_after: int
    # Waits that end before this many seconds are not counted as abandoned; 0 counts all.
    abandon_threshold: int
    wrap_up_seconds: int
    # Seconds without a heartbeat after which a desk counts as gone.
    presence_timeout: int


@dataclass(frozen=True, slots=True)
class DialPolicy:
    """Limits of outbound calls: attempts, spacing, and the local hours in which a phone may ring."""

    attempts: int
    spacing_seconds: int
    ring_seconds: int
    # First local hour (0-23) in which a phone may ring; equal to `to_hour`: at any hour.
    from_hour: int
    to_hour: int
    # From the promise to the first attempt.
    delay_seconds: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """From `start` until before `end`, both in minutes after local midnight; 24:00 is 1440."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Opening hours for working days (make-up weekends included), ordinary days off and public holidays."""

    workdays: tuple[OpeningHours, ...]
    days_off: tuple[OpeningHours, ...]
    holidays: tuple[OpeningHours, ...]


@dataclass(frozen=True, slots=True)
class LookupSource:
    """A system of the city that flows may query; `seconds` is how long a caller waits for the answer."""

    url: str
    secret: str
    seconds: int


@dataclass(frozen=True, slots=True)
class CallerPolicy:
    """The city's settings for callers."""

    # Name of the flow that answers incoming calls unless another one has been published.
    inbound: str
    schedules: Mapping[str, Schedule]
    # Transfer targets: name used in flows -> E.164.
    numbers: Mapping[str, str]
    lookups: Mapping[str, LookupSource]
    skills: frozenset[str]
    # Seconds after which a caller who waits for a skill is offered to any operator.
    skill_patience: int
    # A number with more calls than this within an hour matches the caller condition `often`.
    calls_per_hour: int
    # Numbers that several people phone from (switchboards), E.164: exempt from `calls_per_hour`, and each call may
    # be promised a callback of its own.
    shared_numbers: frozenset[str]
    # Wrong access codes after which the call gets no answer.
    code_tries_per_call: int
    # Wrong access codes per hour after which a number or a ticket gets no answer.
    code_tries_per_hour: int
    # The same limit for all withheld numbers together, because they cannot be told apart.
    code_tries_withheld: int
    record_talks: bool
    # Whether the carrier recognises speech, so that words may stand for keys.
    hear_words: bool


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """Days for which finished work is kept: a delivery or a session after its end, a program's key after its use.

    The sound of a recording, and the details of a call, are kept so many days from the call on.
    """

    delivery_days: int = 30
    sign_in_days: int = 30
    # A request that is repeated later than this creates a second ticket.
    idempotency_key_days: int = 30
    recording_days: int = 730
    call_days: int = 1095


class ProviderAccounts(StrEnum):
    """The accounts into which the identity provider logs people in."""

    # Those that an administrator has linked to a subject of the provider.
    LINKED = "linked"
    # Also those whose log-in name is the claimed one; they are linked then.
    NAMED = "named"
    # Also people without an account, who get one with the claimed role and unit.
    NEW = "new"


class LocalLogIn(StrEnum):
    """The accounts that may log in without the identity provider, where there is one."""

    ALL = "all"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class AccountPolicy:
    """The city's rules for accounts and their passwords."""

    min_password_length: int = 8
    # Kinds of characters that a password holds at least: lower case, upper case, digits, others.
    password_kinds: int = 1
    # Days after which a password must be changed; 0: never.
    password_days: int = 0
    # Hours for which a link that sets a password is valid.
    link_hours: int = 72
    # Wrong passwords in a row after which an account is locked, and for how many minutes.
    lock_after: int = 10
    lock_minutes: int = 15
    # Whether an administrator may have one duty only (三员分立).
    separate_duties: bool = False
    # Roles that log in with a second factor; others may have one.
    second_factor_roles: frozenset[Role] = frozenset()
    # Minutes after which a dangerous step asks for the password or the second factor again; 0: never.
    reauthenticate_minutes: int = 0
    # The rest matters where the city has an identity provider.
    provider_accounts: ProviderAccounts = ProviderAccounts.NAMED
    local_log_in: LocalLogIn = LocalLogIn.ALL
    # Log-in names of accounts that log in with their password alone, while the provider is away too.
    emergency_accounts: frozenset[str] = frozenset()

    def may_log_in_locally(self, name: str) -> bool:
        """Returns whether `name` may log in with a password or passkey although there is an identity provider."""
        return self.local_log_in is LocalLogIn.ALL or name in self.emergency_accounts


@dataclass(frozen=True, slots=True)
class Policies:
    """All configured limits of the city."""

    zone: ZoneInfo
    # The hotline's own number, E.164.
    number: str
    deadlines: DeadlinePolicy
    queue: QueuePolicy
    callbacks: DialPolicy
    follow_ups: DialPolicy
    callers: CallerPolicy
    retention: RetentionPolicy = RetentionPolicy()
    accounts: AccountPolicy = AccountPolicy()
    # The published version of the city's data that they belong to; 0: none has been published.
    version: int = 0
