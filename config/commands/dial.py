import sys
from pathlib import Path

import click

from config.settings import Mode, Settings, settings_or_exit
from hotline.exchange.board.transcript_file import BadTranscriptError, read_transcript
from hotline.exchange.clients.dial import dial as make_call
from hotline.exchange.clients.replay import replay
from hotline.exchange.clients.websocket_client import LineError
from hotline.rules.phone_numbers import parse_number


@click.command()
@click.option(
    "--from",
    "caller",
    default="+8613800001234",
    show_default=True,
    metavar="NUMBER",
    help="Number of the caller.",
)
@click.option(
    "--keys",
    metavar="KEYS",
    help='Script such as "1,w5,2,#,h" (w5: wait 5 s, h: hang up); without it keys are read from the terminal.',
)
@click.option(
    "--replay",
    "recorded",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Repeat a recorded call and print the first difference (exit status 1).",
)
def dial(caller: str, keys: str | None, recorded: Path | None) -> None:
    """Phones the hotline from the terminal, through the exchange of `make run`. It refuses to run in production."""
    settings = settings_or_exit()
    if settings.mode is Mode.PRODUCTION:
        raise click.UsageError(
            "dial phones the demonstration; with HOTLINE_ENV=production its call would reach the real line and its report"
        )
    if recorded is not None:
        if keys is not None:
            raise click.UsageError("--replay presses the keys of the recorded call; leave out --keys")
        sys.exit(_replay(settings, recorded))
    number = parse_number(caller, settings.number)
    if number is None:
        raise click.BadParameter(f"{caller!r} is not a telephone number", param_hint="--from")
    sys.exit(make_call(settings.exchange_url, number, settings.number, keys, sys.stdout))


def _replay(settings: Settings, file: Path) -> int:
    """Returns the exit status: 0 as recorded, 1 different or failed, 2 the file is not a transcript."""
    try:
        transcript = read_transcript(file.read_text(encoding="utf-8"))
    except (BadTranscriptError, OSError, UnicodeDecodeError) as error:
        click.echo(f"{file}: {error}", err=True)
        return 2
    try:
        difference = replay(settings.exchange_url, transcript, sys.stdout)
    except (LineError, TimeoutError) as error:
        click.echo(str(error), err=True)
        return 1
    click.echo("与录下时一致 as it was recorded" if difference is None else f"不同 different: {difference}")
    return 0 if difference is None else 1
