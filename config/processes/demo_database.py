"""Prepares the database of the demonstration before its processes start: `python -m config.processes.demo_database`."""

import sys
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import Engine, make_url

from config.city import CITY
from config.city.callers import read_callers
from config.city.policies import read_policies
from config.demo.secrets import demo_secrets
from config.demo.seed import is_empty, seed_demo
from config.settings import Settings, settings_or_exit
from config.wiring import load_registry
from hotline.clock import system_clock
from hotline.store.engine import open_engine
from hotline.store.schema import migrate


class NewerDatabase(Exception):
    """The database was written by a newer version; the message is one line."""


def prepare_database(settings: Settings) -> None:
    """Migrates the database and seeds it if it is empty.

    Raises NewerDatabase for a database of a newer version, sqlalchemy.exc.OperationalError for one that does not answer.
    """
    url = make_url(settings.database_url)
    path = Path(url.database or "")
    if url.get_backend_name() != "sqlite" or path.exists():
        _prepare(open_engine(settings.database_url), settings)
        return
    # The file gets its name when it is complete: an interrupted seeding leaves nothing that looks like a database.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    for leftover in path.parent.glob(f"{draft.name}*"):
        leftover.unlink()
    _prepare(open_engine(url.set(database=str(draft)).render_as_string(hide_password=False)), settings)
    draft.replace(path)


def _prepare(engine: Engine, settings: Settings) -> None:
    try:
        migrate(engine)
    except CommandError as error:
        raise NewerDatabase(f"DATABASE_URL: the database was written by a newer version ({error})") from None
    if is_empty(engine):
        callers = read_callers(CITY / "callers.toml")
        policies = read_policies(
            CITY / "policies.toml", callers=callers, zone=settings.zone, number=settings.number
        )
        print("正在写入演示城市（首次约半分钟）… / seeding the demo city (first time only) …", flush=True)
        seed_demo(
            engine,
            policies=policies,
            flows=load_registry(policies),
            password=demo_secrets(settings.home)["DEMO_PASSWORD"],
            now=system_clock(),
        )
    engine.dispose()


def main() -> int:
    """Returns exit status 2 for a database of a newer version, with the reason on standard error."""
    try:
        prepare_database(settings_or_exit())
    except NewerDatabase as error:
        print(f"hotline: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
