"""`hotline flows …`, `hotline dial`: the caller's side from a terminal."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from config.city.toml_file import BadFile
from config.document_check import refused_documents
from config.settings import settings_or_exit
from config.wiring import city_policies
from hotline.exchange.board.transcript_file import BadTranscriptError, read_transcript
from hotline.exchange.clients.dial import dial as make_call
from hotline.exchange.clients.replay import replay
from hotline.exchange.clients.websocket_client import LineError
from hotline.rules.enums import Language
from hotline.rules.phone_numbers import parse_number
from hotline.rules.policies import Policies
from ivr_flows.diagram import draw
from ivr_flows.loader import Script, load_flow, load_scripts
from ivr_flows.source.problems import FlowError
from ivr_flows.transcripts.check import Scripts, not_walked, rehearse
from ivr_flows.transcripts.files import SUFFIX, NotAPlay, Scene, read_folder
from ivr_flows.transcripts.generation import recite

FILE = click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
LANGUAGE = click.option(
    "--language",
    type=click.Choice([str(each) for each in Language]),
    default=str(Language.ZH_CN),
    show_default=True,
    help="Of the words and of the stage directions.",
)
READER = click.option(
    "--language",
    type=click.Choice([str(each) for each in Language]),
    default=str(Language.EN),
    show_default=True,
    help="Of the findings.",
)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def flows() -> None:
    """What callers hear."""


@flows.command("check")
@FILE
@READER
def check_flows(file: Path | None, language: str) -> None:
    """Check FILE, or every flow of this installation, to the last document; every fault is one line."""
    policies = _policies()
    scripts = _scripts(file, policies, Language(language))
    refused = [fault for script in scripts.values() for fault in refused_documents(script, policies)]
    for fault in refused:
        click.echo(fault.in_(Language(language)), err=True)
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
    """Draw FILE, or the flow that answers the line, as a picture."""
    policies = _policies()
    scripts = _scripts(file, policies)
    script = next(iter(scripts.values())) if file else scripts[policies.callers.inbound]
    _write(output, draw(script, Language(language)))


@flows.command("walk")
@FILE
@LANGUAGE
@click.option("--record", type=FOLDER, metavar="DIR", help="Write one file of plays for each flow instead.")
def walk_flows(file: Path | None, language: str, record: Path | None) -> None:
    """Tell every way through FILE, or through every flow, as plays: who says what, and what the application answers."""
    for script in _scripts(file, _policies()).values():
        scenes = list(recite(script, Language(language)))
        if record is None:
            click.echo("\n".join(scenes))
            continue
        _make_folder(record)
        _write(record / f"every-way-through-{script.flow.name}{SUFFIX}", "\n".join(scenes))


@flows.command("coverage")
@click.option(
    "--transcripts",
    type=FOLDER,
    default=Path("tests/flows/transcripts"),
    show_default=True,
    metavar="DIR",
    help="Folder of recorded plays.",
)
def coverage(transcripts: Path) -> None:
    """Name every way that no recorded play walks, and every play that is not what callers hear today."""
    scripts = _scripts(None, _policies())
    try:
        scenes = list(read_folder(transcripts))
    except NotAPlay as error:
        raise click.ClickException(str(error)) from None
    missing = list(_told(scenes, scripts))
    for each in missing:
        click.echo(each, err=True)
    if missing:
        sys.exit(1)
    click.echo(f"{len(scenes)} plays walk every way of {', '.join(sorted(scripts))}")


def _told(scenes: Iterable[Scene], scripts: Scripts) -> Iterable[str]:
    paths: dict[str, set[str]] = {name: set() for name in scripts}
    for scene in scenes:
        difference, path = rehearse(scene, scripts)
        paths.setdefault(scene.flow, set()).update(path)
        if difference is not None:
            yield str(difference)
    for name, script in scripts.items():
        yield from (f"{name}: no play walks {way}" for way in not_walked(script.flow, frozenset(paths[name])))


def _policies() -> Policies:
    try:
        return city_policies(settings_or_exit())
    except BadFile as error:
        click.echo(f"hotline: {error}", err=True)
        sys.exit(2)


def _scripts(file: Path | None, policies: Policies, reader: Language = Language.EN) -> dict[str, Script]:
    """Return the flow of `file`, or all flows, by name; every fault is one line, then the command ends with status 1."""
    try:
        if file is None:
            return load_scripts(policies)
        script = load_flow(file, policies)
    except FlowError as error:
        for fault in error.told():
            click.echo(fault.in_(reader), err=True)
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


@click.command()
@click.option(
    "--from", "caller", default="+8613800001234", show_default=True, metavar="NUMBER", help="Whose phone."
)
@click.option(
    "--keys", metavar="KEYS", help='Script such as "1,w5,2,#,h"; without it keys are read from the terminal.'
)
@click.option(
    "--replay",
    "recorded",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Make a recorded call again, and say what is different now (exit status 1).",
)
def dial(caller: str, keys: str | None, recorded: Path | None) -> None:
    """Phone the hotline from the terminal, over the exchange of `make run`."""
    if recorded is not None:
        if keys is not None:
            raise click.UsageError("--replay presses the keys of the recorded call; leave out --keys")
        sys.exit(_replay(recorded))
    number = parse_number(caller)
    if number is None:
        raise click.BadParameter(f"{caller!r} is not a number one can phone from", param_hint="--from")
    settings = settings_or_exit()
    sys.exit(make_call(settings.exchange_url, number, settings.number, keys, sys.stdout))


def _replay(file: Path) -> int:
    """Return 0 when the call went as it was recorded, 1 when not, 2 when the file cannot be replayed."""
    try:
        transcript = read_transcript(file.read_text(encoding="utf-8"))
    except (BadTranscriptError, OSError, UnicodeDecodeError) as error:
        click.echo(f"{file}: {error}", err=True)
        return 2
    try:
        difference = replay(settings_or_exit().exchange_url, transcript, sys.stdout)
    except (LineError, TimeoutError) as error:
        click.echo(str(error), err=True)
        return 1
    click.echo("与录下时一致 as it was recorded" if difference is None else f"不同 different: {difference}")
    return 0 if difference is None else 1
