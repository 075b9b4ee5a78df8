import sys
from datetime import date
from pathlib import Path
from typing import BinaryIO

import click

from config.commands.context import DayParameter, open_components, report_errors
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine
from hotline.services.tickets.export import export_tickets
from hotline.services.tickets.import_file import ImportRefused, import_tickets


@click.group()
def tickets() -> None:
    """Imports tickets from files and exports them."""


@tickets.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--skip-bad", is_flag=True, help="Import the valid rows even if other rows are not valid.")
@report_errors
def import_file(file: BinaryIO, skip_bad: bool) -> None:
    """Imports the CSV FILE; importing it again changes nothing."""
    try:
        with open_components().application.unit_of_work(Machine.SYSTEM) as work:
            result = import_tickets(work, file, skip_bad=skip_bad)
    except ImportRefused as refused:
        for problem in refused.problems:
            _print_problem(problem.line, problem.field, problem.code.value)
        click.echo("nothing was imported", err=True)
        sys.exit(1)
    for problem in result.problems:
        _print_problem(problem.line, problem.field, problem.code.value)
    click.echo(f"imported {result.written}, known before {result.known}, refused {result.bad_rows}")


def _print_problem(line: int, field: str, code: str) -> None:
    click.echo(f"line {line}: {field + ': ' if field else ''}{code}", err=True)


@tickets.command("export")
@click.option("--from", "first", required=True, type=DayParameter(), help="First day of receipt.")
@click.option("--to", "last", required=True, type=DayParameter(), help="Last day of receipt, included.")
@click.option(
    "-o", "output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write."
)
@report_errors
def export_file(first: date, last: date, output: Path) -> None:
    """Writes the tickets received in the period as CSV; callers' numbers are masked."""
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
