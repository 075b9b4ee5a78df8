"""One Work = one transaction, one instant, one actor. Doors open it; services use it and never commit.

What a Work tells is written beside the change it tells of, in the same commit. After the commit the
announcer is told, so that live screens and the relay need not wait for their next tick; if that fails
nothing is lost, because the rows are the truth and the clock looks again every second.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from hotline.clock import Clock
from hotline.events import Event, pack
from hotline.rules.people.actors import Actor
from hotline.rules.policies import Policies
from hotline.store.outbox import EventRow
from hotline.store.upsert import insert_row

# The type of Application.read_session for the web adapters, which import nothing of SQLAlchemy.
ReadSession: TypeAlias = Session


@dataclass(slots=True)
class UnitOfWork:
    """The hands of a service: a connection, the one moment, who acts, the city's policies, and what to tell.

    Nothing is begun on the connection before the first statement.
    """

    connection: Connection
    at: datetime
    actor: Actor
    policies: Policies
    recorded_events: list[Event] = field(default_factory=list)
    _session: Session | None = None

    @property
    def session(self) -> Session:
        """The same transaction with rows as objects; made when first asked for, because a caller's webhooks need none."""
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False)
        return self._session

    def flush(self) -> None:
        """Write what the session still holds; the Application does so before it commits."""
        if self._session is not None:
            self._session.flush()

    def close(self) -> None:
        """Let go of the session's rows; the Application does so at the end."""
        if self._session is not None:
            self._session.close()

    @property
    def zone(self) -> ZoneInfo:
        return self.policies.zone

    @property
    def today(self) -> date:
        """The local calendar day of this Work."""
        return self.at.astimezone(self.zone).date()

    def record(self, event: Event) -> None:
        """Record that `event` happened, in this transaction."""
        kind, subject, subject_id, data = pack(event)
        row = {
            "at": self.at,
            "kind": kind,
            "subject": subject,
            "subject_id": subject_id,
            "actor": str(self.actor),
            "data": data,
        }
        insert_row(self.connection, EventRow, row)
        self.recorded_events.append(event)


Announce = Callable[[datetime, tuple[Event, ...]], None]
"""Tells live screens and the relay what was just committed. Never raises."""


@dataclass(frozen=True, slots=True)
class Application:
    """What every door is handed: how to work and how to look."""

    engine: Engine
    clock: Clock
    policies: Policies
    announce: Announce

    @contextmanager
    def unit_of_work(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Open a Work; commit when it ends well, then announce what it told."""
        at = self.clock()
        with (
            self.engine.connect() as connection,
            closing(UnitOfWork(connection, at, actor, self.policies)) as work,
        ):
            yield work
            work.flush()
            connection.commit()
        if work.recorded_events:
            self.announce(at, tuple(work.recorded_events))

    @contextmanager
    def read_only_unit(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Open a Work that only reads; on SQLite it takes no write lock, and nothing is kept."""
        with self.engine.connect() as connection:
            connection.execution_options(reading=True)
            with closing(UnitOfWork(connection, self.clock(), actor, self.policies)) as work:
                yield work

    @contextmanager
    def read_session(self) -> Iterator[Session]:
        """Open a session for reading only; on SQLite it takes no write lock."""
        with Session(self.engine.execution_options(reading=True), expire_on_commit=False) as session:
            yield session
