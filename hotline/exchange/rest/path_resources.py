"""The call or conference named in the path of a REST request; raises 20404 where there is none."""

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE
from hotline.exchange.rest.errors import not_found
from hotline.exchange.state.calls import Call
from hotline.exchange.state.conferences import Conference


def requested_call(request: web.Request) -> Call:
    call = request.app[EXCHANGE].registry.calls.get(request.match_info["call_sid"])
    if call is None:
        raise not_found(request.path)
    return call


def requested_conference(request: web.Request) -> Conference:
    conference = request.app[EXCHANGE].registry.conferences.get(request.match_info["conference"])
    if conference is None:
        raise not_found(request.path)
    return conference
