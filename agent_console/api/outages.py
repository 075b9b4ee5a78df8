"""Known outages (`/notices`): other systems, such as a utility's, announce them to callers."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from pydantic import AwareDatetime

from agent_console.api.dispatch import ApiRequest, ApiResponse, Route
from agent_console.api.problems import Problem
from agent_console.api.requests import ApiInput, Nothing, PageQuery, PlainText, fingerprint
from agent_console.api.schemas import ApiSchema
from agent_console.api.serializers import moment, moment_or_none
from hotline.rules.calls.outages import OutageState, outage_state
from hotline.rules.people.actors import Right
from hotline.services.calls import outages
from hotline.services.tickets import idempotency
from hotline.store.calls.outages import Outage, OutageLine, find_outage_line, list_outages
from hotline.unit_of_work import UnitOfWork


class OutageQuery(PageQuery):
    """With `running`, only the announcements that callers hear now."""

    running: bool = False


class OutageIn(ApiInput):
    """A known outage. Without `starts_at` it is announced at once; without `text_en` every caller hears the Chinese text."""

    text_zh: PlainText
    text_en: PlainText = ""
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime


class OutageOut(ApiSchema):
    """`stopped_at` is set if it was stopped before its end. `announced_by` is a display name."""

    id: int
    state: OutageState
    text_zh: str
    text_en: str
    starts_at: datetime
    ends_at: datetime
    stopped_at: datetime | None
    announced_by: str
    announced_at: datetime


class OutageListOut(ApiSchema):
    items: tuple[OutageOut, ...]
    next_cursor: str | None


def get_notices(request: ApiRequest[OutageQuery, Nothing]) -> ApiResponse:
    query, at, zone = request.query, request.application.clock(), request.application.policies.zone
    with request.application.read_session() as session:
        page = list_outages(session, at if query.running else None, limit=query.limit, cursor=query.cursor)
    items = tuple(_outage_out(line, at, zone) for line in page.rows)
    return ApiResponse(OutageListOut(items=items, next_cursor=page.next_cursor))


def get_notice(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    with request.application.read_session() as session:
        line = find_outage_line(session, request.row_id())
    if line is None:
        raise Problem("not_found")
    return ApiResponse(_outage_out(line, request.application.clock(), request.application.policies.zone))


def post_notice(request: ApiRequest[Nothing, OutageIn]) -> ApiResponse:
    """Announces an outage; new calls hear it within a few seconds. A repeated Idempotency-Key returns the same one."""
    body = request.body

    def announce(work: UnitOfWork) -> Outage:
        return outages.announce(
            work,
            text_zh=body.text_zh,
            text_en=body.text_en,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
        )

    with request.application.unit_of_work(request.person) as work:
        announced = idempotency.announce_once(
            work, request.token_id, request.idempotency_key, fingerprint(body), announce
        )
        line = find_outage_line(work.session, announced.row.id)
        if line is None:
            raise Problem("not_found")
        outage = _outage_out(line, work.at, work.zone)
    headers = {"Location": url_for("api.get_notice", id=outage.id)}
    if announced.is_repeat:
        headers["Idempotency-Replayed"] = "true"
    return ApiResponse(outage, 201, headers)


def delete_notice(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    """Stops an announcement: 204, or 409 if it is over already."""
    with request.application.unit_of_work(request.person) as work:
        outages.stop(work, request.row_id())
    return ApiResponse(None, 204)


def _outage_out(line: OutageLine, at: datetime, zone: ZoneInfo) -> OutageOut:
    row = line.outage
    return OutageOut(
        id=row.id,
        state=outage_state(row.starts_at, row.ends_at, row.stopped_at, at),
        text_zh=row.text_zh,
        text_en=row.text_en,
        starts_at=moment(row.starts_at, zone),
        ends_at=moment(row.ends_at, zone),
        stopped_at=moment_or_none(row.stopped_at, zone),
        announced_by=line.author.display_name,
        announced_at=moment(row.created_at, zone),
    )


_READ, _ANNOUNCE = (Right.READ_OUTAGES,), (Right.ANNOUNCE,)
OUTAGE_ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/notices",
        get_notices,
        "故障通知列表 List known outages, the last announced first",
        OutageQuery,
        Nothing,
        OutageListOut,
        rights=_READ,
        problems=(400, 422),
    ),
    Route(
        "POST",
        "/notices",
        post_notice,
        "发布故障通知 Announce a known outage; `Idempotency-Key` makes repeating safe",
        Nothing,
        OutageIn,
        OutageOut,
        status=201,
        rights=_ANNOUNCE,
        problems=(400, 415, 422),
        idempotent=True,
    ),
    Route(
        "GET",
        "/notices/{id}",
        get_notice,
        "一条故障通知 Read one known outage",
        Nothing,
        Nothing,
        OutageOut,
        rights=_READ,
        problems=(404,),
    ),
    Route(
        "DELETE",
        "/notices/{id}",
        delete_notice,
        "停止播报 Stop its announcement",
        Nothing,
        Nothing,
        None,
        status=204,
        rights=_ANNOUNCE,
        problems=(404, 409),
    ),
)
