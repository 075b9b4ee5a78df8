"""Periodic jobs and lanes (`/jobs`): when each job ran, with which result, and how many deliveries wait in each lane."""

from datetime import datetime
from typing import Any, Literal

from agent_console.api.dispatch import ApiRequest, ApiResponse, Route
from agent_console.api.requests import Nothing
from agent_console.api.schemas import ApiSchema
from agent_console.api.serializers import moment, moment_or_none
from hotline.rules.people.actors import Right
from hotline.services.deliveries import LANES
from hotline.store.deliveries import lane_figures
from hotline.store.jobs import all_jobs, state_of


class JobOut(ApiSchema):
    """`count` is what the last run that ended dealt with; `error` is the type of its error instead."""

    name: str
    schedule: str
    queue: str | None
    state: Literal["running", "interrupted", "failed", "succeeded", "never run"]
    last_started_at: datetime | None
    last_finished_at: datetime | None
    duration_seconds: float | None
    count: int | None
    error: str | None
    next_due_at: datetime


class LaneOut(ApiSchema):
    """Deliveries that are not over. `oldest_seconds`: age of the oldest event that waits for one, null without any."""

    lane: str
    due: int
    failing: int
    dead: int
    oldest_seconds: int | None


class JobListOut(ApiSchema):
    items: tuple[JobOut, ...]
    lanes: tuple[LaneOut, ...]


def get_jobs(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    at, zone = request.application.clock(), request.application.policies.zone
    with request.application.read_session() as session:
        rows, lanes = all_jobs(session), lane_figures(session, LANES)
    jobs = tuple(
        JobOut(
            name=row.name,
            schedule=row.schedule,
            queue=row.lane,
            state=state_of(row, at),
            last_started_at=moment_or_none(row.started_at, zone),
            last_finished_at=moment_or_none(row.finished_at, zone),
            duration_seconds=None if row.duration_ms is None else row.duration_ms / 1000,
            count=row.count,
            error=row.error,
            next_due_at=moment(row.due_at, zone),
        )
        for row in rows
    )
    waiting = tuple(
        LaneOut(
            lane=each.lane,
            due=each.due,
            failing=each.failing,
            dead=each.dead,
            oldest_seconds=each.oldest_seconds(at),
        )
        for each in lanes
    )
    return ApiResponse(JobListOut(items=jobs, lanes=waiting))


JOB_ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/jobs",
        get_jobs,
        "定时任务 List the periodic jobs, and how many deliveries wait in each lane",
        Nothing,
        Nothing,
        JobListOut,
        rights=(Right.MANAGE_DELIVERIES,),
    ),
)
