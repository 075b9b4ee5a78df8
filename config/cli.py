"""`hotline …`: the commands of the components. Exit status 0 done, 1 refused or failed, 2 used wrongly; every error is one line."""

import click

from config.city.database import write_city
from config.commands.context import open_components, plainly
from config.commands.flows import dial, flows
from config.commands.people import token, user
from config.commands.publications import publish_flow, roll_back, show_history
from config.commands.reports import report
from config.commands.tickets import calendar, tickets
from hotline.store.schema import migrate as bring_up_to_date


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hotline")
def main() -> None:
    """A city's telephone hotline: calls, tickets, units, deadlines, figures."""


@main.command()
@plainly
def migrate() -> None:
    """Bring the database to this version's tables, the city's units and the known working days."""
    components = open_components()
    before, after = bring_up_to_date(components.application.engine)
    click.echo(
        f"the database is at {after}"
        if before == after
        else f"migrated from {before or 'nothing'} to {after}"
    )
    city = write_city(components.application)
    click.echo(
        f"units: {city.added} new, {city.changed} changed, {city.retired} retired; days: {city.days} new"
    )


for _command in (user, token, flows, dial, tickets, calendar, report):
    main.add_command(_command)
for _command in (publish_flow, show_history, roll_back):
    flows.add_command(_command)


if __name__ == "__main__":
    main()
