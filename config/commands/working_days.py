import sys
from pathlib import Path

import click

from config.commands.context import open_components, report_errors
from hotline.rules.people.actors import Machine
from hotline.services import calendar as days


@click.group()
def calendar() -> None:
    """Sets the working days that deadlines are counted in."""


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@report_errors
def import_calendar(file: Path) -> None:
    """Sets the days of the CSV FILE with the columns `day,is_working,note`."""
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
