"""The file policies.toml: the city's limits, as `hotline.rules.policies.Policies`."""

import re
from collections.abc import Mapping
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from config.city.toml_file import TomlInteger, TomlSource, TomlTable, TomlText, Truth
from config.validation import expected
from hotline.rules.enums import RequestType, Role, Urgency
from hotline.rules.people.accounts import MAX_NAME
from hotline.rules.policies import (
    AccountPolicy,
    CallerPolicy,
    DeadlinePolicy,
    DeadlineStage,
    DialPolicy,
    Limit,
    LocalLogIn,
    Policies,
    ProviderAccounts,
    QueuePolicy,
    RetentionPolicy,
    TimeUnit,
)

_LIMIT = re.compile(r"([1-9]\d{0,4}) (minute|hour|business_day|calendar_day)s?")
_DAY = 86_400
_RETENTION = RetentionPolicy()
_ACCOUNTS = AccountPolicy()


def _limit(value: object) -> Limit:
    match = _LIMIT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise PydanticCustomError(
            "limit",
            'must read like "5 business_days", "24 hours" or "15 minutes", not "{value}"',
            {"value": str(value)},
        )
    return Limit(int(match[1]), TimeUnit(match[2]))


TimeLimit = Annotated[Limit, PlainValidator(_limit)]
Stage = Annotated[DeadlineStage, expected(f"one of {', '.join(DeadlineStage)}")]
Type = Annotated[RequestType, expected(f"one of {', '.join(RequestType)}")]

AccountRole = Annotated[Role, expected(f"one of {', '.join(Role)}")]


class LimitsTable(TomlTable):
    """Limits by urgency."""

    normal: TimeLimit
    urgent: TimeLimit
    critical: TimeLimit


class StagesTable(TomlTable):
    acknowledge: LimitsTable
    contact: LimitsTable
    resolve: LimitsTable


class DeadlinesTable(TomlTable):
    name: Annotated[str, TomlText(40)]
    limits: StagesTable
    by_type: Mapping[Stage, Mapping[Type, TimeLimit]]


class QueueTable(TomlTable):
    name: Annotated[str, TomlText(64)]
    max_size: Annotated[int, TomlInteger(1, 5000)]
    ring_seconds: Annotated[int, TomlInteger(5, 120)]
    offer_callback_after: Annotated[int, TomlInteger(0, 3600)]
    abandon_threshold: Annotated[int, TomlInteger(0, 60)]
    wrap_up_seconds: Annotated[int, TomlInteger(0, 3600)]
    presence_timeout: Annotated[int, TomlInteger(20, 600)]


class DialTable(TomlTable):
    attempts: Annotated[int, TomlInteger(1, 20)]
    spacing_seconds: Annotated[int, TomlInteger(1, 7 * _DAY)]
    ring_seconds: Annotated[int, TomlInteger(5, 600)]
    from_hour: Annotated[int, TomlInteger(0, 23)]
    to_hour: Annotated[int, TomlInteger(0, 24)]
    delay_seconds: Annotated[int, TomlInteger(0, 7 * _DAY)]


class RetentionTable(TomlTable):
    # Not below the week for which typed forms are kept: they name a session that is over.
    delivery_days: Annotated[int, TomlInteger(7, 3650)] = _RETENTION.delivery_days
    sign_in_days: Annotated[int, TomlInteger(7, 3650)] = _RETENTION.sign_in_days
    idempotency_key_days: Annotated[int, TomlInteger(7, 3650)] = _RETENTION.idempotency_key_days
    recording_days: Annotated[int, TomlInteger(30, 36_500)] = _RETENTION.recording_days
    # The cybersecurity law (art. 21) asks for six months of logs.
    call_days: Annotated[int, TomlInteger(180, 36_500)] = _RETENTION.call_days


class AccountsTable(TomlTable):
    min_password_length: Annotated[int, TomlInteger(8, 64)] = _ACCOUNTS.min_password_length
    password_kinds: Annotated[int, TomlInteger(1, 4)] = _ACCOUNTS.password_kinds
    password_days: Annotated[int, TomlInteger(0, 3650)] = _ACCOUNTS.password_days
    link_hours: Annotated[int, TomlInteger(1, 720)] = _ACCOUNTS.link_hours
    lock_after: Annotated[int, TomlInteger(3, 100)] = _ACCOUNTS.lock_after
    lock_minutes: Annotated[int, TomlInteger(1, 1440)] = _ACCOUNTS.lock_minutes
    separate_duties: Truth = _ACCOUNTS.separate_duties
    second_factor_roles: frozenset[AccountRole] = _ACCOUNTS.second_factor_roles
    reauthenticate_minutes: Annotated[int, TomlInteger(0, 1440)] = _ACCOUNTS.reauthenticate_minutes
    provider_accounts: Annotated[ProviderAccounts, expected(f"one of {', '.join(ProviderAccounts)}")] = (
        _ACCOUNTS.provider_accounts
    )
    local_log_in: Annotated[LocalLogIn, expected("all or emergency")] = _ACCOUNTS.local_log_in
    emergency_accounts: frozenset[Annotated[str, TomlText(MAX_NAME)]] = _ACCOUNTS.emergency_accounts

    @model_validator(mode="after")
    def _check_emergency_accounts(self) -> Self:
        if self.local_log_in is LocalLogIn.EMERGENCY and not self.emergency_accounts:
            raise PydanticCustomError(
                "emergency_accounts",
                'local_log_in = "emergency" needs at least one of emergency_accounts, for when the provider is away',
            )
        return self


class PoliciesFile(TomlTable):
    deadlines: DeadlinesTable
    queue: QueueTable
    callbacks: DialTable
    follow_ups: DialTable
    # A file of an earlier version has no such tables.
    retention: RetentionTable = RetentionTable()
    accounts: AccountsTable = AccountsTable()


def read_policies(source: TomlSource, *, callers: CallerPolicy, zone: ZoneInfo, number: str) -> Policies:
    """Returns the city's limits for the line `number` (E.164). Raises BadFile naming file, key and reason."""
    content = source.read(PoliciesFile)
    return Policies(
        zone=zone,
        number=number,
        deadlines=_deadlines(content.deadlines),
        queue=QueuePolicy(**content.queue.model_dump()),
        callbacks=DialPolicy(**content.callbacks.model_dump()),
        follow_ups=DialPolicy(**content.follow_ups.model_dump()),
        callers=callers,
        retention=RetentionPolicy(**content.retention.model_dump()),
        accounts=AccountPolicy(**content.accounts.model_dump()),
    )


def _deadlines(table: DeadlinesTable) -> DeadlinePolicy:
    return DeadlinePolicy(
        name=table.name,
        limits={
            (stage, urgency): getattr(getattr(table.limits, stage.value), urgency.value)
            for stage in DeadlineStage
            for urgency in Urgency
        },
        by_type={
            (stage, kind): limit for stage, limits in table.by_type.items() for kind, limit in limits.items()
        },
    )
