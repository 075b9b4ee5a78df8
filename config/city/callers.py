"""callers.toml -> `hotline.rules.policies.CallerPolicy`: opening hours, numbers, limits of the caller's side."""

import re
from importlib.resources.abc import Traversable

from config.city.toml_file import Table, open_table
from hotline.rules.policies import CallerPolicy, LookupSource, OpeningHours, Schedule

_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_E164 = re.compile(r"\+[1-9]\d{5,14}")


def read_callers(file: Traversable) -> CallerPolicy:
    """Return what the city has decided. Raises BadFile naming file, key and reason."""
    root = open_table(file)
    skills = root.table("skills")
    policy = CallerPolicy(
        inbound=root.text("inbound", 40),
        schedules={name: _schedule(table) for name, table in _named(root.table("schedules"))},
        numbers=_numbers(root.table("numbers")),
        lookups={name: _lookup(table) for name, table in _named(root.table("lookups"))},
        skills=frozenset(skills.texts("names", 40)),
        skill_patience=skills.whole("patience", 0, 3600),
        calls_per_hour=root.whole("calls_per_hour", 1, 10_000),
        code_tries_per_call=root.whole("code_tries_per_call", 1, 10),
        code_tries_per_hour=root.whole("code_tries_per_hour", 1, 1000),
        code_tries_withheld=root.whole("code_tries_withheld", 1, 1000),
        record_talks=root.truth("record_talks"),
        hear_words=root.truth("hear_words"),
    )
    skills.done()
    root.done()
    return policy


def _named(table: Table) -> list[tuple[str, Table]]:
    for name in table.keys():  # noqa: SIM118 - a Table is not a mapping
        if not _NAME.fullmatch(name):
            raise table.error(name, "names are small letters, digits and _")
    return [(name, table.table(name)) for name in table.keys()]  # noqa: SIM118 - same


def _schedule(table: Table) -> Schedule:
    days = {key: _windows(table, key) for key in ("workdays", "days_off", "holidays")}
    table.done()
    return Schedule(**days)


def _windows(table: Table, key: str) -> tuple[OpeningHours, ...]:
    """Return the windows of one kind of day, in order. Raises BadFile for one that is empty or laps over another."""
    windows: list[OpeningHours] = []
    for text in table.texts(key, 11, may_be_empty=True):
        match = _WINDOW.fullmatch(text)
        if match is None:
            raise table.error(key, f'"{text}" must read like "08:30-12:00"; the end of a day is 24:00')
        hour, minute, to_hour, to_minute, midnight, _ = match.groups()
        window = OpeningHours(
            int(hour) * 60 + int(minute), int(midnight or to_hour) * 60 + int(to_minute or 0)
        )
        if window.end <= window.start:
            raise table.error(
                key, f'"{text}" ends before it begins; past midnight write two: until 24:00, from 00:00'
            )
        if windows and window.start < windows[-1].end:
            raise table.error(key, f'"{text}" laps over the one before it, or is out of order')
        windows.append(window)
    return tuple(windows)


def _numbers(table: Table) -> dict[str, str]:
    numbers = {name: table.text(name, 20) for name in table.keys()}  # noqa: SIM118 - a Table is not a mapping
    for name, number in numbers.items():
        if not _E164.fullmatch(number):
            raise table.error(name, f'must be a full number such as "+865370000110", not "{number}"')
    return numbers


def _lookup(table: Table) -> LookupSource:
    url = table.text("url", 500)
    if not url.startswith(("https://", "http://")):
        raise table.error("url", "must begin with https:// (or http:// on your own network)")
    source = LookupSource(url, table.text("secret", 200), table.whole("seconds", 1, 30))
    table.done()
    return source
