"""`hotline tickets import|export`, `hotline calendar import`."""

import sys
from datetime import date
from pathlib import Path
from typing import BinaryIO

import click

from config.commands.context import Day, open_components, plainly
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine
from hotline.services import calendar as days
from hotline.services.tickets.export import export_tickets
from hotline.services.tickets.import_file import ImportRefused, import_tickets


@click.group()
def tickets() -> None:
    """Tickets from and to files."""


@tickets.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--skip-bad", is_flag=True, help="Import the good rows even if there are bad ones.")
@plainly
def import_file(file: BinaryIO, skip_bad: bool) -> None:
    """Import the CSV FILE; importing it again changes nothing."""
    try:
        with open_components().application.unit_of_work(Machine.SYSTEM) as work:
            result = import_tickets(work, file, skip_bad=skip_bad)
    except ImportRefused as refused:
        for problem in refused.problems:
            _tell(problem.line, problem.field, problem.code.value)
        click.echo("nothing was imported", err=True)
        sys.exit(1)
    for problem in result.problems:
        _tell(problem.line, problem.field, problem.code.value)
    click.echo(f"imported {result.written}, known before {result.known}, refused {result.bad_rows}")


def _tell(line: int, field: str, code: str) -> None:
    click.echo(f"line {line}: {field + ': ' if field else ''}{code}", err=True)


@tickets.command("export")
@click.option("--from", "first", required=True, type=Day(), help="First day of receipt.")
@click.option("--to", "last", required=True, type=Day(), help="Last day of receipt, included.")
@click.option(
    "-o", "output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write."
)
@plainly
def export_file(first: date, last: date, output: Path) -> None:
    """Write the tickets received from D to D as CSV; callers' numbers are masked."""
    if last < first:
        raise click.BadParameter("is before --from", param_hint="--to")
    components = open_components()
    try:
        with (
            output.open("w", encoding="utf-8", newline="") as target,
            components.application.unit_of_work(Machine.SYSTEM) as work,
        ):
            written = export_tickets(work, Period(first, last), target)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None
    click.echo(f"exported {written}")


@click.group()
def calendar() -> None:
    """The working days deadlines are counted in."""


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@plainly
def import_calendar(file: Path) -> None:
    """Set the days of the CSV FILE `day,is_working,note`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise click.ClickException(f"{file} cannot be read as UTF-8 text") from None
    try:
        with open_components().application.unit_of_work(Machine.SYSTEM) as work:
            count = days.import_days(work, text)
    except days.CalendarRefused as refused:
        for problem in refused.problems:
            click.echo(f"line {problem.line}: {problem.code}", err=True)
        click.echo("nothing was imported", err=True)
        sys.exit(1)
    click.echo(f"set {count} days")
