import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import click

from config.commands.context import open_components, report_errors
from config.commands.terminal import text_table
from hotline.rules.enums import DeliveryState
from hotline.rules.people.actors import Machine
from hotline.services.deliveries import (
    REPEATABLE_LANE,
    discard,
    discard_many,
    require_reason,
    retry,
    retry_many,
)
from hotline.store.deliveries import DeliveryLine, dead_ids, list_deliveries

COLUMNS = ("id", "reaction", "subject", "state", "tries", "event at", "last error")
ALL, FAILING = "all", "failing"
# Dead deliveries that `retry --all` repeats in one transaction.
MOST_AT_ONCE = 1_000
IDS = click.IntRange(1, 2**31 - 1)


@click.group()
def deliveries() -> None:
    """Lists what could not be delivered, and repeats or discards it."""


@deliveries.command("list")
@click.option(
    "--state",
    type=click.Choice([*(state.value for state in DeliveryState), FAILING, ALL]),
    default=DeliveryState.DEAD.value,
    show_default=True,
    help="dead: given up after its last try; failing: tried again later.",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--format", "fmt", type=click.Choice(["text", "json"]), default="text", show_default=True)
@report_errors
def list_command(state: str, limit: int, fmt: str) -> None:
    """Lists deliveries, the newest first."""
    application = open_components().application
    failing = state == FAILING
    wanted = () if failing or state == ALL else (DeliveryState(state),)
    with application.read_session() as session:
        page = list_deliveries(session, wanted, failing=failing, limit=limit)
    rows, zone = page.rows, application.policies.zone
    if fmt == "json":
        click.echo(json.dumps([_as_json(row, zone) for row in rows], ensure_ascii=False, indent=1))
    elif rows:
        click.echo(text_table(COLUMNS, [_as_line(row, zone) for row in rows]))
        if page.next_cursor:
            click.echo(f"only the newest {limit} are shown: --limit shows more", err=True)
    else:
        click.echo("there is no delivery" if state == ALL else f"no delivery is {state}")


@deliveries.command("retry")
@click.argument("delivery_ids", type=IDS, metavar="ID...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every dead delivery that may be repeated.")
@report_errors
def retry_command(delivery_ids: tuple[int, ...], *, every: bool) -> None:
    """Makes each dead delivery ID due again, with all its tries."""
    if bool(delivery_ids) == every:
        raise click.UsageError("name the deliveries, or --all")
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        if len(delivery_ids) == 1:
            retry(work, delivery_ids[0])
        chosen = dead_ids(work.session, REPEATABLE_LANE, MOST_AT_ONCE) if every else delivery_ids
        done = 1 if len(delivery_ids) == 1 else retry_many(work, chosen)
    if len(delivery_ids) == 1:
        click.echo(f"delivery {delivery_ids[0]} is due again")
    else:
        click.echo(f"{done} of {len(set(chosen))} deliveries are due again")


@deliveries.command("discard")
@click.argument("delivery_ids", type=IDS, metavar="ID...", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why they are not repeated; kept with the event.")
@report_errors
def discard_command(delivery_ids: tuple[int, ...], reason: str) -> None:
    """Ends each dead delivery ID without its effect."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        require_reason(reason)
        if len(delivery_ids) == 1:
            discard(work, delivery_ids[0], reason)
            done = 1
        else:
            done = discard_many(work, delivery_ids, reason)
    click.echo(f"{done} of {len(set(delivery_ids))} deliveries are discarded")


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
