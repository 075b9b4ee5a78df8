import sys
from datetime import date

import click

from agent_console.reports.files import FORMATS, render
from config.commands.context import DayParameter, open_components, report_errors
from hotline.rules.figures.report import Period
from hotline.services.figures.reports import build_report


@click.group()
def report() -> None:
    """Prints statistics, each rate with its numerator and denominator."""


@report.command("daily")
@click.option("--date", "day", type=DayParameter(), help="The day; today until now if not given.")
@click.option("--format", "fmt", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@report_errors
def daily(day: date | None, fmt: str) -> None:
    """Prints the report of one day, counted from the rows as they are now."""
    if fmt == "xlsx" and sys.stdout.isatty():
        raise click.UsageError("a terminal cannot show a workbook: … --format xlsx > report.xlsx")
    components = open_components()
    application = components.application
    at = application.clock()
    chosen = day or at.astimezone(application.policies.zone).date()
    with application.read_session() as session:
        written = build_report(
            session,
            Period(chosen, chosen),
            at=at,
            policies=application.policies,
            claims=components.city.data.claims,
        )
    text = render(written, fmt, components.settings.locale)
    click.echo(text, nl=fmt == "text")
