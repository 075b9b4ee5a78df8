import click

from config.commands.context import open_components, report_errors
from config.demo.volume import NotOurTickets, fill
from config.settings import Mode, settings_or_exit

# Minutes and gigabytes; more is rather a mistyped number.
MOST = 10_000_000


@click.group()
def demo() -> None:
    """Fills a demonstration database."""


@demo.command()
@click.option(
    "--tickets", type=click.IntRange(1, MOST), required=True, help="How many tickets, spread over a year."
)
@click.option("--beside", is_flag=True, help="Add them although the database holds other tickets.")
@report_errors
def volume(tickets: int, beside: bool) -> None:
    """Writes many invented tickets with their calls and events, to try lists and searches at a city's size.

    It refuses to run in production. The tickets' numbers begin with QV.
    """
    if settings_or_exit().mode is Mode.PRODUCTION:
        raise click.UsageError("demo volume invents tickets; it refuses to run with HOTLINE_ENV=production")
    application = open_components().application
    try:
        fill(
            application.engine,
            tickets,
            now=application.clock(),
            zone=application.policies.zone,
            beside=beside,
        )
    except NotOurTickets as error:
        raise click.ClickException(
            f"{error}: choose another HOTLINE_HOME or DATABASE_URL, or add --beside"
        ) from None
    click.echo(f"{tickets} tickets written")
