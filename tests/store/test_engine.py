"""Connections that the server has ended meanwhile are replaced before they are used."""

import pytest
from sqlalchemy import text

from hotline.store.engine import open_engine
from tests.databases import Postgres


def test_a_restart_of_the_server_loses_no_statement(postgres: Postgres | None) -> None:
    if postgres is None:
        pytest.skip("no PostgreSQL")
    with postgres.clone() as url:
        engine = open_engine(url)
        held = [engine.connect() for _ in range(3)]
        for connection in held:
            assert connection.scalar(text("SELECT 1")) == 1
            connection.close()
        with postgres.closed(url):
            pass
        for _ in range(3):
            with engine.connect() as connection:
                assert connection.scalar(text("SELECT 1")) == 1
        engine.dispose()
