"""The file callers.toml: opening hours, numbers and limits for callers, as `hotline.rules.policies.CallerPolicy`."""

import re
from collections.abc import Mapping
from typing import Annotated

from annotated_types import MinLen
from pydantic import AfterValidator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from config.city.toml_file import TomlInteger, TomlSource, TomlTable, TomlText, Truth
from config.validation import expected
from hotline.rules.phone_numbers import parse_number
from hotline.rules.policies import CallerPolicy, LookupSource, OpeningHours, Schedule

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")


def _opening_hours(value: object) -> tuple[OpeningHours, ...]:
    """Returns the opening hours of one kind of day, in order. Hours that are empty or overlap are an error."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise PydanticCustomError("hours", 'must be a list of texts such as "08:30-12:00"')
    found: list[OpeningHours] = []
    for each in value:
        match = _HOURS.fullmatch(each)
        if match is None:
            raise _hours_error(each, 'must read like "08:30-12:00"; the end of a day is 24:00')
        hour, minute, to_hour, to_minute, midnight, _ = match.groups()
        hours = OpeningHours(
            int(hour) * 60 + int(minute), int(midnight or to_hour) * 60 + int(to_minute or 0)
        )
        if hours.end <= hours.start:
            raise _hours_error(
                each, "ends before it begins; past midnight write two: until 24:00, from 00:00"
            )
        if found and hours.start < found[-1].end:
            raise _hours_error(each, "laps over the one before it, or is out of order")
        found.append(hours)
    return tuple(found)


def _hours_error(hours: str, why: str) -> PydanticCustomError:
    return PydanticCustomError("hours", '"{hours}" {why}', {"hours": hours, "why": why})


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise PydanticCustomError("name", "names are small letters, digits and _")
    return value


def _http_url(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise PydanticCustomError("url", "must begin with https:// (or http:// on your own network)")
    return value


def _stored_spelling(value: str) -> str:
    # A caller's number is compared with the list as it is stored: another spelling would match no call.
    if parse_number(value) != value:
        raise PydanticCustomError("number", "is not E.164")
    return value


Hours = Annotated[tuple[OpeningHours, ...], PlainValidator(_opening_hours)]
Name = Annotated[str, AfterValidator(_name)]
PhoneNumber = Annotated[
    str,
    Field(strict=True, pattern=r"^\+[1-9][0-9]{5,14}$"),
    expected('a full number such as "+865370000110"'),
]
SharedNumber = Annotated[
    str,
    AfterValidator(_stored_spelling),
    expected('a telephone number as it is stored, such as "+865374400000"'),
]


class ScheduleTable(TomlTable):
    workdays: Hours
    days_off: Hours
    holidays: Hours


class LookupTable(TomlTable):
    url: Annotated[str, TomlText(500), AfterValidator(_http_url)]
    secret: Annotated[str, TomlText(200)]
    seconds: Annotated[int, TomlInteger(1, 30)]


class SkillsTable(TomlTable):
    names: Annotated[
        tuple[Annotated[str, TomlText(40)], ...], MinLen(1), expected("a list of texts of 1 to 40 characters")
    ]
    patience: Annotated[int, TomlInteger(0, 3600)]


class CallersFile(TomlTable):
    inbound: Annotated[str, TomlText(40)]
    schedules: Mapping[Name, ScheduleTable]
    numbers: Mapping[str, PhoneNumber]
    lookups: Mapping[Name, LookupTable]
    skills: SkillsTable
    calls_per_hour: Annotated[int, TomlInteger(1, 10_000)]
    shared_numbers: tuple[SharedNumber, ...] = ()
    code_tries_per_call: Annotated[int, TomlInteger(1, 10)]
    code_tries_per_hour: Annotated[int, TomlInteger(1, 1000)]
    code_tries_withheld: Annotated[int, TomlInteger(1, 1000)]
    record_talks: Truth
    hear_words: Truth


def read_callers(source: TomlSource) -> CallerPolicy:
    """Returns the city's decisions about callers. Raises BadFile naming file, key and reason."""
    content = source.read(CallersFile)
    return CallerPolicy(
        inbound=content.inbound,
        schedules={
            name: Schedule(table.workdays, table.days_off, table.holidays)
            for name, table in content.schedules.items()
        },
        numbers=dict(content.numbers),
        lookups={
            name: LookupSource(table.url, table.secret, table.seconds)
            for name, table in content.lookups.items()
        },
        skills=frozenset(content.skills.names),
        skill_patience=content.skills.patience,
        calls_per_hour=content.calls_per_hour,
        shared_numbers=frozenset(content.shared_numbers),
        code_tries_per_call=content.code_tries_per_call,
        code_tries_per_hour=content.code_tries_per_hour,
        code_tries_withheld=content.code_tries_withheld,
        record_talks=content.record_talks,
        hear_words=content.hear_words,
    )
