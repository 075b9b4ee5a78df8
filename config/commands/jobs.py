import json
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from config.commands.context import open_components, report_errors
from config.commands.terminal import text_table
from config.periodic_jobs import JOBS
from hotline.store.jobs import PeriodicJob, all_jobs

COLUMNS = ("job", "schedule", "queue", "last run", "duration", "result", "next run")


@click.command()
@click.option("--format", "fmt", type=click.Choice(["text", "json"]), default="text", show_default=True)
@report_errors
def jobs(fmt: str) -> None:
    """Lists the periodic jobs with their last run, its result, and the next run.

    The result is how many rows or calls the job dealt with, or the type of its error.
    """
    application = open_components().application
    with application.read_session() as session:
        known = {row.name: row for row in all_jobs(session)}
    rows = [known[job.name] for job in JOBS if job.name in known]
    at, zone = application.clock(), application.policies.zone
    if fmt == "json":
        click.echo(json.dumps([_as_json(row, at, zone) for row in rows], indent=1))
    elif rows:
        click.echo(text_table(COLUMNS, [_as_line(row, at, zone) for row in rows]))
    else:
        click.echo("no job has been scheduled; is the clock process running?")


def _as_json(row: PeriodicJob, at: datetime, zone: ZoneInfo) -> dict[str, object]:
    """Times are RFC 3339 with the offset of the city's zone."""
    return {
        "name": row.name,
        "schedule": row.schedule,
        "queue": row.lane,
        "state": _state(row, at),
        "last_started_at": row.started_at and row.started_at.astimezone(zone).isoformat(),
        "last_finished_at": row.finished_at and row.finished_at.astimezone(zone).isoformat(),
        "duration_seconds": None if row.duration_ms is None else row.duration_ms / 1000,
        "count": row.count,
        "error": row.error,
        "attempts": row.attempts,
        "next_due_at": row.due_at.astimezone(zone).isoformat(),
    }


def _state(row: PeriodicJob, at: datetime) -> str:
    if row.claimed_until is not None:
        return "running" if row.claimed_until > at else "interrupted"
    return "failed" if row.error else "succeeded" if row.finished_at else "never run"


def _as_line(row: PeriodicJob, at: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    state = _state(row, at)
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
