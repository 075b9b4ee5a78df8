"""The Queue and Member resources."""

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE
from hotline.exchange.rest.errors import ApiError, invalid, not_found
from hotline.exchange.rest.forms import RequestForm, read_form
from hotline.exchange.rest.pagination import page_response
from hotline.exchange.rest.serializers import serialize_member, serialize_queue
from hotline.exchange.state.calls import DocumentRequest, MoveCall
from hotline.exchange.state.queues import Member, WaitingQueue
from hotline.exchange.verbs.enqueue import DEFAULT_LIMIT, open_queue, remove_member

LARGEST_QUEUE = 5000


def _queue(request: web.Request) -> WaitingQueue:
    queue = request.app[EXCHANGE].registry.queues.get(request.match_info["queue_sid"])
    if queue is None:
        raise not_found(request.path)
    return queue


def _member(request: web.Request, queue: WaitingQueue) -> Member:
    """Returns the member by call sid, or the one at the front; raises ApiError 20404."""
    key = request.match_info["call_sid"]
    for member in queue.members:
        if key in {"Front", member.call.sid}:
            return member
    raise not_found(request.path)


def _name(form: RequestForm) -> str | None:
    name = form.text("FriendlyName")
    if name is not None and len(name) > 64:
        raise invalid("FriendlyName", "longer than 64 characters")
    return name


async def create_queue(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    form = await read_form(request)
    name = _name(form)
    if name is None:
        raise invalid("FriendlyName", "is required")
    if any(queue.name == name for queue in exchange.registry.queues.values()):
        raise ApiError(400, 22003, f"A queue named {name} exists already")
    limit = form.integer("MaxSize", DEFAULT_LIMIT, 1, LARGEST_QUEUE)
    return web.json_response(serialize_queue(exchange, open_queue(exchange, name, limit)), status=201)


async def list_queues(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    queues = list(exchange.registry.queues.values())
    return page_response(
        request, "queues", queues, lambda queue: queue.sid, lambda queue: serialize_queue(exchange, queue)
    )


async def fetch_queue(request: web.Request) -> web.Response:
    return web.json_response(serialize_queue(request.app[EXCHANGE], _queue(request)))


async def update_queue(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    queue = _queue(request)
    form = await read_form(request)
    queue.limit = form.integer("MaxSize", queue.limit, 1, LARGEST_QUEUE)
    queue.name = _name(form) or queue.name
    queue.updated = exchange.clock.now()
    return web.json_response(serialize_queue(exchange, queue))


async def delete_queue(request: web.Request) -> web.Response:
    queue = _queue(request)
    if queue.members:
        raise ApiError(400, 22001, "The queue is not empty")
    del request.app[EXCHANGE].registry.queues[queue.sid]
    return web.Response(status=204)


async def list_members(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    queue = _queue(request)
    return page_response(
        request,
        "queue_members",
        list(queue.members),
        lambda member: member.call.sid,
        lambda member: serialize_member(exchange, queue, member),
    )


async def fetch_member(request: web.Request) -> web.Response:
    queue = _queue(request)
    return web.json_response(serialize_member(request.app[EXCHANGE], queue, _member(request, queue)))


async def update_member(request: web.Request) -> web.Response:
    """Removes a member from the queue and redirects its call to the given document.

    Of two concurrent requests for the same member the second is answered 20404.
    """
    exchange = request.app[EXCHANGE]
    queue = _queue(request)
    form = await read_form(request)
    url = form.url("Url")
    if url is None:
        raise ApiError(400, 21205, "Url parameter is required")
    method = form.method("Method")
    member = _member(request, queue)
    resource = serialize_member(exchange, queue, member)
    remove_member(exchange, queue, member)
    member.call.interrupt(MoveCall(DocumentRequest(url, method)))
    return web.json_response(resource)
