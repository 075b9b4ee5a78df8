"""Runs of periodic jobs: planned, begun and recorded in the table `periodic_jobs`.

`due_at` moves on with the run it stands for, by conditional update. So a run that was missed is caught up once,
however long the downtime was, and two schedulers never make the same run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, update

from hotline.rules.schedules import DailyAt, Schedule, first_run, next_run
from hotline.store.jobs import PeriodicJob, all_jobs
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork

# The lane of heavy jobs, beside those of `hotline.reactions.registry`.
HEAVY = "heavy"
# Longer than a heavy run may take (the worker stops it after config.processes.job_queues.HEAVY_SECONDS); a run whose worker
# was killed is made again after it.
HEAVY_LEASE = timedelta(minutes=16)
# A daily job that failed is tried again after this pause, and not only the next day.
RETRY_AFTER = timedelta(minutes=10)

# Built once: light jobs run every second, and building a statement costs more than executing it.
_LIGHT_RUN = update(PeriodicJob).where(
    PeriodicJob.name == bindparam("run_name"), PeriodicJob.due_at == bindparam("run_due_at")
)


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job as the program plans it. `lane` is the queue of a heavy job, None for one the scheduler runs itself."""

    name: str
    schedule: Schedule
    lane: str | None = None


def plan(work: UnitOfWork, jobs: Iterable[PlannedJob]) -> None:
    """Adds rows for new jobs and brings changed schedules into force.

    Rows of jobs that the program does not know are kept: while versions change, another scheduler may know them.
    """
    known = {row.name: row for row in all_jobs(work.session)}
    for job in jobs:
        row = known.get(job.name)
        first = first_run(job.schedule, work.at, work.zone)
        if row is None:
            values = {"name": job.name, "schedule": str(job.schedule), "lane": job.lane}
            insert_if_absent(
                work.session, PeriodicJob, PeriodicJob.name, {**values, "due_at": first, "attempts": 0}
            )
        elif (row.schedule, row.lane) != (str(job.schedule), job.lane):
            row.schedule, row.lane, row.due_at = str(job.schedule), job.lane, first


def is_due(row: PeriodicJob, at: datetime) -> bool:
    """Says whether a run may begin at `at`: its time has come, and no worker holds it."""
    return row.due_at <= at and (row.claimed_until is None or row.claimed_until <= at)


def record_light_run(
    work: UnitOfWork,
    job: PlannedJob,
    *,
    due_at: datetime,
    finished_at: datetime,
    count: int | None = None,
    error: str | None = None,
) -> datetime | None:
    """Records the run that was due at `due_at`, begun at `work.at`.

    Returns when the next one is due; None if another scheduler has made this one, and then the unit of work, to which
    the changes of the job belong, must be rolled back.
    """
    values = {"run_name": job.name, "run_due_at": due_at, "started_at": work.at}
    result = _result(job, work.at, work.zone, finished_at=finished_at, count=count, error=error)
    is_recorded = work.connection.execute(_LIGHT_RUN, values | result).rowcount == 1
    return result["due_at"] if is_recorded else None


def record_enqueued(work: UnitOfWork, names: list[str]) -> None:
    """Records that the queue has the runs of heavy jobs."""
    # A quick worker may have finished one by now: its next run is not enqueued yet.
    handed_over = update(PeriodicJob).where(PeriodicJob.name.in_(names), PeriodicJob.due_at <= work.at)
    work.session.execute(handed_over.values(enqueued_at=work.at))


def begin_heavy(work: UnitOfWork, job: PlannedJob) -> bool:
    """Claims the run that is due for `HEAVY_LEASE`; False if it is not due or another worker holds it."""
    run = update(PeriodicJob).where(
        PeriodicJob.name == job.name,
        PeriodicJob.due_at <= work.at,
        or_(PeriodicJob.claimed_until.is_(None), PeriodicJob.claimed_until <= work.at),
    )
    until = work.at + HEAVY_LEASE
    values = {"started_at": work.at, "claimed_until": until, "attempts": PeriodicJob.attempts + 1}
    return updated_one(work.session, run.values(values))


def finish_heavy(
    work: UnitOfWork,
    job: PlannedJob,
    *,
    started_at: datetime,
    count: int | None = None,
    error: str | None = None,
) -> None:
    """Records the result of the run begun at `started_at`.

    Nothing is recorded for a worker whose claim was over before it finished: the run is another worker's by then.
    """
    result = _result(job, started_at, work.zone, finished_at=work.at, count=count, error=error)
    run = update(PeriodicJob).where(PeriodicJob.name == job.name, PeriodicJob.started_at == started_at)
    work.session.execute(run.values(**result, enqueued_at=None, claimed_until=None, attempts=0))


def _result(
    job: PlannedJob,
    started_at: datetime,
    zone: ZoneInfo,
    *,
    finished_at: datetime,
    count: int | None,
    error: str | None,
) -> dict[str, Any]:
    """Returns the columns of a finished run, with the time at which the next one is due."""
    following = next_run(job.schedule, started_at, zone)
    if error is not None and isinstance(job.schedule, DailyAt):
        following = min(following, finished_at + RETRY_AFTER)
    duration_ms = round((finished_at - started_at) / timedelta(milliseconds=1))
    return {
        "due_at": following,
        "finished_at": finished_at,
        "duration_ms": duration_ms,
        "count": count,
        "error": error,
    }
