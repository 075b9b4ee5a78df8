"""Checks of a process: its components answer, and its files are still those it was started with.

Each trouble is logged with its reason: wrong password, unknown database, connection refused.
"""

import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from hotline.gateways.storage.object_storage import ObjectStorage, StorageError
from hotline.rules.failures import failure_reason
from hotline.store.schema import newest, revision_of

ROOT = Path(__file__).parent.parent
PACKAGES = ("hotline", "ivr_flows", "agent_console", "config")
# Name of the lease of the acting scheduler, and prefix of the keys that living schedulers renew in Redis.
CLOCK_LEASE = "clock"
CLOCK_KEYS = "hotline:clock:"
# How often a process looks whether its files have changed since its start.
FILES_SECONDS = 60
SUFFIXES = frozenset({".py", ".toml", ".html", ".mo", ".json"})


def database_trouble(engine: Engine) -> str | None:
    """Returns what is wrong with the database for a page that everybody may read; the reason is logged."""
    try:
        with engine.execution_options(reading=True).connect() as connection:
            connection.execute(text("SELECT 1"))
            at = revision_of(connection)
    except SQLAlchemyError as error:
        _log("readiness.database", error)
        return "does not answer"
    return (
        None if at == newest() else f"is at revision {at}, this version needs {newest()}: run hotline migrate"
    )


def redis_trouble(redis: Redis) -> str | None:
    """Returns what is wrong with Redis for a page that everybody may read; the reason is logged."""
    try:
        redis.ping()
    except RedisError as error:
        _log("readiness.redis", error)
        return "does not answer"
    return None


def storage_trouble(storage: ObjectStorage) -> str | None:
    """Returns why an object cannot be written, read and deleted, for the person who runs the line."""
    key, content = f"check/{secrets.token_hex(8)}", b"readiness"
    try:
        storage.put(key, content)
        stored = b"".join(storage.read(key))
        storage.delete(key)
    except StorageError as error:
        return failure_reason(error)
    return None if stored == content else "returns another content than was written"


def _log(event: str, error: Exception) -> None:
    structlog.get_logger().error(event, trouble=type(error).__name__, reason=failure_reason(error))


def report_readiness(engine: Engine, redis: Redis) -> None:
    """Logs at the start of a process what does not answer yet. The process starts all the same and tries again."""
    trouble = database_trouble(engine)
    if trouble is not None and "revision" in trouble:
        structlog.get_logger().error("readiness.database", trouble="revision", reason=trouble)
    redis_trouble(redis)


@dataclass(slots=True)
class StartedFiles:
    """The files of a process as they were at its start. A process never reads them again: it must be restarted."""

    root: Path = ROOT
    _looked_at: float = field(default_factory=time.monotonic)
    _stamps: dict[Path, int] = field(init=False)
    _is_logged: bool = False

    def __post_init__(self) -> None:
        self._stamps = self._read()

    def _read(self) -> dict[Path, int]:
        found = (path for package in PACKAGES for path in (self.root / package).rglob("*"))
        return {path: path.stat().st_mtime_ns for path in found if path.suffix in SUFFIXES and path.is_file()}

    def report_changes_now_and_then(self) -> None:
        """Calls `report_changes`, at most once in `FILES_SECONDS`: it looks at a thousand files."""
        if time.monotonic() - self._looked_at > FILES_SECONDS:
            self._looked_at = time.monotonic()
            self.report_changes()

    def report_changes(self) -> bool:
        """Logs once that files have changed since the start, with the name of one of them. Returns whether they have."""
        if not self._is_logged:
            changed = sorted(
                str(path.relative_to(self.root)) for path, _ in self._stamps.items() ^ self._read().items()
            )
            if changed:
                self._is_logged = True
                structlog.get_logger().warning(
                    "process.outdated",
                    files=len(set(changed)),
                    first=changed[0],
                    remedy="restart this process",
                )
        return self._is_logged
