"""`hotline flows publish|history|rollback`: which version answers new calls, changed from a terminal."""

import sys
from pathlib import Path

import click

from agent_console.web.flow_catalog import Draft, DraftRefused
from config.commands.context import open_components, plainly
from config.flow_catalog import CityFlows
from config.wiring import Components
from hotline.rules.enums import CallPurpose, Language
from hotline.rules.people.actors import Machine
from hotline.rules.tickets.fields import SHORT
from hotline.services import flow_publications
from hotline.services.flow_publications import PublicationView
from ivr_flows.source.problems import one_line


@click.command("publish")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--note", required=True, metavar="TEXT", help=f"What changed and why, at most {SHORT} signs.")
@plainly
def publish_flow(file: Path, note: str) -> None:
    """Let new calls begin with the flow in FILE, if it is clean; calls in progress end as they began."""
    components = open_components()
    draft = _read(components, file)
    with components.application.unit_of_work(Machine.SYSTEM) as work:
        latest = flow_publications.current(work.session).get(draft.purpose)
        based_on = latest.id if latest else 0
        made = flow_publications.publish(work, draft.purpose, draft.edition, based_on=based_on, note=note)
    click.echo(f"published {made}: {draft.edition.flow} {draft.edition.version} for {draft.purpose}")


@click.command("history")
@click.argument("purpose", required=False, type=click.Choice([purpose.value for purpose in CallPurpose]))
@plainly
def show_history(purpose: str | None) -> None:
    """List what was published for PURPOSE, or for every purpose, newest first; the first of each answers now."""
    components = open_components()
    wanted = [CallPurpose(purpose)] if purpose else list(CallPurpose)
    with components.application.read_session() as session:
        found = [line for each in wanted for line in flow_publications.history(session, each)]
    for line in found:
        click.echo(_line(line, components))
    if not found:
        click.echo("nothing was published; the city's files answer")


@click.command("rollback")
@click.argument("publication", type=click.IntRange(1, 2**31 - 1), metavar="ID")
@click.option("--note", default="", metavar="TEXT", help='Why; "rollback to ID" if not given.')
@plainly
def roll_back(publication: int, note: str) -> None:
    """Publish again what the publication ID (see history) had published."""
    components = open_components()
    with components.application.read_session() as session:
        older = flow_publications.publication(session, publication)
        source = flow_publications.find_source(session, older.flow, older.version)
    _checked(components, source or "")
    with components.application.unit_of_work(Machine.SYSTEM) as work:
        latest = flow_publications.current(work.session).get(older.purpose)
        made = flow_publications.roll_back(
            work, older, based_on=latest.id if latest else 0, note=note or f"rollback to {older.id}"
        )
    click.echo(f"published {made}: {older.flow} {older.version} for {older.purpose}")


def _line(line: PublicationView, components: Components) -> str:
    at = line.published_at.astimezone(components.application.policies.zone)
    who = line.author or "command line"
    columns = (f"{at:%Y-%m-%d %H:%M}", line.purpose, f"{line.flow} {line.version}", who, line.note)
    return "\t".join([str(line.id), *(one_line(column) for column in columns)])


def _read(components: Components, file: Path) -> Draft:
    """Return the draft in `file`; every finding is one line, then the command ends with status 1."""
    try:
        return CityFlows(components.flows, components.application.policies).read_file(file)
    except DraftRefused as refused:
        _tell(refused)
        sys.exit(1)


def _checked(components: Components, source: str) -> None:
    try:
        CityFlows(components.flows, components.application.policies).read_kept(source)
    except DraftRefused as refused:
        _tell(refused)
        sys.exit(1)


def _tell(refused: DraftRefused) -> None:
    for finding in refused.findings:
        node = f" [{finding.node}]" if finding.node else ""
        what, why, mend = (words[Language.EN] for words in (finding.what, finding.why, finding.mend))
        click.echo(one_line(f"{finding.where}:{node} {what} ({why}). {mend}"), err=True)
