"""The floor of the ticket benchmark: a hand-written Flask view on the raw driver that does only the unavoidable.

It compares the token, parses the JSON and writes one durable row. Nobody could ship it: it forgets rights, deadlines,
the number, the events and repeated requests. It only says what this machine can do.
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from hmac import compare_digest

import psycopg
from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import Engine, make_url

FLOOR_TOKEN = "benchmark-token-of-32-characters-x"
TABLE = "CREATE TABLE floor_tickets (id {key}, title text, body text, unit text, received_at {moment})"
Row = tuple[str, str, str, datetime]


def create_table(engine: Engine) -> None:
    """Creates the table that the floor writes to."""
    is_sqlite = engine.dialect.name == "sqlite"
    key = "INTEGER PRIMARY KEY" if is_sqlite else "serial PRIMARY KEY"
    with engine.begin() as connection:
        connection.exec_driver_sql(TABLE.format(key=key, moment="timestamp" if is_sqlite else "timestamptz"))


def writer(url: str) -> Callable[[Row], int]:
    """Returns the function that writes a row and returns its id, with a connection for each thread."""
    parsed = make_url(url)
    own = threading.local()
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_writer(str(parsed.database), own)

    def write(row: Row) -> int:
        if not hasattr(own, "connection"):
            query = {name: str(value) for name, value in parsed.query.items()}
            own.connection = psycopg.connect(
                dbname=parsed.database, user=parsed.username, autocommit=True, **query
            )
        insert = (
            "INSERT INTO floor_tickets (title, body, unit, received_at) VALUES (%s, %s, %s, %s) RETURNING id"
        )
        found = own.connection.execute(insert, row).fetchone()
        return int(found[0])

    return write


def _sqlite_writer(path: str, own: threading.local) -> Callable[[Row], int]:
    # The threads of one process wait for their turn here; polling the file's lock would starve them.
    turn = threading.Lock()

    def write(row: Row) -> int:
        if not hasattr(own, "connection"):
            own.connection = _open_sqlite(path)
        insert = "INSERT INTO floor_tickets (title, body, unit, received_at) VALUES (?, ?, ?, ?)"
        with turn:
            return int(own.connection.execute(insert, (*row[:3], row[3].isoformat())).lastrowid or 0)

    return write


def _open_sqlite(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def create_app() -> Flask:
    app = Flask(__name__)
    write = writer(os.environ["DATABASE_URL"])

    @app.post("/api/v1/tickets")
    def post_ticket() -> tuple[Response, int]:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not compare_digest(given, FLOOR_TOKEN):
            abort(401)
        body = request.get_json()
        ticket_id = write((body["title"], body["text"], body["unit"], datetime.now(UTC)))
        return jsonify(id=ticket_id, **body), 201

    return app
