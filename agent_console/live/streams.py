"""The live stream of one open page: what its person may receive, from which event on, and until when.

A stream knows nothing of threads or event loops; `views` runs it in a thread and `server` on an event loop. Both write the
texts that it returns and end when it raises StreamEnded.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent_console.live.hub import HEARTBEAT_SECONDS, Closed, Entry, Hub, StreamItem, entry_order
from hotline.rules.people.actors import Person, Right
from hotline.services.people import sign_ins
from hotline.unit_of_work import Application

# Events after which waiting numbers and rates change. Desks receive them without the call's id.
QUEUE_KINDS = frozenset(
    {"CallQueued", "CallOffered", "OfferSettled", "CallAccepted", "CallConnected", "CallEnded"}
)

Event = dict[str, Any]
# `json.dumps` with these separators makes an encoder for each message.
_as_json = json.JSONEncoder(separators=(",", ":")).encode


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


class SessionWatch:
    """Knows which sessions of the open streams are valid; all are read in one statement, once a heartbeat at most.

    A session that was revoked is known as such after a heartbeat.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        # A person may have several streams in one session.
        self._tokens: Counter[str] = Counter()
        self._invalid: frozenset[str] = frozenset()
        self._read_at: datetime | None = None

    @contextmanager
    def watched(self, token: str) -> Iterator[None]:
        """Watches a session, which is valid now, for the block."""
        with self._lock:
            self._tokens[token] += 1
        try:
            yield
        finally:
            with self._lock:
                self._tokens[token] -= 1
                if not self._tokens[token]:
                    del self._tokens[token]

    def is_valid(self, token: str) -> bool:
        """Returns whether the session was valid when it was last read, which is done first if a heartbeat has passed."""
        at = self._application.clock()
        if self._read_at is None:
            self._read_at = at
        if (at - self._read_at).total_seconds() >= HEARTBEAT_SECONDS:
            self.refresh()
        return token not in self._invalid

    def refresh(self) -> None:
        """Reads all sessions; returns at once while another thread does."""
        # A database that hangs holds one thread and not all streams.
        if not self._reading.acquire(blocking=False):
            return
        try:
            self._read_at = at = self._application.clock()
            with self._lock:
                tokens = frozenset(self._tokens)
            with self._application.read_session() as reading:
                invalid = tokens - sign_ins.valid_sign_ins(reading, tokens, at)
            self._invalid = invalid
        finally:
            self._reading.release()


class StreamEnded(Exception):
    """Raised when a stream is over: its session is invalid, or its listener was closed. The browser connects again."""


@dataclass(slots=True)
class EventStream:
    """The stream of one page. `resources` holds its listener and its watched session; closing it frees both.

    `missed` are the entries since the page's last id; None if some are lost.
    """

    hub: Hub
    person: Person
    token: str
    sessions: SessionWatch
    missed: list[Entry] | None
    resources: ExitStack
    _last_id: str = ""

    def opening(self) -> str:
        """Returns the first text: what was missed, or that the page must read everything again."""
        parts = ["retry: 1000\n\n"]
        if self.missed is None:
            parts.append("event: reset\ndata: {}\n\n")
        for entry in self.missed or ():
            self._last_id = entry.id
            parts.append(self._message(entry))
        self.missed = []
        return "".join(parts)

    def beat(self) -> str:
        """Returns the text of a heartbeat, which carries the newest id. Raises StreamEnded."""
        self._require_session()
        return f"id: {self.hub.last_id}\n: beat\n\n"

    def text_of(self, item: StreamItem) -> str:
        """Returns the text for an entry, empty if this person may see nothing of it. Raises StreamEnded."""
        if isinstance(item, Closed):
            raise StreamEnded
        self._require_session()
        # The listener was added before the missed entries were read, so some may come twice.
        if self._last_id and entry_order(item.id) <= entry_order(self._last_id):
            return ""
        return self._message(item)

    def _require_session(self) -> None:
        if not self.sessions.is_valid(self.token):
            raise StreamEnded

    def _message(self, entry: Entry) -> str:
        # One message an entry: a reader that is interrupted within a commit's events would miss the others.
        visible = [
            part for part in (visible_to(self.person, event) for event in entry.events) if part is not None
        ]
        if not visible:
            return ""
        return f"id: {entry.id}\nevent: told\ndata: {_as_json(visible)}\n\n"
