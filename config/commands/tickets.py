import shutil
import sys
import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import BinaryIO

import click

from config.commands.context import DayParameter, open_components, report_errors
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine
from hotline.rules.text import one_line
from hotline.rules.tickets.cells import Code
from hotline.rules.tickets.rows import ImportRefused, RowProblem
from hotline.services.tickets.export import export_tickets
from hotline.services.tickets.import_file import import_tickets


@click.group()
def tickets() -> None:
    """Imports tickets from files and exports them."""


# The codes that do not explain themselves.
_EXPLANATIONS = {
    Code.OPEN_QUOTE: "a quotation mark is opened here and never closed",
    Code.SWALLOWED_LINES: "a quotation mark is opened here, and the text up to the next one contains whole lines of the file",
    Code.SHORTENED_NUMBER: "a spreadsheet kept only some digits; format the column as text and export again",
    Code.IN_FUTURE: "lies in the future",
    Code.TOO_FAR_AHEAD: "more than five years ahead",
    Code.TOO_LONG_AGO: "before 1983",
    Code.CLOSED_UNIT: "the unit is closed; the open ticket waits for a desk",
    Code.UNKNOWN_UNIT: "neither code nor Chinese name of a unit in units.toml",
    Code.NOT_UTF8: "bytes that are no text in the encoding of the file",
    Code.OLD_EXCEL: "an old or protected workbook; save it as .xlsx or CSV without a password",
    Code.BROKEN_WORKBOOK: "this is no readable .xlsx workbook",
    Code.TOO_LARGE: "the workbook unpacks to more than 512 MB; save it as CSV",
    Code.SECOND_SHEET: "a further sheet has the same columns; put the rows on one sheet",
}


@tickets.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--skip-bad", is_flag=True, help="Import the valid rows even if other rows are not valid.")
@report_errors
def import_file(file: BinaryIO, skip_bad: bool) -> None:
    """Imports FILE (CSV or XLSX); importing it again changes nothing.

    A CSV file may be UTF-8, UTF-16 or GB18030. The columns, in any order and also by their Chinese names:
    external_number, received_at, channel, type, category, title, text, caller_number, unit, closed_at, due_at,
    first_contact_at, solved, satisfied. Further columns that an export writes may be missing.
    """
    try:
        with open_components().application.unit_of_work(Machine.SYSTEM) as work:
            result = import_tickets(work, file, skip_bad=skip_bad)
    except ImportRefused as refused:
        _print_problems(refused.problems)
        click.echo(f"nothing was imported; rows read {refused.rows}, refused {refused.bad_rows}", err=True)
        sys.exit(1)
    _print_problems((*result.problems, *result.warnings))
    click.echo(
        f"imported {result.written}, known before {result.known}, refused {result.bad_rows}; rows read {result.rows}"
    )


def _print_problems(problems: Iterable[RowProblem]) -> None:
    for problem in problems:
        # A header in the wrong encoding is no text for a terminal.
        name = f"{one_line(problem.field)[:80]}: " if problem.field else ""
        explained = f" ({_EXPLANATIONS[problem.code]})" if problem.code in _EXPLANATIONS else ""
        click.echo(f"line {problem.line}: {name}{problem.code.value}{explained}", err=True)


@tickets.command("export")
@click.option("--from", "first", required=True, type=DayParameter(), help="First day.")
@click.option("--to", "last", required=True, type=DayParameter(), help="Last day, included.")
@click.option(
    "-o", "output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write."
)
@click.option("--received-only", is_flag=True, help="Write the tickets received in the period alone.")
@report_errors
def export_file(first: date, last: date, output: Path, received_only: bool) -> None:
    """Writes the tickets of the period as CSV; callers' numbers are masked.

    These are the tickets received, handed off, due, closed or followed up in the period, and their later rounds: an import into
    another home gives the same report of the period.
    """
    if last < first:
        raise click.BadParameter("is before --from", param_hint="--to")
    components = open_components()
    try:
        # An older file of this name is overwritten only when the new one is complete.
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as draft:
            with components.application.unit_of_work(Machine.SYSTEM) as work:
                written = export_tickets(work, Period(first, last), draft, received_only=received_only)
            draft.seek(0)
            with output.open("w", encoding="utf-8", newline="") as target:
                shutil.copyfileobj(draft, target)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None
    click.echo(f"exported {written}")
