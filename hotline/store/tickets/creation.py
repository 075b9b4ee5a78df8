"""Writes a new ticket with the next number of its day and its events: one statement on PostgreSQL, three on SQLite."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Executable, Integer, String, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from hotline.rules.tickets.ticket_numbers import DIGITS, LAST_SEQUENCE, NumberSeries, luhn_sum, ticket_number
from hotline.store.engine import begin_writing
from hotline.store.outbox import EventRow
from hotline.store.tickets.tables import Ticket
from hotline.store.upsert import insert_for_id, insert_rows

Row = Mapping[str, Any]


# Takes the next number of a series. The row of the counter is held until the commit, so that a rolled back ticket gives its
# number back.
_TAKE = """
    INSERT INTO counters (name, value) VALUES (:counter, 1)
    ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"""
_TAKE_ALONE = text(_TAKE)


def insert_numbered(
    connection: Connection, values: Row, series: NumberSeries, events: Sequence[Row]
) -> tuple[int, str]:
    """Inserts a ticket under the next number of `series`, and its events in their order; returns its id and number.

    The events' subject is the ticket, whose id takes the place of `ticket_id` in their data. Raises ValueError when the
    numbers of the day are used up.
    """
    if connection.dialect.name == "sqlite":
        begin_writing(connection)
        taken = connection.execute(_TAKE_ALONE, {"counter": series.counter}).scalar_one()
        number = ticket_number(series.prefix, series.day, taken)
        new_id = insert_for_id(connection, Ticket, {**values, "number": number})
        of_ticket = [
            {**event, "subject_id": new_id, "data": {**event["data"], "ticket_id": new_id}}
            for event in events
        ]
        insert_rows(connection, EventRow, of_ticket)
        return new_id, number
    stated = {name: value for name, value in values.items() if value is not None}
    parameters = {f"t{place}": value for place, value in enumerate(stated.values())}
    for place, event in enumerate(events):
        parameters |= {f"{name}{place}": event[name] for name in ("kind", "relayed_at", "data")}
    parameters |= {
        "at": events[0]["at"],
        "actor": events[0]["actor"],
        "counter": series.counter,
        "prefix": series.prefix,
        "day": series.day,
        # The digits of the day stand one place further in a number of six digits.
        "sum": luhn_sum(series.day + "0" * DIGITS),
        "longer_sum": luhn_sum(series.day + "0" * (DIGITS + 1)),
    }
    made = connection.execute(_insert_numbered(tuple(stated), len(events)), parameters).one_or_none()
    if made is None:
        raise ValueError(f"ticket sequence of {series.day} is used up")
    return made.id, made.number


def _luhn() -> str:
    # As `luhn_sum`: every second digit, from the last, counts double.
    digits = [f"value / {10**place} % 10" for place in range(DIGITS + 1)]
    parts = [
        f"substr('0246813579', {digit} + 1, 1)::int" if place % 2 == 0 else digit
        for place, digit in enumerate(digits)
    ]
    return " + ".join((f"CASE WHEN value < {10**DIGITS} THEN :sum ELSE :longer_sum END", *parts))


# The expression of `rules.tickets.ticket_numbers.ticket_number` for PostgreSQL; `value` is the sequence.
NUMBER = (
    f":prefix || :day || lpad(value::text, greatest({DIGITS}, length(value::text)), '0')"
    f" || (10 - ({_luhn()}) % 10) % 10"
)


@lru_cache(maxsize=64)
def _insert_numbered(columns: tuple[str, ...], events: int) -> Executable:
    """Builds the statement for PostgreSQL, where each statement costs a round trip while the day's counter is locked."""
    # The driver parses a statement of more than 4,096 characters or 50 parameters at each execution, which costs as much
    # as its execution: the names are short, and columns that stay empty are left out.
    table, log = Ticket.__table__.c, EventRow.__table__.c
    values = ", ".join(f":t{place}" for place in range(len(columns)))
    recorded = ", ".join(
        f"({place}, :kind{place}, :relayed_at{place}, :data{place})" for place in range(events)
    )
    statement = text(f"""
        WITH counted AS ({_TAKE}
        ), new_ticket AS (
            INSERT INTO tickets ({", ".join(columns)}, number) SELECT {values}, {NUMBER}
            FROM counted WHERE value <= {LAST_SEQUENCE} RETURNING id, number
        ), new_events AS (
            INSERT INTO events (at, actor, subject, kind, relayed_at, data, subject_id)
            SELECT :at, :actor, 'ticket', kind, relayed_at, (data || jsonb_build_object('ticket_id', id))::json, id
            FROM (VALUES {recorded}) AS recorded (place, kind, relayed_at, data) CROSS JOIN new_ticket ORDER BY place
        ) SELECT id, number FROM new_ticket""")  # noqa: S608 - our own names
    types = {f"t{place}": table[name].type for place, name in enumerate(columns)}
    for place in range(events):
        types |= {
            f"kind{place}": log["kind"].type,
            f"relayed_at{place}": log["at"].type,
            f"data{place}": JSONB(),
        }
    types |= {"at": log["at"].type, "actor": log["actor"].type, "sum": Integer(), "longer_sum": Integer()}
    types |= dict.fromkeys(("counter", "prefix", "day"), String())
    return statement.bindparams(*(bindparam(name, type_=kind) for name, kind in types.items()))
