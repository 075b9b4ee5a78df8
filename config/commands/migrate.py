import click

from config.city.database import write_city
from config.commands.context import open_components, report_errors
from hotline.rules.people.actors import Machine
from hotline.services.stored_numbers import normalise_numbers
from hotline.store.schema import migrate as migrate_schema


@click.command()
@report_errors
def migrate() -> None:
    """Brings the database up to date: tables of this version, the city's units, the known working days.

    Callers' numbers of earlier versions are brought to the form that is stored now.
    """
    components = open_components()
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
