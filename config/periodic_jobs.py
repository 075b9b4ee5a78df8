"""The table of periodic jobs, and one run of each kind.

A job is light if a run is a few statements, or grows only with the calls that are live: the scheduler runs it itself,
one after the other. Everything else is heavy, such as work that grows with the traffic of days: the worker of its own
lane runs it, so that it does not delay the light ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from hotline import outbox
from hotline.rules.people.actors import Machine
from hotline.rules.schedules import Every, Schedule, next_run
from hotline.services import periodic_jobs, retention
from hotline.services.calls import lost_webhooks, sounds
from hotline.services.city import units
from hotline.services.outbound import callback_dials, follow_ups
from hotline.services.people import leavers
from hotline.services.periodic_jobs import HEAVY, PlannedJob
from hotline.services.queueing import offers, presence
from hotline.unit_of_work import Application, UnitOfWork

# An accepted caller whose operator has not joined after this time gets the place in the queue back.
CONNECT_PATIENCE = timedelta(seconds=20)
# A light job that takes longer is logged: it delays the others and belongs to the heavy ones.
SLOW = timedelta(seconds=1)
RECORD_IDLE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class LightJob:
    """`run` makes its changes in the unit of work that also records the run; it returns how much it did."""

    name: str
    schedule: Schedule
    run: Callable[[UnitOfWork], int]

    @property
    def planned(self) -> PlannedJob:
        return PlannedJob(self.name, self.schedule)


@dataclass(frozen=True, slots=True)
class HeavyJob:
    """`run` opens units of work of its own, short ones, and returns how much it did.

    It must be repeatable: if its worker is killed, it runs again from the beginning.
    """

    name: str
    schedule: Schedule
    run: Callable[[Application], int]

    @property
    def planned(self) -> PlannedJob:
        return PlannedJob(self.name, self.schedule, HEAVY)


Job = LightJob | HeavyJob


def requeue_unconnected(work: UnitOfWork) -> int:
    return offers.requeue_unconnected(work, work.at - CONNECT_PATIENCE)


def delete_expired(application: Application) -> int:
    """Deletes batch after batch, each in a transaction of its own, until nothing expired is left."""
    deleted = 0
    while True:
        with application.unit_of_work(Machine.CLOCK) as work:
            batch = retention.delete_expired(work)
        if batch == 0:
            return deleted
        deleted += batch


JOBS: tuple[Job, ...] = (
    LightJob("offer_waiting", Every(1), offers.offer_waiting),
    LightJob("plan_callbacks", Every(1), callback_dials.plan_due_dials),
    LightJob("plan_follow_ups", Every(1), follow_ups.plan_due_dials),
    LightJob("settle_overdue_offers", Every(5), offers.settle_overdue_offers),
    LightJob("requeue_unconnected", Every(5), requeue_unconnected),
    LightJob("close_silent_desks", Every(5), presence.close_silent_desks),
    LightJob("close_desks_of_leavers", Every(5), leavers.close_desks),
    LightJob("flag_long_wrap_ups", Every(5), presence.flag_long_wrap_ups),
    LightJob("return_stranded_callers", Every(5), lost_webhooks.return_stranded_callers),
    LightJob("free_stuck_desks", Every(30), lost_webhooks.free_stuck_desks),
    LightJob("check_silent_dials", Every(5), lost_webhooks.check_silent_dials),
    LightJob("check_silent_calls", Every(5), lost_webhooks.check_silent_calls),
    # What reached a unit while it was being closed.
    LightJob("move_stragglers", Every(30), units.move_stragglers),
    LightJob("return_to_relay", Every(60), outbox.return_to_relay),
    # Heavy: it deletes the webhooks of two days ago and old finished deliveries, and their number grows with the traffic.
    HeavyJob("delete_expired", Every(3600), delete_expired),
    # Heavy: a request to the storage for each sound of a day two years ago.
    HeavyJob("delete_sounds", Every(3600), sounds.delete_expired),
    # Until no sound is left in the database, where versions before revision 0014 stored it.
    HeavyJob("move_sounds", Every(3600), sounds.move_to_storage),
)


@dataclass(frozen=True, slots=True)
class LightRun:
    """The next run of a light job, as its scheduler knows it.

    `due_at` is when it is due, `row_due_at` the same as its row states it, `recorded_at` when a run was recorded last.
    """

    job: LightJob
    due_at: datetime
    row_due_at: datetime
    recorded_at: datetime | None = None


class _MadeElsewhere(Exception):
    """Another scheduler has made the run."""


def run_light(application: Application, run: LightRun) -> LightRun | None:
    """Makes the run; returns the next one, or None if another scheduler has made it.

    An error of the job is logged and recorded, never raised. A run that had nothing to do is recorded only if none was for
    `RECORD_IDLE`, because most of them have nothing to do.
    """
    try:
        return _make_light_run(application, run)
    except _MadeElsewhere:
        return None
    except Exception as trouble:  # noqa: BLE001 - a job that fails must not stop the others
        _log_failure(run.job, trouble)
        error = type(trouble).__name__
        with application.unit_of_work(Machine.CLOCK) as work:
            following = periodic_jobs.record_light_run(
                work, run.job.planned, due_at=run.row_due_at, finished_at=work.at, error=error
            )
        return None if following is None else LightRun(run.job, following, following, work.at)


def _make_light_run(application: Application, run: LightRun) -> LightRun:
    job = run.job
    with application.unit_of_work(Machine.CLOCK) as work:
        count = job.run(work)
        finished_at = application.clock()
        if count == 0 and run.recorded_at is not None and work.at - run.recorded_at < RECORD_IDLE:
            return replace(run, due_at=next_run(job.schedule, work.at, work.zone))
        following = periodic_jobs.record_light_run(
            work, job.planned, due_at=run.row_due_at, finished_at=finished_at, count=count
        )
        if following is None:
            # The exception rolls the changes of the job back.
            raise _MadeElsewhere
    if finished_at - work.at > SLOW:
        structlog.get_logger().warning("job.slow", job=job.name)
    return LightRun(job, following, following, work.at)


def run_heavy(application: Application, job: HeavyJob) -> bool:
    """Makes the run of `job` that is due; False if it is not due or another worker makes it."""
    with application.unit_of_work(Machine.WORKER) as work:
        if not periodic_jobs.begin_heavy(work, job.planned):
            return False
        started_at = work.at
    count, error = None, None
    try:
        count = job.run(application)
    except Exception as trouble:  # noqa: BLE001 - the job is due again by its schedule
        _log_failure(job, trouble)
        error = type(trouble).__name__
    with application.unit_of_work(Machine.WORKER) as work:
        periodic_jobs.finish_heavy(work, job.planned, started_at=started_at, count=count, error=error)
    return True


def _log_failure(job: Job, trouble: Exception) -> None:
    structlog.get_logger().error("job.failed", job=job.name, trouble=type(trouble).__name__)
