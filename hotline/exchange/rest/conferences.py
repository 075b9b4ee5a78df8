"""The Conference resource. It has no create: a conference exists once it has a participant."""

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE
from hotline.exchange.rest.errors import invalid, not_found
from hotline.exchange.rest.forms import read_form
from hotline.exchange.rest.pagination import check_date_filters, matches_date_filter, page_response
from hotline.exchange.rest.path_resources import requested_conference
from hotline.exchange.rest.serializers import serialize_conference
from hotline.exchange.state.calls import DocumentRequest
from hotline.exchange.state.conferences import Conference
from hotline.exchange.verbs.announcements import announce
from hotline.exchange.verbs.conference import end_conference
from hotline.exchange.vocabulary.enums import ConferenceEndReason, ConferenceStatus, LeaveReason


async def list_conferences(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    query = request.query
    check_date_filters(query, "DateCreated", "DateUpdated")

    def fits(conference: Conference) -> bool:
        return (
            query.get("FriendlyName") in {None, conference.name}
            and query.get("Status") in {None, conference.status}
            and matches_date_filter(query, "DateCreated", conference.created)
            and matches_date_filter(query, "DateUpdated", conference.updated)
        )

    found = [
        conference for conference in reversed(exchange.registry.conferences.values()) if fits(conference)
    ]
    return page_response(
        request,
        "conferences",
        found,
        lambda item: item.sid,
        lambda item: serialize_conference(exchange, item),
    )


async def fetch_conference(request: web.Request) -> web.Response:
    return web.json_response(serialize_conference(request.app[EXCHANGE], requested_conference(request)))


async def update_conference(request: web.Request) -> web.Response:
    """Ends a conference, or plays a document to all its participants."""
    exchange = request.app[EXCHANGE]
    conference = requested_conference(request)
    form = await read_form(request)
    status, announcement = form.text("Status"), form.url("AnnounceUrl")
    if conference.status is ConferenceStatus.COMPLETED:
        raise not_found(request.path)
    if status not in {None, "completed"}:
        raise invalid("Status", "must be completed")
    if announcement is not None:
        announce(
            exchange,
            conference,
            conference.connected(),
            DocumentRequest(announcement, form.method("AnnounceMethod")),
        )
    if status is not None:
        end_conference(exchange, conference, ConferenceEndReason.VIA_API, LeaveReason.ENDED_VIA_API, None)
    return web.json_response(serialize_conference(exchange, conference))
