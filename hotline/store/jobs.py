from datetime import datetime
from typing import Literal

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hotline.store.base import Base, UtcDateTime


class PeriodicJob(Base):
    """A periodic job: when it is due, and the last run with its result."""

    __tablename__ = "periodic_jobs"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    schedule: Mapped[str] = mapped_column(String(40))
    # Queue of a heavy job's worker; NULL for a job that the scheduler runs itself.
    lane: Mapped[str | None] = mapped_column(String(16))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Heavy jobs only: when the run was handed to the queue, and until when the worker that runs it holds it.
    enqueued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Runs begun since the last one that ended.
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of the last run that ended; it has either a count (what the job did) or the type of its error.
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    duration_ms: Mapped[int | None]
    count: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(80))


def all_jobs(session: Session) -> list[PeriodicJob]:
    return list(session.scalars(select(PeriodicJob).order_by(PeriodicJob.name)))


JobState = Literal["running", "interrupted", "failed", "succeeded", "never run"]


def state_of(row: PeriodicJob, at: datetime) -> JobState:
    """Returns the state of a job at `at`; an interrupted run is made again when its lease is over."""
    if row.claimed_until is not None:
        return "running" if row.claimed_until > at else "interrupted"
    return "failed" if row.error else "succeeded" if row.finished_at else "never run"
