import sys
from collections.abc import Iterable
from pathlib import Path

import click

from agent_console.web.flow_catalog import Draft, DraftRefused
from config.city.toml_file import BadFile
from config.commands.context import open_components, report_errors
from config.document_check import refused_documents
from config.flow_catalog import CityFlows
from config.settings import settings_or_exit
from config.wiring import Components, policies_without_processes
from hotline.rules.calls.flow_versions import PublicationView
from hotline.rules.enums import CallPurpose, Language
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Policies
from hotline.rules.text import SHORT_TEXT, one_line
from hotline.services import flow_publications
from ivr_flows.diagram import draw
from ivr_flows.flow import Script
from ivr_flows.loader import load_flow, load_scripts
from ivr_flows.source.problems import FlowError
from ivr_flows.transcripts.check import Scripts, check_transcript, uncovered_edges
from ivr_flows.transcripts.files import (
    SUFFIX,
    FlowTranscript,
    TranscriptError,
    read_folder,
    read_transcripts,
    write_transcript,
)
from ivr_flows.transcripts.generate import generate_transcripts
from ivr_flows.transcripts.player import play_events

FILE = click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
LANGUAGE = click.option(
    "--language",
    type=click.Choice([str(each) for each in Language]),
    default=str(Language.ZH_CN),
    show_default=True,
    help="Language of the prompts and of the descriptions.",
)
READER = click.option(
    "--language",
    type=click.Choice([str(each) for each in Language]),
    default=str(Language.EN),
    show_default=True,
    help="Language of the findings.",
)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def flows() -> None:
    """Checks, draws and publishes call flows: the menus and messages that callers hear."""


@flows.command("check")
@FILE
@READER
def check_flows(file: Path | None, language: str) -> None:
    """Checks FILE, or every flow of this installation; every problem is one line."""
    policies = _policies()
    scripts = _scripts(file, policies, Language(language))
    refused = [problem for script in scripts.values() for problem in refused_documents(script, policies)]
    for problem in refused:
        click.echo(problem.in_(Language(language)), err=True)
    if refused:
        sys.exit(1)
    for script in scripts.values():
        click.echo(f"{script.flow.name}: {len(script.flow.nodes)} nodes, version {script.flow.version}")


@flows.command("draw")
@FILE
@click.option(
    "-o", "output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="SVG to write."
)
@LANGUAGE
def draw_flow(file: Path | None, output: Path, language: str) -> None:
    """Draws a diagram of FILE, or of the flow that answers incoming calls."""
    policies = _policies()
    scripts = _scripts(file, policies)
    script = next(iter(scripts.values())) if file else scripts[policies.callers.inbound]
    _write(output, draw(script, Language(language)))


@flows.command("walk")
@FILE
@LANGUAGE
@click.option(
    "--record", type=FOLDER, metavar="DIR", help="Write one file of transcripts for each flow instead."
)
def walk_flows(file: Path | None, language: str, record: Path | None) -> None:
    """Prints a transcript for every path through FILE, or through every flow."""
    for script in _scripts(file, _policies()).values():
        transcripts = list(generate_transcripts(script, Language(language), in_words=record is None))
        if record is None:
            click.echo("\n".join(transcripts))
            continue
        _make_folder(record)
        _write(record / f"every-way-through-{script.flow.name}{SUFFIX}", "\n".join(transcripts))


@flows.command("show")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def show_transcripts(file: Path) -> None:
    """Prints the transcripts in FILE with the words that callers hear."""
    scripts = _scripts(None, _policies())
    try:
        transcripts = read_transcripts(file)
    except TranscriptError as error:
        raise click.ClickException(str(error)) from None
    for transcript in transcripts:
        if transcript.flow not in scripts:
            raise click.ClickException(f"{file}:{transcript.line}: no such flow {transcript.flow!r}")
        player = play_events(scripts[transcript.flow], transcript.events, transcript.language)
        lines = (line.words for line in player.lines)
        click.echo(write_transcript(transcript.title, transcript.flow, lines, transcript.language))


@flows.command("coverage")
@click.option(
    "--transcripts",
    "folder",
    type=FOLDER,
    default=Path("tests/flows/transcripts"),
    show_default=True,
    metavar="DIR",
    help="Folder of transcripts.",
)
def coverage(folder: Path) -> None:
    """Names every path without a transcript, and every transcript that differs from the flow."""
    scripts = _scripts(None, _policies())
    try:
        transcripts = list(read_folder(folder))
    except TranscriptError as error:
        raise click.ClickException(str(error)) from None
    missing = list(_gaps(transcripts, scripts))
    for each in missing:
        click.echo(each, err=True)
    if missing:
        sys.exit(1)
    click.echo(f"{len(transcripts)} transcripts cover every path of {', '.join(sorted(scripts))}")


def _gaps(transcripts: Iterable[FlowTranscript], scripts: Scripts) -> Iterable[str]:
    paths: dict[str, set[str]] = {name: set() for name in scripts}
    for transcript in transcripts:
        difference, path = check_transcript(transcript, scripts)
        paths.setdefault(transcript.flow, set()).update(path)
        if difference is not None:
            yield str(difference)
    for name, script in scripts.items():
        yield from (
            f"{name}: no transcript covers {way}"
            for way in uncovered_edges(script.flow, frozenset(paths[name]))
        )


def _policies() -> Policies:
    try:
        return policies_without_processes(settings_or_exit())
    except BadFile as error:
        click.echo(f"hotline: {error}", err=True)
        sys.exit(2)


def _scripts(file: Path | None, policies: Policies, reader: Language = Language.EN) -> dict[str, Script]:
    """Returns the flow of `file`, or all flows, by name, or prints one line a problem and exits with status 1."""
    try:
        if file is None:
            return load_scripts(policies)
        script = load_flow(file, policies)
    except FlowError as error:
        for problem in error.listed():
            click.echo(problem.in_(reader), err=True)
        sys.exit(1)
    return {script.flow.name: script}


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    click.echo(f"wrote {path}")


@flows.command("publish")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--note", required=True, metavar="TEXT", help=f"What changed and why, at most {SHORT_TEXT} characters."
)
@report_errors
def publish_flow(file: Path, note: str) -> None:
    """Publishes the flow in FILE for new calls, if the check finds no error.

    Calls in progress keep the version with which they began.
    """
    components = open_components()
    draft = _read_draft(components, file)
    with components.application.unit_of_work(Machine.SYSTEM) as work:
        latest = flow_publications.current(work.session).get(draft.purpose)
        based_on = latest.id if latest else 0
        made = flow_publications.publish(work, draft.purpose, draft.edition, based_on=based_on, note=note)
    click.echo(f"published {made}: {draft.edition.flow} {draft.edition.version} for {draft.purpose}")


@flows.command("history")
@click.argument("purpose", required=False, type=click.Choice([purpose.value for purpose in CallPurpose]))
@report_errors
def show_history(purpose: str | None) -> None:
    """Lists the publications for PURPOSE, or for every purpose, newest first.

    The first one of a purpose is in force.
    """
    components = open_components()
    wanted = [CallPurpose(purpose)] if purpose else list(CallPurpose)
    with components.application.read_session() as session:
        found = [line for each in wanted for line in flow_publications.history(session, each)]
    for line in found:
        click.echo(_line(line, components))
    if not found:
        click.echo("no flow has been published; the files of the installation are in force")


@flows.command("rollback")
@click.argument("publication", type=click.IntRange(1, 2**31 - 1), metavar="ID")
@click.option("--note", default="", metavar="TEXT", help='Reason; "rollback to ID" if not given.')
@report_errors
def roll_back(publication: int, note: str) -> None:
    """Publishes the version of publication ID (see history) again."""
    components = open_components()
    with components.application.read_session() as session:
        older = flow_publications.publication(session, publication)
        source = flow_publications.find_source(session, older.flow, older.version)
    _check_again(components, source or "")
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


def _read_draft(components: Components, file: Path) -> Draft:
    """Returns the draft in `file`, or prints one line a finding and exits with status 1."""
    try:
        return CityFlows(components.flows, lambda: components.application.policies).read_file(file)
    except DraftRefused as refused:
        _print_findings(refused)
        sys.exit(1)


def _check_again(components: Components, source: str) -> None:
    try:
        CityFlows(components.flows, lambda: components.application.policies).read_kept(source)
    except DraftRefused as refused:
        _print_findings(refused)
        sys.exit(1)


def _print_findings(refused: DraftRefused) -> None:
    for finding in refused.findings:
        node = f" [{finding.node}]" if finding.node else ""
        problem, reason, remedy = (
            words[Language.EN] for words in (finding.problem, finding.reason, finding.remedy)
        )
        click.echo(one_line(f"{finding.where}:{node} {problem} ({reason}). {remedy}"), err=True)
