"""Unit of work: one transaction, one instant, one actor.

Web adapters, workers and commands open a unit of work; services use it and never commit. Recorded events
are written in the same transaction as the change they describe. After the commit they are announced to live
screens and to the relay. An announcement that fails loses nothing: the database is authoritative, and the
scheduler looks for events every second.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from hotline.clock import Clock
from hotline.events import Event, pack
from hotline.gateways.storage.object_storage import NoStorage, ObjectStorage
from hotline.rules.people.actors import Actor
from hotline.rules.policies import Policies
from hotline.store.base import Base
from hotline.store.engine import AUTOCOMMIT, reading_options
from hotline.store.outbox import EventRow, insert_with_event, update_with_event
from hotline.store.row_cache import RowCache
from hotline.store.upsert import insert_rows

# The type of Application.read_session for the web adapters, which import nothing of SQLAlchemy.
ReadSession: TypeAlias = Session


class CitySource(Protocol):
    """Gives the policies of published versions of the city's data."""

    def refresh(self, application: "Application", at: datetime) -> None:
        """Puts the policies of a newer version into `application`, if one has been published."""

    def policies_of(self, session: Session, version: int, day: date) -> Policies | None:
        """Returns the policies of a version as they were on `day`; None if it is unknown or cannot be read any more."""


class FixedCity:
    """The policies that an application was built with, for good."""

    def refresh(self, application: "Application", at: datetime) -> None:
        """Changes nothing."""

    def policies_of(self, session: Session, version: int, day: date) -> Policies | None:  # noqa: ARG002 - the protocol's
        return None


@dataclass(slots=True)
class UnitOfWork:
    """Carries what a service needs: connection, instant, actor, policies, cache and the events recorded so far.

    No transaction is begun before the first statement.
    """

    connection: Connection
    at: datetime
    actor: Actor
    policies: Policies
    has_reactions: "HasReactions"
    cache: RowCache = field(default_factory=RowCache)
    city: CitySource = field(default_factory=FixedCity)
    recorded_events: list[Event] = field(default_factory=list)
    _session: Session | None = None

    @property
    def session(self) -> Session:
        """Returns an ORM session on the same transaction."""
        # Created on first use: the webhooks of a caller mostly need the connection alone.
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False)
        return self._session

    def flush(self) -> None:
        """Writes pending changes of the session; the Application calls it before the commit."""
        if self._session is not None:
            self._session.flush()

    def close(self) -> None:
        """Closes the session; the Application calls it at the end."""
        if self._session is not None:
            self._session.close()

    @property
    def zone(self) -> ZoneInfo:
        return self.policies.zone

    @property
    def today(self) -> date:
        """Returns the local calendar day of this unit of work."""
        return self.at.astimezone(self.zone).date()

    def record(self, *recorded: Event) -> None:
        """Writes events to the event log in this transaction, in their order and in one statement.

        An event that leads to no reaction is written as relayed, so that the relay never reads it.
        """
        insert_rows(self.connection, EventRow, [self.event_row(event) for event in recorded])
        self.recorded_events.extend(recorded)

    def insert_and_record(
        self, table: type[Base], values: dict[str, Any], event_of: Callable[[int], Event]
    ) -> int | None:
        """Inserts a row unless a unique key is taken, and records its event, which holds the id of the row and nothing else.

        Returns the id, or None if a key was taken.
        """
        new_id = insert_with_event(self.connection, table, values, self.event_row(event_of(0)))
        if new_id is not None:
            self.recorded_events.append(event_of(new_id))
        return new_id

    def update_and_record(
        self,
        table: type[Base],
        seen: Mapping[str, Any],
        changes: Mapping[str, Any],
        *,
        recorded: Event | None,
        receipt: tuple[type[Base], Mapping[str, Any]] | None,
    ) -> bool:
        """Changes a row that was read as `seen`, records an event and inserts a receipt; see `update_with_event`.

        Returns whether they were written: not if the row has changed since, or if the receipt's key is taken.
        """
        event = None if recorded is None else self.event_row(recorded)
        if not update_with_event(self.connection, table, seen, changes, event=event, receipt=receipt):
            return False
        self.recorded_events.extend(() if recorded is None else (recorded,))
        return True

    def event_row(self, event: Event) -> dict[str, Any]:
        """Returns the columns of an event that is written in this unit of work."""
        kind, subject, subject_id, data = pack(event)
        return {
            "at": self.at,
            "kind": kind,
            "subject": subject,
            "subject_id": subject_id,
            "actor": str(self.actor),
            "data": data,
            "relayed_at": None if self.has_reactions(event) else self.at,
        }


# Announces committed events to live screens and to the relay. Never raises.
Announce = Callable[[datetime, tuple[Event, ...]], None]
# Says whether an event leads to a reaction. The table of reactions belongs to a higher layer; `config` passes it in.
HasReactions = Callable[[Event], bool]


def leave_to_relay(_event: Event) -> bool:
    """Leaves the question to the relay: for applications that do not know the table of reactions."""
    return True


@dataclass(slots=True)
class Application:
    """Gives web adapters, workers and commands access to the database through units of work, and to the storage of sound.

    `policies` are those in force; `city` replaces them as a whole when another version has been published. A unit of work
    keeps those it began with.

    `cache` keeps rows that seldom change for as long as it was built with; by default it keeps none. A unit of work does not
    reach `sounds`: nothing outside happens inside a transaction.
    """

    engine: Engine
    clock: Clock
    policies: Policies
    announce: Announce
    has_reactions: HasReactions = leave_to_relay
    cache: RowCache = field(default_factory=RowCache)
    sounds: ObjectStorage = field(default_factory=NoStorage)
    city: CitySource = field(default_factory=FixedCity)

    def _unit_at(self, connection: Connection, at: datetime, actor: Actor) -> UnitOfWork:
        return UnitOfWork(connection, at, actor, self.policies, self.has_reactions, self.cache, self.city)

    def _now(self) -> datetime:
        """Returns the instant of a new unit of work, after taking over a version published meanwhile."""
        at = self.clock()
        self.city.refresh(self, at)
        return at

    @contextmanager
    def unit_of_work(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Opens a unit of work; commits on a normal exit, then announces the recorded events."""
        at = self._now()
        with self.engine.connect() as connection, closing(self._unit_at(connection, at, actor)) as work:
            yield work
            work.flush()
            connection.commit()
        if work.recorded_events:
            self.announce(at, tuple(work.recorded_events))

    @contextmanager
    def single_write_unit(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Opens a unit of work that reads, locks nothing, and writes at most once, at its end, by `update_and_record`, `insert_and_record` or a new numbered ticket.

        Each is a transaction by itself, so that nothing but it is sent to PostgreSQL.
        """
        at = self._now()
        with self.engine.connect() as connection:
            connection.execution_options(**AUTOCOMMIT)
            with closing(self._unit_at(connection, at, actor)) as work:
                yield work
                connection.commit()
        if work.recorded_events:
            self.announce(at, tuple(work.recorded_events))

    @contextmanager
    def read_only_unit(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Opens a unit of work that must not write: on SQLite it takes no write lock, on PostgreSQL it has no transaction."""
        at = self._now()
        with self.engine.connect() as connection:
            connection.execution_options(**reading_options(self.engine))
            with closing(self._unit_at(connection, at, actor)) as work:
                yield work

    @contextmanager
    def read_session(self) -> Iterator[Session]:
        """Opens a session for reading only; on SQLite it takes no write lock."""
        self._now()
        with Session(self.engine.execution_options(reading=True), expire_on_commit=False) as session:
            yield session
