"""Fixtures of the matrix: one database for all stories of a test process, emptied between them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hotline.store.engine import open_engine
from hotline.store.tables import Base
from ivr_flows.flow import Script
from ivr_flows.loader import load_scripts, load_stored_script
from ivr_flows.webhooks.flow_registry import FlowRegistry
from tests.matrix.city import Ground, matrix_policies
from tests.matrix.moments import Cell, cells
from tests.matrix.selection import covering


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every cell with `--matrix=whole`, else a selection that covers every fault and every step."""
    if "cell" in metafunc.fixturenames:
        whole = metafunc.config.getoption("--matrix") == "whole"
        chosen: list[Cell] = list(cells()) if whole else covering(cells())
        metafunc.parametrize("cell", chosen, ids=str)


@pytest.fixture(scope="session")
def scripts() -> dict[str, Script]:
    return dict(load_scripts(matrix_policies()))


@pytest.fixture(scope="session")
def lasting_engine(sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that keeps the statements it has compiled: a city of its own for each story would compile them anew."""
    path = tmp_path_factory.mktemp("matrix") / "hotline.sqlite3"
    shutil.copyfile(sqlite_file, path)
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def ground(lasting_engine: Engine, scripts: dict[str, Script]) -> Ground:
    """An empty city of SQLite."""
    with lasting_engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    return ground_on(lasting_engine, scripts)


def ground_on(engine: Engine, scripts: dict[str, Script]) -> Ground:
    return Ground(engine, lambda: FlowRegistry(scripts, matrix_policies(), load_stored_script))
