import sys
from typing import BinaryIO

import click

from config.city.text import with_units
from config.city.unit_table import UnitsRefused, read_unit_table
from config.commands.city import publish_or_exit, read_in_force
from config.commands.context import open_components, report_errors
from config.commands.terminal import secret_line
from hotline.rules.city import CityKind
from hotline.rules.people.actors import Machine
from hotline.services.people.unit_webhooks import set_webhook_secret


@click.group()
def unit() -> None:
    """Sets how units' own systems are notified."""


@unit.command("secret")
@click.argument("code")
@click.option(
    "--remove", is_flag=True, help="Remove the secret; nothing is sent to the unit's system any more."
)
@report_errors
def unit_secret(code: str, *, remove: bool) -> None:
    """Sets the secret that signs notifications to the system of the unit CODE; it is the first line of standard input.

    The address stands in units.toml (webhook_url).
    """
    secret = None if remove else secret_line("secret")
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        address = set_webhook_secret(work, code, secret)
    done = "has no secret any more" if remove else "has a new secret"
    to = f"its address is {address}" if address else "it has no address yet: webhook_url in units.toml"
    click.echo(f"{code} {done}; {to}")


@click.group()
def units() -> None:
    """Imports the units of the city from a table."""


@units.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--note", default="", help="Why; it stands in the history.")
@report_errors
def import_units(file: BinaryIO, note: str) -> None:
    """Adds and changes the units of FILE (CSV or XLSX) with the columns `code,name_zh,name_en,kind,webhook_url,closed,successor`.

    Units that the table does not list stay as they are. The change becomes a published version.
    """
    try:
        listed = read_unit_table(file)
    except UnitsRefused as refused:
        for line, code in refused.problems:
            click.echo(f"line {line}: {code}", err=True)
        click.echo("nothing was imported", err=True)
        sys.exit(1)
    components = open_components()
    _, texts = read_in_force(components.application)
    changed = with_units(texts.get(CityKind.UNITS, ""), listed)
    publish_or_exit(components, {**texts, CityKind.UNITS: changed}, note)
