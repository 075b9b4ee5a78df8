import sys
from typing import BinaryIO

import click

from config.city.text import with_days
from config.commands.city import checked_or_exit, publish_or_exit, read_in_force
from config.commands.context import open_components, report_errors
from hotline.rules.city import CityKind, DayEntry
from hotline.rules.people.actors import Machine
from hotline.services import calendar as days
from hotline.services.city import consequences

# Deadlines that are listed one by one.
SHOWN = 50


@click.group()
def calendar() -> None:
    """Sets and shows the working days that deadlines are counted in."""


@calendar.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--note", default="", help="Why; it stands in the history.")
@report_errors
def import_calendar(file: BinaryIO, note: str) -> None:
    """Sets the days of FILE (CSV or XLSX) with the columns `day,is_working,note`; they become a published version."""
    listed = _read_or_exit(file)
    components = open_components()
    _, texts = read_in_force(components.application)
    changed = with_days(texts.get(CityKind.CALENDAR, ""), listed)
    publish_or_exit(components, {**texts, CityKind.CALENDAR: changed}, note)


@calendar.command("preview")
@click.argument("file", type=click.File("rb"))
@report_errors
def preview(file: BinaryIO) -> None:
    """Shows which open deadlines the days of FILE would move; nothing is published."""
    listed = _read_or_exit(file)
    components = open_components()
    application = components.application
    _, texts = read_in_force(application)
    data = checked_or_exit(
        components,
        {**texts, CityKind.CALENDAR: with_days(texts.get(CityKind.CALENDAR, ""), listed)},
    )
    with application.read_only_unit(Machine.SYSTEM) as work:
        seen = consequences.preview(work, data)
    for moved in seen.moved[:SHOWN]:
        zone = application.policies.zone
        click.echo(
            f"{moved.number}  {moved.was_due_at.astimezone(zone):%Y-%m-%d %H:%M} -> {moved.due_at.astimezone(zone):%Y-%m-%d %H:%M}"
        )
    click.echo(f"{len(seen.moved)} of {seen.open_count} open deadlines would move")


def _read_or_exit(file: BinaryIO) -> tuple[DayEntry, ...]:
    try:
        return days.read_days(file)
    except days.CalendarRefused as refused:
        for problem in refused.problems:
            click.echo(f"line {problem.line}: {problem.code}", err=True)
        click.echo("nothing was imported", err=True)
        sys.exit(1)


@calendar.command("show")
@click.option("--year", type=click.IntRange(1970, 2999), help="List the special days of this year.")
@report_errors
def show(year: int | None) -> None:
    """Shows which years are known, from which source, and which days may still change."""
    with open_components().application.read_session() as session:
        known = days.known_years(session)
        listed = days.listed_days(session, year) if year else ()
    if not known:
        click.echo("no day is known: run hotline migrate, or hotline calendar import FILE")
    for each in known:
        if year in {None, each.year}:
            click.echo(_year_line(each))
    for day in listed:
        kind = "working" if day.is_working else "off"
        click.echo(f"{day.day} {day.day:%a}  {kind:8}{day.source:16}{day.note}".rstrip())


def _year_line(known: days.KnownYear) -> str:
    sources = ", ".join(f"{source} {count}" for source, count in sorted(known.sources.items()))
    line = f"{known.year}  {known.days} days, {known.working} working  ({sources})"
    return f"{line}  provisional from {known.provisional_from}" if known.provisional_from else line
