"""`hotline flows check`, `hotline dial`: the caller's side from a terminal."""

import sys
from pathlib import Path

import click

from config.settings import settings_or_exit
from config.toml_file import BadFile
from config.wiring import city_policies
from hotline.gateways.exchange.dial import dial as make_call
from hotline.gateways.exchange.replay import replay
from hotline.gateways.exchange.transcript import BadTranscriptError, read_transcript
from hotline.gateways.exchange.wire import LineError
from hotline.rules.numbers import parse_number
from ivr_flows.faults import FlowError
from ivr_flows.loader import load_flow, load_scripts


@click.group()
def flows() -> None:
    """What callers hear."""


@flows.command("check")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check_flows(file: Path | None) -> None:
    """Check FILE, or every flow of this installation; every fault is one line."""
    try:
        policies = city_policies(settings_or_exit())
        scripts = [load_flow(file, policies)] if file else list(load_scripts(policies).values())
    except BadFile as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except FlowError as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        sys.exit(1)
    for script in scripts:
        click.echo(f"{script.flow.name}: {len(script.flow.nodes)} nodes, version {script.flow.version}")


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
