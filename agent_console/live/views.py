"""The address of live events (`/events`) for open pages.

Each person receives only events that their rights cover, and no numbers or texts: a page that receives an event of its
own reads its state again. In production a process group of its own serves this address, on an event loop (`server`).
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import cast

from flask import Blueprint, Flask, Response, current_app, request, session
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from agent_console.live.hub import Hub, QueueListener, StreamDown, is_entry_id
from agent_console.live.streams import EventStream, SessionWatch, StreamEnded
from agent_console.web.auth import SIGN_IN, current_person, needs
from agent_console.web.console_context import ConsoleOptions
from hotline.unit_of_work import Application

HUB = "hotline_live"
SESSIONS = "hotline_live_sessions"
# A server that runs streams itself gives its own kind of listener here, and finds the opened stream there.
NEW_LISTENER = "hotline.new_listener"
STREAM = "hotline.stream"


def start(app: Flask, ours: Application, options: ConsoleOptions) -> None:
    """Adds the hub to the application. It starts reading with the first listener."""
    app.extensions[HUB] = Hub(options.redis_url, options.max_streams)
    app.extensions[SESSIONS] = SessionWatch(ours)


@needs(serves_talk=True)
def events() -> ResponseReturnValue:
    """Streams events from Last-Event-ID on. 503 while Redis is unreachable; the page says so and polls instead."""
    hub = cast("Hub", current_app.extensions[HUB])
    sessions = cast("SessionWatch", current_app.extensions[SESSIONS])
    last, token = request.headers.get("Last-Event-ID", ""), str(session.get(SIGN_IN))
    listener = request.environ.get(NEW_LISTENER, QueueListener)()
    with ExitStack() as opening:
        try:
            opening.enter_context(hub.listen(listener))
            missed = hub.since(last) if is_entry_id(last) else []
        except (StreamDown, RedisError):
            return Response(status=503, headers={"Retry-After": "3"})
        opening.enter_context(sessions.watched(token))
        stream = EventStream(hub, current_person(), token, sessions, missed, opening.pop_all())
    # A request for the headers alone opens no stream.
    if NEW_LISTENER in request.environ and request.method != "HEAD":
        request.environ[STREAM] = stream, listener
        response = Response(mimetype="text/event-stream")
    else:
        response = Response(_texts(stream, listener), mimetype="text/event-stream")
        response.call_on_close(stream.resources.close)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _texts(stream: EventStream, listener: QueueListener) -> Iterator[str]:
    """Yields the texts of a stream in the thread that serves it."""
    with stream.resources:
        yield stream.opening()
        while True:
            item = listener.next()
            try:
                text = stream.beat() if item is None else stream.text_of(item)
            except StreamEnded:
                return
            if text:
                yield text


def pages() -> Blueprint:
    blueprint = Blueprint("live", __name__)
    blueprint.add_url_rule("/events", "events", events)
    return blueprint
