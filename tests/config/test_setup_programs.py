"""The programs of developers: benchmarks, documents, migrations, the embedded Redis."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.setup import documents, migration
from config.setup.documents import DOCUMENTS, between
from config.setup.redis_server import NoRedis, find_redis, prepare_socket, redis_command
from config.setup.settings_tables import VARIABLES, chinese_table, english_table
from tests.architecture.sources import ROOT


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def program(path: Path, script: str) -> None:
    write(path, f"#!/bin/sh\n{script}\n").chmod(0o755)


def test_all_benchmarks_run_though_one_fails_and_the_failed_ones_are_named(tmp_path: Path) -> None:
    source = (ROOT / "config" / "setup" / "bench.py").read_text(encoding="utf-8")
    script = write(tmp_path / "config" / "setup" / "bench.py", source)
    folder = tmp_path / "tests" / "benchmarks"
    write(folder / "results.py", (ROOT / "tests" / "benchmarks" / "results.py").read_text(encoding="utf-8"))
    document = write(tmp_path / "docs" / "benchmarks.md", "a\n<!-- results -->\nold\n<!-- /results -->\nb\n")
    write(folder / "bench_a.py", "raise SystemExit(3)")
    line = "{'what': 'start', 'database': '', 'unit': 'ms', 'floor': None, 'ours': 1.0, 'compared': 1.0, 'low': 1.0, 'high': 2.0, 'target': '', 'is_met': True}"
    write(
        folder / "bench_b.py",
        f"import json, os; print('fast'); open(os.environ['BENCH_RESULTS'], 'w').write(json.dumps({line}))",
    )
    write(folder / "other.py", "print('no benchmark')")

    def bench(*only: str) -> tuple[int, str, str]:
        ended = subprocess.run(
            [sys.executable, str(script), *only], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return ended.returncode, ended.stdout, ended.stderr

    assert bench() == (1, "\n== a\n\n== b\nfast\n", "failed: a\n")
    assert "old" not in document.read_text()
    assert "| start |  | ms | – | 1.00 | 1.00–2.00 |  |" in document.read_text()
    write(folder / "bench_a.py", "")
    assert bench("a") == (0, "\n== a\n", "")
    assert "| start |" in document.read_text()
    assert bench("c") == (2, "", "no such benchmark: c; there are a, b\n")


def test_generating_the_documents_replaces_each_table_and_nothing_else(tmp_path: Path) -> None:
    paths = {path for path, _, _ in DOCUMENTS.values()}
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in paths}
    for path, text in texts.items():
        stale = text
        for of, marker, _ in DOCUMENTS.values():
            if of == path:
                stale = stale.replace(between(text, marker), "old")
        assert stale != text
        write(tmp_path / path, stale)
    documents.main(tmp_path)
    assert {path: (tmp_path / path).read_text(encoding="utf-8") for path in paths} == texts


def test_a_document_without_the_place_of_its_table_is_an_error() -> None:
    assert between("a\n<!-- x -->\ntable\n<!-- /x -->\nb", "x") == "table"
    with pytest.raises(ValueError, match="not found"):
        between("a\n<!-- x -->\ntable\n", "x")


def test_the_tables_of_settings_list_the_same_variables_with_the_same_stars() -> None:
    english, chinese = (
        [row.split("|")[1].strip() for row in table.splitlines()[2:]]
        for table in (english_table(), chinese_table())
    )
    assert english == chinese
    assert len(english) == len(VARIABLES)
    assert "`SECRET_KEY` *" in english
    assert "`PORT`" in english


@pytest.mark.parametrize("arguments", [[], [" "], ["add", "column"]])
def test_a_migration_needs_one_reason(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert migration.main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: make migration m=")


def test_an_embedded_redis_keeps_its_data_in_the_folder_and_listens_on_no_port(tmp_path: Path) -> None:
    command = redis_command("redis-server", tmp_path, tmp_path / "redis.sock")
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert (options["--port"], options["--unixsocket"]) == ("0", str(tmp_path / "redis.sock"))
    assert (options["--dir"], options["--appendonly"]) == (str(tmp_path), "yes")
    assert options["--maxmemory-policy"] == "noeviction"


@pytest.mark.parametrize(("version", "usable"), [("6.2.0", True), ("7.0.15", True), ("6.0.16", False)])
def test_a_redis_that_is_too_old_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, usable: bool
) -> None:
    found = tmp_path / "bin" / "redis-server"
    program(found, f"echo 'Redis server v={version} sha=00000000:0'")
    monkeypatch.setenv("PATH", str(found.parent))
    if usable:
        assert find_redis(tmp_path / "venv" / "python") == str(found)
        return
    with pytest.raises(NoRedis, match=r"no redis-server 6\.2 or later"):
        find_redis(tmp_path / "venv" / "python")


def test_the_redis_of_the_virtual_environment_serves_where_the_machine_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "venv" / "redis-server", "echo 'Redis server v=7.2.4'")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert find_redis(tmp_path / "venv" / "python") == str(tmp_path / "venv" / "redis-server")


def test_the_folder_of_the_socket_is_private_and_never_a_link(tmp_path: Path) -> None:
    prepare_socket(tmp_path / "made" / "redis.sock")
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to(tmp_path / "made")
    with pytest.raises(NoRedis, match="set HOTLINE_HOME"):
        prepare_socket(tmp_path / "link" / "redis.sock")
    assert list((tmp_path / "made").iterdir()) == []
