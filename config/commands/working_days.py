import sys
from typing import BinaryIO

import click

from config.commands.context import open_components, report_errors
from hotline.rules.people.actors import Machine
from hotline.services import calendar as days


@click.group()
def calendar() -> None:
    """Sets and shows the working days that deadlines are counted in."""


@calendar.command("import")
@click.argument("file", type=click.File("rb"))
@report_errors
def import_calendar(file: BinaryIO) -> None:
    """Sets the days of FILE (CSV or XLSX) with the columns `day,is_working,note`."""
    try:
        with open_components().application.unit_of_work(Machine.SYSTEM) as work:
            count = days.import_days(work, file)
    except days.CalendarRefused as refused:
        for problem in refused.problems:
            click.echo(f"line {problem.line}: {problem.code}", err=True)
        click.echo("nothing was imported", err=True)
        sys.exit(1)
    click.echo(f"set {count} days")


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
