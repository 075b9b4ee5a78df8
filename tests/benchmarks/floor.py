"""The floor of the webhook benchmark: a hand-written view on the raw database driver that does only the unavoidable.

HMAC of the form, one durable INSERT, a constant document. Nobody could ship it: it forgets duplicates, order, language
and queue. It only says what this machine can do. Every path under `/voice/` is answered alike.
"""

import hmac
import os
import sqlite3
import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
from flask import Flask, Response, abort, request
from sqlalchemy.engine import make_url

CREATE = "CREATE TABLE floor_webhooks (id {key}, sid varchar(40), number varchar(80), at {moment})"
DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Gather numDigits="1" timeout="4" action="/voice/heard">'
    '<Say voice="Polly.Zhiyu-Neural" language="cmn-CN">您好，欢迎拨打热线。</Say></Gather>'
    "<Redirect>/voice/heard</Redirect></Response>"
)
Insert = Callable[[str, str], None]


def create_table(database_url: str) -> None:
    """Creates the table of the floor."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(str(url.database)) as connection:
            connection.execute(CREATE.format(key="integer primary key", moment="text"))
        connection.close()
        return
    with psycopg.connect(_conninfo(database_url)) as postgres:
        postgres.execute(CREATE.format(key="bigserial primary key", moment="timestamptz"))


def _conninfo(database_url: str) -> str:
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


def _sqlite_insert(path: str) -> Insert:
    # One connection a process, used in turn: sixteen of them would poll for the file's lock.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
    turn = threading.Lock()

    def insert(sid: str, number: str) -> None:
        with turn:
            connection.execute(
                "INSERT INTO floor_webhooks (sid, number, at) VALUES (?, ?, ?)",
                (sid, number, datetime.now(UTC).isoformat()),
            )

    return insert


def _postgres_insert(conninfo: str) -> Insert:
    local = threading.local()

    def insert(sid: str, number: str) -> None:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(conninfo, autocommit=True)
        local.connection.execute(
            "INSERT INTO floor_webhooks (sid, number, at) VALUES (%s, %s, %s)",
            (sid, number, datetime.now(UTC)),
        )

    return insert


def create_app() -> Flask:
    """Returns the floor's application for `DATABASE_URL`."""
    app = Flask(__name__)
    database_url = os.environ["DATABASE_URL"]
    url = make_url(database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    token, public = os.environ["TWILIO_AUTH_TOKEN"].encode(), os.environ["PUBLIC_URL"]
    connected: list[Insert] = []

    @app.post("/voice/<path:name>")
    def answer(name: str) -> Response:
        form = request.form
        signed = f"{public}/voice/{name}" + "".join(key + form[key] for key in sorted(form))
        expected = b64encode(hmac.digest(token, signed.encode(), "sha1")).decode()
        if not hmac.compare_digest(expected, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        if not connected:
            connected.append(
                _sqlite_insert(str(url.database)) if is_sqlite else _postgres_insert(_conninfo(database_url))
            )
        connected[0](form["CallSid"], form["From"])
        return Response(DOCUMENT, mimetype="text/xml")

    return app
