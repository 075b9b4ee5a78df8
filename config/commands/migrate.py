import click

from config.city.database import write_city
from config.commands.context import open_components, report_errors
from hotline.store.schema import migrate as migrate_schema


@click.command()
@report_errors
def migrate() -> None:
    """Brings the database up to date: tables of this version, the city's units, the known working days."""
    components = open_components()
    before, after = migrate_schema(components.application.engine)
    click.echo(
        f"the database is at {after}"
        if before == after
        else f"migrated from {before or 'nothing'} to {after}"
    )
    city = write_city(components.application)
    click.echo(
        f"units: {city.added} new, {city.changed} changed, {city.retired} retired; days: {city.days} new"
    )
