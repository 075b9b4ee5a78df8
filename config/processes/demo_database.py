"""Prepares the database of the demonstration before its processes start: `python -m config.processes.demo_database`."""

import sys
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import Engine, make_url

from config.city.first_version import publish_first
from config.city.folder import example_texts, make_folder, read_folder
from config.city.kinds import read_city
from config.demo.secrets import demo_secrets
from config.demo.seed import is_empty, seed_demo
from config.settings import Settings, settings_or_exit
from config.wiring import load_registry
from hotline.clock import system_clock
from hotline.gateways.live import announce_nothing
from hotline.store.engine import open_engine
from hotline.store.schema import migrate
from hotline.unit_of_work import Application


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
    make_folder(settings.city_folder, is_demo=True)
    texts, now = read_folder(settings.city_folder), system_clock()
    if is_empty(engine):
        # Two weeks of history have room for the waiting times of a real city.
        policies = read_city(
            example_texts(is_demo=False),
            day=now.astimezone(settings.zone).date(),
            zone=settings.zone,
            number=settings.number,
        ).data.policies
        print("正在写入演示城市（首次约半分钟）… / seeding the demo city (first time only) …", flush=True)
        seed_demo(
            engine,
            city=texts,
            policies=policies,
            flows=load_registry(policies),
            password=demo_secrets(settings.home)["DEMO_PASSWORD"],
            now=now,
        )
    else:
        # A database of a version that had no city data in it.
        day = now.astimezone(settings.zone).date()
        policies = read_city(texts, day=day, zone=settings.zone, number=settings.number).data.policies
        publish_first(Application(engine, system_clock, policies, announce_nothing), texts)
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
