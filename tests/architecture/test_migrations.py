"""The migrations build the tables of the models, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.enums import RequestClass
from hotline.rules.tickets.search import search_words
from hotline.store import schema
from hotline.store.calls.outages import Outage
from hotline.store.calls.outcomes import outcome_of
from hotline.store.calls.recordings import Recording, RecordingSound
from hotline.store.calls.tables import Call
from hotline.store.engine import open_engine
from hotline.store.outbox import Delivery, EventRow
from hotline.store.people.tables import Disclosure
from hotline.store.schema import is_compared, migrate, newest, revision_of
from hotline.store.tables import Base
from hotline.store.tickets.search_index import candidates
from hotline.store.tickets.tables import Ticket
from tests.databases import Postgres

# SQLAlchemy cannot reflect these on SQLite; the test of the definitions compares them.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection of expression-based index",
    "ignore:autogenerate skipping metadata-specified expression-based index",
)
DEFINITIONS = {
    "sqlite": "SELECT name, lower(sql) FROM sqlite_master WHERE sql IS NOT NULL"
    " AND (type IN ('index', 'trigger') OR name LIKE 'ticket_signs%')",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
        yield engine
        engine.dispose()
        return
    server: Postgres | None = request.getfixturevalue("postgres")
    if server is None:
        pytest.skip("no PostgreSQL on this machine")
    with server.clone(empty=True) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def test_the_migrations_build_exactly_the_models(empty: Engine) -> None:
    assert migrate(empty) == (None, newest())
    with empty.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": True, "include_object": is_compared},
        )
        assert compare_metadata(context, Base.metadata) == []


@pytest.fixture
def modelled(empty: Engine, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A second database of the same kind, made from the models."""
    if empty.dialect.name == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'modelled.sqlite3'}")
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.clone() as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


@pytest.mark.parametrize(
    "look", ["get_indexes", "get_foreign_keys", "get_unique_constraints", "get_check_constraints"]
)
def test_names_built_are_names_meant(empty: Engine, modelled: Engine, look: str) -> None:
    """Compared by name as well, since autogenerate overlooks check constraints and partial indexes."""
    migrate(empty)
    for table in Base.metadata.tables:
        built, meant = (
            sorted(str(item["name"]) for item in getattr(inspect(engine), look)(table))
            for engine in (empty, modelled)
        )
        assert built == meant, table


def test_every_index_is_built_as_it_is_meant(empty: Engine, modelled: Engine) -> None:
    """Columns, expressions, order and condition of each index, as the database writes them, and the search of SQLite."""
    migrate(empty)
    built, meant = (_definitions(engine) for engine in (empty, modelled))
    built.pop("alembic_version_pkc", None)
    assert built == meant


def _definitions(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(text(DEFINITIONS[engine.dialect.name])).all()
    return {name: "".join(sign for sign in sql if sign not in ' "\n\t') for name, sql in rows}


def test_migrating_twice_changes_nothing_and_keeps_the_rows(empty: Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.execute(text("INSERT INTO counters (name, value) VALUES ('kept', 7)"))
    assert migrate(empty) == (newest(), newest())
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT value FROM counters WHERE name = 'kept'")) == 7
        assert revision_of(connection) == newest()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty: Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CommandError, match="9999"):
        migrate(empty)
    with empty.connect() as connection:
        assert revision_of(connection) == "9999"


BEFORE_0004 = """
INSERT INTO users (id, name, display_name, password_hash, role, active, created_at) VALUES
(1, 'op1', '张三', '!', 'operator', true, '2026-11-01 00:00:00');
INSERT INTO tickets (id, state, revision, channel, type, klass, category, title, text, wanted, place, occurred, people,
urgency, confidential, caller_name, answer, reply, contact_note, policy, round, received_at, received_on,
due_provisional) VALUES (1, 'draft', 1, 'phone', 'help', 'complaint', '', '路灯', '', '', '', '', '', 'normal', false,
'', '', '', '', '', 1, '2026-11-01 00:00:00', '2026-11-01', false);
INSERT INTO notices (id, text_zh, text_en, starts_at, ends_at, author_id, created_at) VALUES
(7, '停水', '', '2026-11-01 00:00:00', '2026-11-02 00:00:00', 1, '2026-11-01 00:00:00');
INSERT INTO looks (id, at, user_id, subject, subject_id, field, reason) VALUES
(9, '2026-11-01 00:00:00', 1, 'ticket', 1, 'number', '');
INSERT INTO events (id, at, kind, subject, subject_id, actor, data) VALUES
(1, '2026-11-01 00:00:00', 'NoticeAnnounced', 'notice', 7, 'user:1', '{"notice_id": 7}'),
(2, '2026-11-01 00:00:00', 'NumberShown', 'look', 9, 'user:1', '{"look_id": 9}'),
(3, '2026-11-01 00:00:00', 'RecordingHeard', 'recording', 4, 'user:1', '{"recording_id": 4, "look_id": 9}'),
(4, '2026-11-01 00:00:00', 'CallDoubted', 'call', 5, 'clock', '{"call_id": 5}');
INSERT INTO deliveries (id, event_id, reaction, lane, state, attempts, next_try_at) VALUES
(1, 4, 'ask_after_call', 'calls', 'due', 0, '2026-11-01 00:00:00'),
(2, 1, 'notify_unit', 'notices', 'due', 0, '2026-11-01 00:00:00')
"""


def test_renaming_keeps_every_row_of_the_version_before(empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(schema._config(connection), "0003")
        for statement in BEFORE_0004.split(";\n"):
            connection.exec_driver_sql(statement)
    migrate(empty)
    with Session(empty) as session:
        assert session.scalars(select(Ticket.request_class)).all() == [RequestClass.COMPLAINT]
        found = candidates(session, search_words("路灯", ""))
        assert session.scalars(select(Ticket.id).where(found)).all() == [1]
        assert session.execute(select(Outage.id, Outage.text_zh)).all() == [(7, "停水")]
        assert session.execute(select(Disclosure.id, Disclosure.user_id)).all() == [(9, 1)]
        rows = session.scalars(select(EventRow).order_by(EventRow.id)).all()
        assert [events.unpack(row.kind, row.data) for row in rows] == [
            events.OutageAnnounced(7),
            events.NumberShown(9),
            events.RecordingHeard(4, 9),
            events.CallCheckRequested(5),
        ]
        assert [row.subject for row in rows] == ["outage", "disclosure", "recording", "call"]
        found = session.execute(select(Delivery.reaction, Delivery.lane).order_by(Delivery.id)).all()
        assert found == [("check_call", "calls"), ("notify_unit", "notifications")]
        outage = Outage(
            text_zh="停电", starts_at=rows[0].at, ends_at=rows[0].at, author_id=1, created_at=rows[0].at
        )
        session.add(outage)
        session.flush()
        assert outage.id == 8
    with empty.begin() as connection:
        command.downgrade(schema._config(connection), "0003")
        assert connection.execute(text("SELECT id, text_zh FROM notices")).all() == [(7, "停水")]
        assert connection.scalar(text("SELECT klass FROM tickets")) == "complaint"


CALL_BEFORE_0006 = """
INSERT INTO calls (id, sid, purpose, number_raw, dialed, state, language, flow, flow_version, position, path, skill,
priority, arrived_at, arrived_on, queued_at, answered_at, wait_seconds, ended_at, "end") VALUES
({id}, 'CA{id}', 'inbound', '', '', 'ended', 'zh-CN', 'menu', '1', '', '{path}', '', 0, '2026-11-01 00:00:00',
'2026-11-01', {queued}, {answered}, {wait}, '2026-11-01 00:01:30.600000', '{end}')
"""
QUEUED, ANSWERED = "'2026-11-01 00:00:20.100000'", "'2026-11-01 00:00:29.200000'"
CALLS_BEFORE_0006 = [
    ({"queued": QUEUED, "answered": ANSWERED, "wait": 9, "end": "completed"}, (9, 61, "answered")),
    ({"queued": QUEUED, "end": "abandoned"}, (70, None, "abandoned")),
    ({"queued": QUEUED, "end": "left_for_callback"}, (70, None, "callback")),
    ({"path": "menu>4\nstatus>found\n"}, (None, None, "status")),
    ({"path": "menu>0\nperson>full\n"}, (None, None, "queue_full")),
    ({"path": "water>found\n"}, (None, None, "left_in_menu")),
]


def test_calls_of_the_version_before_get_their_outcome_and_their_wait(empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(schema._config(connection), "0005")
        for number, (columns, _) in enumerate(CALLS_BEFORE_0006, 1):
            blank = {"path": "", "queued": "NULL", "answered": "NULL", "wait": "NULL", "end": "left_in_flow"}
            connection.exec_driver_sql(CALL_BEFORE_0006.format(id=number, **{**blank, **columns}))
        connection.exec_driver_sql(
            "INSERT INTO lookups (id, call_id, source, state, asked_at, text_zh, text_en)"
            " VALUES (1, 6, 'water', 'found', '2026-11-01 00:00:00', '', '')"
        )
    migrate(empty)
    with Session(empty) as session:
        calls = session.scalars(select(Call).order_by(Call.id)).all()
        for call, (_, (wait, talk, outcome)) in zip(calls, CALLS_BEFORE_0006, strict=True):
            # SQLite knows the difference of two moments to the second.
            assert call.wait_seconds == pytest.approx(wait, abs=1) if wait else call.wait_seconds is None
            assert call.talk_seconds == pytest.approx(talk, abs=1) if talk else call.talk_seconds is None
            assert outcome_of(call) == outcome
    with empty.begin() as connection:
        command.downgrade(schema._config(connection), "0005")
        waits = connection.execute(text("SELECT wait_seconds FROM calls ORDER BY id")).scalars().all()
    assert waits == [9, None, None, None, None, None]


RECORDINGS_BEFORE_0014 = """
INSERT INTO calls (id, sid, purpose, number_raw, dialed, state, language, flow, flow_version, position, path, skill,
priority, arrived_at, arrived_on) VALUES (1, 'CA1', 'inbound', '', '', 'ended', 'zh-CN', 'menu', '1', '', '', '', 0,
'2026-11-01 00:00:00', '2026-11-01');
INSERT INTO recordings (id, sid, call_id, kind, state, seconds, recorded_at) VALUES
(1, 'RE1', 1, 'message', 'kept', 9, '2026-11-01 00:00:00'), (2, 'RE2', 1, 'message', 'kept', 9, '2026-11-01 00:00:00'),
(3, 'RE3', 1, 'talk', 'at_carrier', 9, '2026-11-01 00:00:00'), (4, 'RE4', 1, 'talk', 'kept', 9, '2026-11-01 00:00:00');
"""


def test_sounds_survive_the_way_to_the_storage_and_back(empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(schema._config(connection), "0013")
        for statement in RECORDINGS_BEFORE_0014.strip().split(";\n"):
            connection.exec_driver_sql(statement.removesuffix(";"))
        sounds = text("INSERT INTO recording_sounds VALUES (:id, 'audio/wav', :sound)")
        connection.execute(sounds, [{"id": 1, "sound": b"RIFF1"}, {"id": 2, "sound": b"RIFF2"}])
        connection.execute(sounds, {"id": 4, "sound": b"RIFF4"})
    migrate(empty)
    with empty.begin() as connection:
        # The second one is moved to the storage, the fourth is over.
        connection.execute(text("UPDATE recordings SET media_type = 'audio/wav' WHERE id = 2"))
        connection.execute(text("UPDATE recordings SET state = 'deleted' WHERE id = 4"))
        connection.execute(text("DELETE FROM recording_sounds WHERE recording_id IN (2, 4)"))
    with empty.begin() as connection:
        command.downgrade(schema._config(connection), "0013")
        kept = text("SELECT recording_id, media_type, sound FROM recording_sounds ORDER BY recording_id")
        assert [(number, kind, bytes(sound)) for number, kind, sound in connection.execute(kept)] == [
            (1, "audio/wav", b"RIFF1"),
            (2, "audio/wav", b""),
        ]
        states = connection.execute(text("SELECT state FROM recordings ORDER BY id")).scalars().all()
        assert states == ["kept", "kept", "at_carrier", "absent"]
    migrate(empty)
    with Session(empty) as session:
        assert session.execute(select(RecordingSound.recording_id, RecordingSound.sound)).all() == [
            (1, b"RIFF1")
        ]
        moved = select(Recording.id, Recording.media_type).where(Recording.media_type.is_not(None))
        assert session.execute(moved).all() == [(2, "audio/wav")]
