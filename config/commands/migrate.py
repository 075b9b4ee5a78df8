import re

import click
from alembic.util import CommandError
from sqlalchemy import Engine

from config.city.database import write_city
from config.commands.context import open_components, report_errors
from hotline.rules.people.actors import Machine
from hotline.rules.text import one_line
from hotline.services.stored_numbers import normalise_numbers
from hotline.store.schema import migrate as migrate_schema
from hotline.store.schema import newest, revert


@click.command()
@click.option(
    "--back-to",
    "revision",
    metavar="REVISION",
    help="Take the tables back to an older revision, before the version of that time is started again.",
)
@report_errors
def migrate(revision: str | None) -> None:
    """Brings the database up to date: tables of this version, the city's units, the known working days.

    Callers' numbers of earlier versions are brought to the form that is stored now.
    """
    components = open_components()
    if revision is not None:
        _revert(components.application.engine, revision)
        return
    before, after = migrate_schema(components.application.engine)
    click.echo(
        f"the database is at {after}"
        if before == after
        else f"migrated from {before or 'nothing'} to {after}"
    )
    city = write_city(components.application)
    click.echo(
        f"units: {city.added} new, {city.changed} changed, {city.retired} retired; days: {city.days} new or changed"
    )
    with components.application.unit_of_work(Machine.SYSTEM) as work:
        numbers = normalise_numbers(work)
    if numbers:
        click.echo(f"callers' numbers brought to E.164: {numbers}")


def _revert(engine: Engine, revision: str) -> None:
    # Alembic would take "base", which drops every table.
    if not re.fullmatch(r"[0-9]{4}", revision):
        raise click.UsageError(f"--back-to takes a revision such as {newest()}")
    try:
        revert(engine, revision)
    except CommandError as error:
        raise click.UsageError(f"{one_line(str(error))}: name a revision such as {newest()}") from None
    click.echo(f"the database is at {revision}; start the version of that time now")
