"""The event log, the deliveries of its events, and leases."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Connection,
    Executable,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    Update,
    bindparam,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from hotline.rules.enums import DeliveryState
from hotline.store.base import Base, UtcDateTime, enum_column
from hotline.store.engine import begin_writing
from hotline.store.upsert import insert_if_absent, insert_key_if_absent, insert_row

Row = Mapping[str, Any]


class EventRow(Base):
    """One event, written in the commit of the change it describes; only `relayed_at` changes later."""

    __tablename__ = "events"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int]
    # `user:17`, `carrier`, `caller`, `clock`, `worker` or `system`.
    actor: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    relayed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        Index("ix_events_subject_subject_id", "subject", "subject_id", "id"),
        Index(
            # Partial index: the unrelayed tail is a few rows of millions.
            "ix_events_unrelayed",
            "id",
            sqlite_where=text("relayed_at IS NULL"),
            postgresql_where=text("relayed_at IS NULL"),
        ),
        Index("ix_events_at_kind", "at", "kind"),
    )


class Delivery(Base):
    """One reaction to one event: due, claimed under a lease, done, or dead after the last attempt."""

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    reaction: Mapped[str] = mapped_column(String(40))
    lane: Mapped[str] = mapped_column(String(16))
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    # Due: not before. Claimed: when the lease ends and another worker may take over.
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    enqueued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(300))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        UniqueConstraint("event_id", "reaction"),
        Index("ix_deliveries_state_next_try_at", "state", "next_try_at"),
    )


class Lease(Base):
    """The process that may do a job for the whole hotline (relay and timers), and until when."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


def insert_with_event(
    connection: Connection, table: type[Base], values: dict[str, Any], event: dict[str, Any]
) -> int | None:
    """Inserts a row unless a unique key is taken, and its event; returns the id of the new row, or None.

    The event's subject is the new row, and its data the row's id alone, under the name that it has in `event`.
    PostgreSQL takes one statement, because each costs a round trip; SQLite, which has none, two.
    """
    (name,) = event["data"]
    if connection.dialect.name == "sqlite":
        begin_writing(connection)
        new_id: int | None = insert_if_absent(connection, table, table.__table__.c["id"], values)
        if new_id is not None:
            insert_row(connection, EventRow, {**event, "subject_id": new_id, "data": {name: new_id}})
        return new_id
    row = {**_defaults(table), **values}
    stated = {column: value for column, value in event.items() if column not in {"subject_id", "data"}}
    parameters = {f"row_{column}": value for column, value in row.items()}
    parameters |= {f"event_{column}": value for column, value in stated.items()}
    statement = _insert_with_event(table, tuple(row), tuple(stated), name)
    found: int | None = connection.scalar(statement, parameters)
    return found


@lru_cache(maxsize=16)
def _defaults(table: type[Base]) -> dict[str, Any]:
    """Returns the constants that a new row has in columns that are not stated."""
    columns = table.__table__.columns
    return {
        column.name: column.default.arg
        for column in columns
        if isinstance(column.default, ScalarElementColumnDefault)
    }


@lru_cache(maxsize=16)
def _insert_with_event(
    table: type[Base], row: tuple[str, ...], event: tuple[str, ...], name: str
) -> Executable:
    into, log = table.__table__, EventRow.__table__
    values = {column: bindparam(f"row_{column}", type_=into.c[column].type) for column in row}
    new = (
        postgresql.insert(table)
        .values(values)
        .on_conflict_do_nothing()
        .returning(into.c["id"])
        .cte("new_row")
    )
    stated = [bindparam(f"event_{column}", type_=log.c[column].type) for column in event]
    data = func.json_build_object(literal(name), new.c["id"])
    return (
        insert(EventRow)
        .from_select(
            [*event, "subject_id", "data"], select(*stated, new.c["id"], data), include_defaults=False
        )
        .returning(log.c["subject_id"])
    )


def update_with_event(
    connection: Connection,
    table: type[Base],
    seen: Row,
    changes: Row,
    *,
    event: Row | None,
    receipt: tuple[type[Base], Row] | None,
) -> bool:
    """Changes a row that was read as `seen` and need not be locked, and inserts an event and a receipt, which has a unique key.

    Texts of the column `path` are appended to it. Returns False, having written nothing, if the row is not as it was seen any
    more, or if the receipt's key is taken. PostgreSQL takes one statement, SQLite one for each row.
    """
    values = {f"seen_{name}": value for name, value in seen.items()}
    values |= {f"new_{name}": value for name, value in changes.items()}
    change = _update(table, tuple(seen), tuple(changes))
    if connection.dialect.name == "sqlite":
        return _update_in_turn(connection, change, values, event, receipt)
    values |= {f"event_{name}": value for name, value in (event or {}).items()}
    into, row = receipt or (EventRow, {})
    values |= {f"receipt_{name}": value for name, value in row.items()}
    statement = _update_with_event(change, tuple(event or ()), into, tuple(row))
    try:
        return connection.scalar(statement, values) is not None
    except IntegrityError:
        # The receipt's key is taken: nothing of the statement was written.
        return False


def _update_in_turn(
    connection: Connection,
    change: Update,
    values: Row,
    event: Row | None,
    receipt: tuple[type[Base], Row] | None,
) -> bool:
    begin_writing(connection)
    if connection.execute(change, dict(values)).rowcount != 1:
        return False
    if receipt is not None and not insert_key_if_absent(connection, receipt[0], dict(receipt[1])):
        connection.rollback()
        return False
    if event is not None:
        insert_row(connection, EventRow, dict(event))
    return True


@lru_cache(maxsize=64)
def _update(table: type[Base], seen: tuple[str, ...], names: tuple[str, ...]) -> Update:
    columns = table.__table__.c
    new: dict[str, ColumnElement[Any]] = {name: _value(columns[name], "new") for name in names}
    if "path" in new:
        new["path"] = columns["path"] + new["path"]
    return update(table).where(*(columns[name] == _value(columns[name], "seen") for name in seen)).values(new)


@lru_cache(maxsize=64)
def _update_with_event(
    change: Update, event: tuple[str, ...], receipts: type[Base], receipt: tuple[str, ...]
) -> Select[Any]:
    table = change.table
    changed = change.returning(table.c.id).cte("changed")
    inserts = [
        insert(into)
        .from_select(
            [*names],
            select(*(_value(into.__table__.c[name], prefix) for name in names)).select_from(changed),
            include_defaults=False,
        )
        .cte(f"new_{prefix}")
        for into, names, prefix in ((EventRow, event, "event"), (receipts, receipt, "receipt"))
        if names
    ]
    return select(changed.c.id).add_cte(*inserts)


def _value(column: KeyedColumnElement[Any], prefix: str) -> BindParameter[Any]:
    return bindparam(f"{prefix}_{column.key}", type_=column.type)
