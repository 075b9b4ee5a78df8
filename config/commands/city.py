import difflib
import sys
from collections.abc import Mapping
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from agent_console.web.city_catalog import CityRefused
from config.city.folder import read_folder, write_folder
from config.city.kinds import KINDS
from config.city.toml_file import BadFile
from config.commands.context import open_components, report_errors
from config.wiring import Components, city_texts
from hotline.rules.city import CityKind
from hotline.rules.people.actors import Machine
from hotline.services.city import publications
from hotline.services.city.data import CityData
from hotline.unit_of_work import Application, ReadSession

_FOLDER = click.Path(file_okay=False, path_type=Path)
_NOTHING = "nothing has been published: hotline migrate publishes the folder"


@click.group()
def city() -> None:
    """Checks, compares and publishes the city's data: units, policies, numbers, calendar."""


@city.command("check")
@click.argument("folder", type=_FOLDER, required=False)
@report_errors
def check(folder: Path | None) -> None:
    """Checks the texts of FOLDER (HOTLINE_CITY if not given); nothing is published."""
    components = open_components()
    texts = _texts_or_exit(folder or components.settings.city_folder)
    try:
        checked_or_exit(components, texts)
    except DBAPIError:
        # Before the first migration there is nothing to compare with.
        _checked(components, None, texts, None)
    click.echo("no problem found")


@city.command("diff")
@click.argument("folder", type=_FOLDER, required=False)
@report_errors
def diff(folder: Path | None) -> None:
    """Shows in what the texts of FOLDER (HOTLINE_CITY if not given) differ from those in force.

    Exits with status 1 if they do.
    """
    components = open_components()
    texts = _texts_or_exit(folder or components.settings.city_folder)
    version, in_force = read_in_force(components.application)
    lines = [
        line.rstrip("\n")
        for kind, entry in KINDS.items()
        for line in difflib.unified_diff(
            in_force.get(kind, "").splitlines(),
            texts.get(kind, "").splitlines(),
            f"version {version}: {entry.file}",
            f"folder: {entry.file}",
            lineterm="",
        )
    ]
    click.echo("\n".join(lines) if lines else f"the same as version {version}")
    if lines:
        sys.exit(1)


@city.command("export")
@click.argument("folder", type=_FOLDER, required=False)
@click.option("--version", type=click.IntRange(1), help="An older version instead of the one in force.")
@report_errors
def export(folder: Path | None, version: int | None) -> None:
    """Writes the texts in force into FOLDER (HOTLINE_CITY if not given), over the files there."""
    components = open_components()
    current, texts = read_in_force(components.application)
    if version is not None:
        with components.application.read_session() as session:
            texts = publications.texts_of(session, version)
    target = folder or components.settings.city_folder
    try:
        write_folder(target, city_texts(components).complete(texts))
    except BadFile as bad:
        raise click.ClickException(str(bad)) from None
    click.echo(f"wrote version {version or current} to {target}")


@city.command("import")
@click.argument("folder", type=_FOLDER, required=False)
@click.option("--note", default="", help="Why; it stands in the history.")
@report_errors
def import_folder(folder: Path | None, note: str) -> None:
    """Publishes the texts of FOLDER (HOTLINE_CITY if not given); they take effect in every process within 10 seconds."""
    components = open_components()
    publish_or_exit(components, _texts_or_exit(folder or components.settings.city_folder), note)


@city.command("history")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@report_errors
def history(limit: int) -> None:
    """Lists the published versions, the newest first."""
    application = open_components().application
    with application.read_session() as session:
        listed = publications.versions(session, limit=limit)
    for version in listed:
        at = version.published_at.astimezone(application.policies.zone)
        kinds = ", ".join(version.changed)
        back = f" (brings back {version.restores})" if version.restores else ""
        click.echo(
            f"{version.id}  {at:%Y-%m-%d %H:%M}  {version.author or 'command'}  {kinds}{back}  {version.note}".rstrip()
        )
    if not listed:
        click.echo(_NOTHING)


@city.command("restore")
@click.argument("version", type=click.IntRange(1))
@click.option("--note", default="", help="Why; it stands in the history.")
@report_errors
def restore(version: int, note: str) -> None:
    """Publishes the texts of an older VERSION again."""
    components = open_components()
    with components.application.read_session() as session:
        texts = publications.texts_of(session, version)
    publish_or_exit(components, city_texts(components).complete(texts), note, restores=version)


def read_in_force(application: Application) -> tuple[int, dict[CityKind, str]]:
    """Returns the version in force and its texts. Raises click.ClickException if nothing has been published."""
    with application.read_session() as session:
        version = publications.current_version(session)
        if not version:
            raise click.ClickException(_NOTHING)
        return version, publications.texts_of(session, version)


def checked_or_exit(components: Components, texts: Mapping[CityKind, str]) -> CityData:
    """Returns what `texts` say as successors of those in force; prints one line a problem and exits with status 1 if there are any."""
    with components.application.read_session() as session:
        version = publications.current_version(session)
        before = publications.texts_of(session, version) if version else None
        return _checked(components, session, texts, before)


def _checked(
    components: Components,
    session: ReadSession | None,
    texts: Mapping[CityKind, str],
    before: Mapping[CityKind, str] | None,
) -> CityData:
    try:
        return city_texts(components).check(session, texts, before)
    except CityRefused as refused:
        for problem in refused.problems:
            file = KINDS[problem.kind].file if problem.kind else "city"
            line = f" (line {problem.line})" if problem.line else ""
            key = f"{problem.key}: " if problem.key else ""
            click.echo(f"{file}: {key}{problem.reason}{line}", err=True)
        click.echo("nothing was published", err=True)
        sys.exit(1)


def publish_or_exit(
    components: Components, texts: Mapping[CityKind, str], note: str, *, restores: int | None = None
) -> None:
    """Checks and publishes `texts`, and prints what was written; exits with status 1 if they have problems."""
    version, in_force = read_in_force(components.application)
    if dict(texts) == in_force:
        click.echo(f"the same as version {version}; nothing was published")
        return
    data = checked_or_exit(components, texts)
    with components.application.unit_of_work(Machine.SYSTEM) as work:
        done = publications.publish(work, texts, data, based_on=version, note=note, restores=restores)
    units = done.units
    click.echo(
        f"published version {done.version}: units {units.added} new, {units.changed} changed, {units.closed} closed; "
        f"{units.tickets} tickets and {units.users} users moved; "
        f"{done.days} days changed, {done.deadlines} open deadlines moved"
    )


def _texts_or_exit(folder: Path) -> dict[CityKind, str]:
    try:
        return read_folder(folder)
    except BadFile as bad:
        for problem in bad.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
