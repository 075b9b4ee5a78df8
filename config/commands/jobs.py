import json
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from config.commands.context import open_components, report_errors
from config.commands.terminal import text_table
from config.periodic_jobs import JOBS
from hotline.services.deliveries import LANES
from hotline.store.deliveries import LaneFigures, lane_figures
from hotline.store.jobs import PeriodicJob, all_jobs, state_of

LANE_COLUMNS = ("lane", "due", "failing", "dead", "oldest")
COLUMNS = ("job", "schedule", "queue", "last run", "duration", "result", "next run")


@click.command()
@click.option("--format", "fmt", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--lanes", is_flag=True, help="Only the lanes: how many deliveries wait, and since when.")
@report_errors
def jobs(fmt: str, *, lanes: bool) -> None:
    """Lists the periodic jobs with their last run, its result, and the next run, then the lanes of deliveries.

    The result is how many rows or calls the job dealt with, or the type of its error.
    """
    application = open_components().application
    with application.read_session() as session:
        known = {row.name: row for row in all_jobs(session)}
        figures = lane_figures(session, LANES)
    rows = [known[job.name] for job in JOBS if job.name in known]
    at, zone = application.clock(), application.policies.zone
    if fmt == "json":
        told = (
            [_lane_as_json(lane, at) for lane in figures]
            if lanes
            else [_as_json(row, at, zone) for row in rows]
        )
        click.echo(json.dumps(told, indent=1))
        return
    if not lanes:
        if rows:
            click.echo(text_table(COLUMNS, [_as_line(row, at, zone) for row in rows]))
        else:
            click.echo("no job has been scheduled; is the clock process running?")
        click.echo()
    click.echo(text_table(LANE_COLUMNS, [_lane_as_line(lane, at) for lane in figures]))


def _lane_as_json(lane: LaneFigures, at: datetime) -> dict[str, object]:
    return {
        "lane": lane.lane,
        "due": lane.due,
        "failing": lane.failing,
        "dead": lane.dead,
        "oldest_seconds": lane.oldest_seconds(at),
    }


def _lane_as_line(lane: LaneFigures, at: datetime) -> tuple[str, ...]:
    age = lane.oldest_seconds(at)
    return (lane.lane, str(lane.due), str(lane.failing), str(lane.dead), "-" if age is None else f"{age} s")


def _as_json(row: PeriodicJob, at: datetime, zone: ZoneInfo) -> dict[str, object]:
    """Times are RFC 3339 with the offset of the city's zone."""
    return {
        "name": row.name,
        "schedule": row.schedule,
        "queue": row.lane,
        "state": state_of(row, at),
        "last_started_at": row.started_at and row.started_at.astimezone(zone).isoformat(),
        "last_finished_at": row.finished_at and row.finished_at.astimezone(zone).isoformat(),
        "duration_seconds": None if row.duration_ms is None else row.duration_ms / 1000,
        "count": row.count,
        "error": row.error,
        "attempts": row.attempts,
        "next_due_at": row.due_at.astimezone(zone).isoformat(),
    }


def _as_line(row: PeriodicJob, at: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    state = state_of(row, at)
    results = {"succeeded": str(row.count), "failed": f"failed: {row.error}"}
    return (
        row.name,
        row.schedule,
        row.lane or "scheduler",
        f"{row.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if row.started_at else "-",
        "-" if row.duration_ms is None else f"{row.duration_ms / 1000:.3f} s",
        results.get(state, state),
        f"{row.due_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
    )
