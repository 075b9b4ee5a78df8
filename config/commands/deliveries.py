import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import click

from config.commands.context import open_components, report_errors
from config.commands.terminal import text_table
from hotline.rules.enums import DeliveryState
from hotline.rules.people.actors import Machine
from hotline.services.deliveries import retry
from hotline.store.deliveries import DeliveryLine, list_deliveries

COLUMNS = ("id", "reaction", "subject", "state", "tries", "event at", "last error")
ALL = "all"


@click.group()
def deliveries() -> None:
    """Lists what could not be delivered, and repeats it."""


@deliveries.command("list")
@click.option(
    "--state",
    type=click.Choice([*(state.value for state in DeliveryState), ALL]),
    default=DeliveryState.DEAD.value,
    show_default=True,
    help="dead: given up after its last try.",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--format", "fmt", type=click.Choice(["text", "json"]), default="text", show_default=True)
@report_errors
def list_command(state: str, limit: int, fmt: str) -> None:
    """Lists deliveries, the newest first."""
    application = open_components().application
    wanted = () if state == ALL else (DeliveryState(state),)
    with application.read_session() as session:
        page = list_deliveries(session, wanted, limit=limit)
    rows, zone = page.rows, application.policies.zone
    if fmt == "json":
        click.echo(json.dumps([_as_json(row, zone) for row in rows], ensure_ascii=False, indent=1))
    elif rows:
        click.echo(text_table(COLUMNS, [_as_line(row, zone) for row in rows]))
        if page.next_cursor:
            click.echo(f"only the newest {limit} are shown: --limit shows more", err=True)
    else:
        click.echo(f"no delivery is {state}" if wanted else "there is no delivery")


@deliveries.command("retry")
@click.argument("delivery_id", type=click.IntRange(1, 2**31 - 1), metavar="ID")
@report_errors
def retry_command(delivery_id: int) -> None:
    """Makes the dead delivery ID due again, with all its tries."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        retry(work, delivery_id)
    click.echo(f"delivery {delivery_id} is due again")


def _subject(line: DeliveryLine) -> str:
    return line.ticket_number or f"{line.subject} {line.subject_id}"


def _as_json(line: DeliveryLine, zone: ZoneInfo) -> dict[str, object]:
    """Times are RFC 3339 with the offset of the city's zone."""
    delivery = line.delivery
    return {
        "id": delivery.id,
        "reaction": delivery.reaction,
        "lane": delivery.lane,
        "subject": _subject(line),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "event_at": line.at.astimezone(zone).isoformat(),
        "next_try_at": delivery.next_try_at.astimezone(zone).isoformat(),
        "last_error": delivery.last_error,
    }


def _as_line(line: DeliveryLine, zone: ZoneInfo) -> Sequence[str]:
    delivery = line.delivery
    return (
        str(delivery.id),
        delivery.reaction,
        _subject(line),
        delivery.state.value,
        str(delivery.attempts),
        f"{line.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        delivery.last_error or "-",
    )
