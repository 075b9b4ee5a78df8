"""Server-sent events for open pages (`/events`).

Each person receives only events that their rights cover, and no numbers or texts: a page that receives an event of its
own reads its state again. In production a process group of its own serves this address.
"""

import json
import queue
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol, cast

from flask import Blueprint, Flask, Response, current_app, request, session
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from agent_console.web.auth import SIGN_IN, current_person, needs
from agent_console.web.console_context import ConsoleOptions, application
from agent_console.web.hub import Closed, Entry, Hub, Listener, StreamDown, is_entry_id
from hotline.rules.people.actors import Person, Right
from hotline.services.people import accounts

HEARTBEAT_SECONDS = 15.0
HUB = "hotline_live"

# Events after which waiting numbers and rates change. Desks receive them without the call's id.
QUEUE_KINDS = frozenset(
    {"CallQueued", "CallOffered", "OfferSettled", "CallAccepted", "CallConnected", "CallEnded"}
)

Event = dict[str, Any]


class SessionCheck(Protocol):
    """Returns True while the listener's session is valid; see `session_check`."""

    def __call__(self, *, between_events: bool = False) -> bool: ...


def start(app: Flask, options: ConsoleOptions) -> None:
    """Adds the hub to the application. It starts reading with the first listener."""
    app.extensions[HUB] = Hub(options.redis_url, options.max_streams)


def hub() -> Hub:
    return cast("Hub", current_app.extensions[HUB])


def visible_to(person: Person, event: Event) -> Event | None:
    """Returns the part of `event` that `person` may receive, or None: ids of their own calls and of readable tickets only."""
    kind, data = event["kind"], event["data"]
    if person.id in (data.get("operator_id"), data.get("user_id")):
        return {"kind": kind, "at": event["at"], "own": True, **_ids(data)}
    if kind in QUEUE_KINDS and (person.may(Right.TAKE_CALLS) or person.may(Right.READ_CALLS)):
        return {"kind": "QueueChanged", "at": event["at"]}
    if "ticket_id" in data and _may_hear_of_ticket(person, data):
        return {"kind": kind, "at": event["at"], "ticket_id": data["ticket_id"]}
    if "callback_id" in data and person.may(Right.READ_CALLBACKS):
        return {"kind": kind, "at": event["at"], "callback_id": data["callback_id"]}
    if "outage_id" in data and person.may(Right.READ_OUTAGES):
        return {"kind": kind, "at": event["at"], "outage_id": data["outage_id"]}
    if kind == "PresenceChanged" and person.may(Right.READ_OPERATORS):
        return {"kind": kind, "at": event["at"], "user_id": data["user_id"], "state": data["state"]}
    return None


def _may_hear_of_ticket(person: Person, data: Event) -> bool:
    if person.may(Right.READ_ALL_TICKETS):
        return True
    return person.may(Right.READ_UNIT_TICKETS) and data.get("unit_code") == person.unit_code is not None


def _ids(data: Event) -> Event:
    return {name: data[name] for name in ("call_id", "offer_id", "ticket_id", "state", "how") if name in data}


@needs()
def events() -> ResponseReturnValue:
    """Streams events from Last-Event-ID on. 503 while Redis is unreachable; the page says so and polls instead."""
    last = request.headers.get("Last-Event-ID", "")
    token = str(session.get(SIGN_IN))
    stack = ExitStack()
    try:
        listener = stack.enter_context(hub().listen())
        missed = hub().since(last) if is_entry_id(last) else []
    except (StreamDown, RedisError):
        stack.close()
        return Response(status=503, headers={"Retry-After": "3"})
    stream = _stream(hub(), listener, missed, current_person(), session_check(token))
    response = Response(_closing(stack, stream), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(stack.close)
    return response


def session_check(token: str) -> SessionCheck:
    """Returns the check of a session at every heartbeat, after which a revoked session receives nothing more.

    Between two events it reads the database once a heartbeat at most, and returns True in between.
    """
    ours = application()
    checked_at = ours.clock()

    def check(*, between_events: bool = False) -> bool:
        nonlocal checked_at
        if between_events and (ours.clock() - checked_at).total_seconds() < HEARTBEAT_SECONDS:
            return True
        checked_at = ours.clock()
        with ours.read_session() as reading:
            return accounts.person_by_sign_in(reading, token, ours.clock()) is not None

    return check


def _closing(stack: ExitStack, stream: Iterator[str]) -> Iterator[str]:
    with stack:
        yield from stream


def _stream(
    source: Hub,
    listener: Listener,
    missed: list[Entry] | None,
    person: Person,
    is_valid: SessionCheck,
) -> Iterator[str]:
    yield "retry: 1000\n\n"
    if missed is None:
        yield "event: reset\ndata: {}\n\n"
    last = ""
    for entry in missed or ():
        last = entry.id
        yield from _message(person, entry)
    while True:
        try:
            item = listener.items.get(timeout=HEARTBEAT_SECONDS)
        except queue.Empty:
            if not is_valid():
                return
            yield f"id: {source.last_id}\n: beat\n\n"
            continue
        match item:
            case Closed():
                return
            case Entry() if not is_valid(between_events=True):
                return
            case Entry(id=entry_id) if last and _not_after(entry_id, last):
                continue
            case Entry():
                yield from _message(person, item)


def _not_after(entry_id: str, last: str) -> bool:
    return tuple(map(int, entry_id.split("-"))) <= tuple(map(int, last.split("-")))


def _message(person: Person, entry: Entry) -> Iterator[str]:
    # One message an entry: a reader that is interrupted within a commit's events would miss the others.
    visible = [part for part in (visible_to(person, event) for event in entry.events) if part is not None]
    if visible:
        yield f"id: {entry.id}\nevent: told\ndata: {json.dumps(visible, separators=(',', ':'))}\n\n"


def pages() -> Blueprint:
    blueprint = Blueprint("live", __name__)
    blueprint.add_url_rule("/events", "events", events)
    return blueprint
