"""The web process groups and their options for gunicorn."""

from pathlib import Path

import pytest
from gunicorn.config import Config

from config.processes.serve import DEMO, GROUPS, Group, main, options_of
from config.settings import Settings, read_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"HOTLINE_HOME": str(tmp_path), "WEB_CONCURRENCY": "3"})


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_gunicorn_knows_every_option(name: str, settings: Settings) -> None:
    config = Config()
    for option, value in options_of(name, GROUPS[name], settings).items():
        config.set(option, value)
    assert config.address == [("127.0.0.1", 8000)]


def test_web_has_as_many_processes_as_set_and_events_one(settings: Settings) -> None:
    assert options_of("web", GROUPS["web"], settings)["workers"] == 3
    assert options_of("events", GROUPS["events"], settings)["workers"] == 1


@pytest.mark.parametrize("group", [*GROUPS.values(), DEMO])
def test_live_streams_leave_threads_for_ordinary_requests(group: Group) -> None:
    assert group.loop or group.streams < group.threads


@pytest.mark.parametrize("arguments", [[], ["ftp"], ["web", "events"]])
def test_an_unknown_group_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "{web|events}" in capsys.readouterr().err
