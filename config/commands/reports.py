"""`hotline report daily`: the day's report in a terminal or a file."""

import sys
from datetime import date

import click

from agent_console.reports.files import FORMATS, render
from config.commands.context import Day, open_components, plainly
from hotline.rules.figures.report import Period
from hotline.services.figures.reports import build_report


@click.group()
def report() -> None:
    """Figures, each with its base."""


@report.command("daily")
@click.option("--date", "day", type=Day(), help="The day; today, so far, if not given.")
@click.option("--format", "fmt", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@plainly
def daily(day: date | None, fmt: str) -> None:
    """Print the report of one day as the rows are now."""
    if fmt == "xlsx" and sys.stdout.isatty():
        raise click.UsageError("a workbook is not for a terminal: … --format xlsx > report.xlsx")
    components = open_components()
    application = components.application
    at = application.clock()
    chosen = day or at.astimezone(application.policies.zone).date()
    with application.read_session() as session:
        written = build_report(
            session, Period(chosen, chosen), at=at, policies=application.policies, claims=components.claims
        )
    text = render(written, fmt, components.settings.locale)
    click.echo(text, nl=fmt == "text")
