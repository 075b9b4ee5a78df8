"""Known outages for programs: a utility's own system may announce what every caller is about to ask."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from pydantic import AwareDatetime

from agent_console.api.dispatch import Asked, Reply, Route
from agent_console.api.problems import Problem
from agent_console.api.requests import Nothing, PageQuery, Text, fingerprint
from agent_console.api.schemas import Shape
from agent_console.api.serializers import moment, moment_or_none
from hotline.rules.calls.outages import OutageState, outage_state
from hotline.rules.people.actors import Right
from hotline.services.calls import outages
from hotline.services.tickets import idempotency
from hotline.store.calls.outages import Outage, OutageLine, find_outage_line, list_outages
from hotline.unit_of_work import UnitOfWork


class NoticeQuery(PageQuery):
    """`running` true: only what callers hear now."""

    running: bool = False


class NoticeIn(Nothing):
    """A known outage. Without `starts_at` callers hear of it at once; `text_en` empty: all hear the Chinese."""

    text_zh: Text
    text_en: Text = ""
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime


class NoticeOut(Shape):
    """`stopped_at`: somebody ended it before its time. `announced_by` is a display name."""

    id: int
    state: OutageState
    text_zh: str
    text_en: str
    starts_at: datetime
    ends_at: datetime
    stopped_at: datetime | None
    announced_by: str
    announced_at: datetime


class NoticeListOut(Shape):
    items: tuple[NoticeOut, ...]
    next_cursor: str | None


def get_notices(asked: Asked[NoticeQuery, Nothing]) -> Reply:
    query, at, zone = asked.query, asked.application.clock(), asked.application.policies.zone
    with asked.application.read_session() as session:
        page = list_outages(session, at if query.running else None, limit=query.limit, cursor=query.cursor)
    items = tuple(_told(line, at, zone) for line in page.rows)
    return Reply(NoticeListOut(items=items, next_cursor=page.next_cursor))


def get_notice(asked: Asked[Nothing, Nothing]) -> Reply:
    with asked.application.read_session() as session:
        line = find_outage_line(session, asked.row_id())
    if line is None:
        raise Problem("not_found")
    return Reply(_told(line, asked.application.clock(), asked.application.policies.zone))


def post_notice(asked: Asked[Nothing, NoticeIn]) -> Reply:
    """Announce an outage; callers who arrive within a few seconds hear it. The same Idempotency-Key means the same notice."""
    body = asked.body

    def announce(work: UnitOfWork) -> Outage:
        return outages.announce(
            work,
            text_zh=body.text_zh,
            text_en=body.text_en,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
        )

    with asked.application.unit_of_work(asked.person) as work:
        once = idempotency.announce_once(work, asked.token_id, asked.key, fingerprint(body), announce)
        line = find_outage_line(work.session, once.made.id)
        if line is None:
            raise Problem("not_found")
        told = _told(line, work.at, work.zone)
    headers = {"Location": url_for("api.get_notice", id=told.id)}
    if once.is_repeat:
        headers["Idempotency-Replayed"] = "true"
    return Reply(told, 201, headers)


def delete_notice(asked: Asked[Nothing, Nothing]) -> Reply:
    """Tell no caller any more; one that is over already cannot be stopped (409)."""
    with asked.application.unit_of_work(asked.person) as work:
        outages.stop(work, asked.row_id())
    return Reply(None, 204)


def _told(line: OutageLine, at: datetime, zone: ZoneInfo) -> NoticeOut:
    row = line.outage
    return NoticeOut(
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
NOTICE_ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/notices",
        get_notices,
        "故障通知列表 List known outages, the last announced first",
        NoticeQuery,
        Nothing,
        NoticeListOut,
        rights=_READ,
        refuses=(400, 422),
    ),
    Route(
        "POST",
        "/notices",
        post_notice,
        "发布故障通知 Let callers hear of a known outage; `Idempotency-Key` makes repeating safe",
        Nothing,
        NoticeIn,
        NoticeOut,
        status=201,
        rights=_ANNOUNCE,
        refuses=(400, 415, 422),
        takes_key=True,
    ),
    Route(
        "GET",
        "/notices/{id}",
        get_notice,
        "一条故障通知 Read one known outage",
        Nothing,
        Nothing,
        NoticeOut,
        rights=_READ,
        refuses=(404,),
    ),
    Route(
        "DELETE",
        "/notices/{id}",
        delete_notice,
        "停止播报 Tell callers no more of it",
        Nothing,
        Nothing,
        None,
        status=204,
        rights=_ANNOUNCE,
        refuses=(404, 409),
    ),
)
