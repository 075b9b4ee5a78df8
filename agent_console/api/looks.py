"""The log of looks (`/looks`): who saw which ticket, number, sound or export, when and why."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from agent_console.api.dispatch import ApiRequest, ApiResponse, Route
from agent_console.api.problems import bad_fields
from agent_console.api.requests import Nothing, PageQuery, PlainText
from agent_console.api.schemas import ApiSchema
from agent_console.api.serializers import moment
from hotline.rules.enums import LookKind
from hotline.rules.people.actors import Right
from hotline.store.people.looks import LookFilter, list_looks
from hotline.store.tickets.lists import address_of, find_ticket_for


class LooksQuery(PageQuery):
    """`ticket`: its number. `user`: log-in name or work number. `from` and `to` are local days."""

    ticket: Annotated[PlainText, Field(max_length=40)] = ""
    user: Annotated[PlainText, Field(max_length=64)] = ""
    kind: LookKind | None = None
    first: date | None = Field(None, alias="from")
    last: date | None = Field(None, alias="to")


class LookOut(ApiSchema):
    """`reason` is a code of the console's list, `own_work`, `ordinary`, `search` or `unstated`."""

    id: int
    at: datetime
    user: str | None
    kind: str
    reason: str
    ticket: str | None


class LookListOut(ApiSchema):
    items: tuple[LookOut, ...]
    next_cursor: str | None


def get_looks(request: ApiRequest[LooksQuery, Nothing]) -> ApiResponse:
    query, zone = request.query, request.application.policies.zone
    with request.application.read_session() as session:
        ticket = find_ticket_for(session, request.person, query.ticket) if query.ticket else None
        if query.ticket and ticket is None:
            raise bad_fields({"ticket": "unknown_value"})
        wanted = LookFilter(
            ticket_id=ticket.id if ticket else None,
            person=query.user,
            kind=query.kind,
            since=_midnight(query.first, zone),
            until=None if query.last is None else _midnight(query.last + timedelta(days=1), zone),
        )
        page = list_looks(session, wanted, limit=query.limit, cursor=query.cursor)
    items = tuple(
        LookOut(
            id=line.look.id,
            at=moment(line.look.at, zone),
            user=line.person.name if line.person else None,
            kind=line.look.field,
            reason=line.look.reason,
            ticket=address_of(line.ticket) if line.ticket else None,
        )
        for line in page.rows
    )
    return ApiResponse(LookListOut(items=items, next_cursor=page.next_cursor))


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


LOOK_ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/looks",
        get_looks,
        "查看记录 List who saw what, the newest first",
        LooksQuery,
        Nothing,
        LookListOut,
        rights=(Right.READ_LOOKS,),
        problems=(400, 422),
    ),
)
