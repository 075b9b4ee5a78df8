import re

import click
from alembic.util import CommandError
from sqlalchemy import Engine

from config.city.first_version import publish_first
from config.city.folder import read_folder
from config.city.toml_file import BadFile
from config.commands.context import open_components, report_errors
from config.wiring import Components
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
    """Brings the database up to date: tables of this version, the known working days, and at first the city's data.

    The folder HOTLINE_CITY is published as the first version; later `hotline city import` publishes it. Callers'' numbers of earlier versions are brought to the form that is stored now.
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
    _bring_city_up_to_date(components)
    with components.application.unit_of_work(Machine.SYSTEM) as work:
        numbers = normalise_numbers(work)
    if numbers:
        click.echo(f"callers' numbers brought to E.164: {numbers}")


def _bring_city_up_to_date(components: Components) -> None:
    folder = components.settings.city_folder
    try:
        texts = read_folder(folder)
        first = publish_first(components.application, texts)
    except BadFile as bad:
        if components.city.version == 0:
            raise click.ClickException(str(bad)) from None
        click.echo(f"the folder {folder} cannot be used: {bad}", err=True)
        return
    if first is not None:
        click.echo(f"published version {first.version} of the city: {first.units.added} units, from {folder}")
    elif texts != components.city.texts:
        click.echo(
            f"the city is at version {components.city.version}; the folder {folder} says something else: hotline city diff"
        )
    else:
        click.echo(f"the city is at version {components.city.version}, as in {folder}")


def _revert(engine: Engine, revision: str) -> None:
    # Alembic would take "base", which drops every table.
    if not re.fullmatch(r"[0-9]{4}", revision):
        raise click.UsageError(f"--back-to takes a revision such as {newest()}")
    try:
        revert(engine, revision)
    except CommandError as error:
        raise click.UsageError(f"{one_line(str(error))}: name a revision such as {newest()}") from None
    click.echo(f"the database is at {revision}; start the version of that time now")
