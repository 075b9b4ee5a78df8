"""Runs the web application under gunicorn: `python -m config.processes.serve web` (or `events`).

`events` is the same application with many threads and a short shutdown, for live streams only. A stream occupies a
thread for hours, and ordinary requests must not wait for one.
"""

import sys
from dataclasses import dataclass
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from config.processes.web import create_app
from config.settings import Mode, Settings, settings_or_exit


@dataclass(frozen=True, slots=True)
class Group:
    """A group of processes.

    `threads` and the number of live `streams` are those of each process; `shutdown_seconds` is the time that requests
    have to end.
    """

    threads: int
    streams: int
    shutdown_seconds: int


GROUPS = {
    "web": Group(threads=16, streams=4, shutdown_seconds=20),
    "events": Group(threads=400, streams=380, shutdown_seconds=3),
}
# `make run` has no proxy that could send live streams to the events group, so its web group serves them too.
DEMO = Group(threads=64, streams=48, shutdown_seconds=1)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Runs gunicorn with options from the settings instead of its command line."""

    def __init__(self, options: dict[str, Any], settings: Settings, streams: int) -> None:
        self._options = options
        self._settings = settings
        self._streams = streams
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app(self._settings, max_streams=self._streams)


def options_of(name: str, group: Group, settings: Settings) -> dict[str, Any]:
    """Returns gunicorn's options."""
    return {
        "bind": f"{settings.bind}:{settings.port}",
        "worker_class": "gthread",
        "workers": settings.web_processes if name == "web" else 1,
        "threads": group.threads,
        "worker_connections": group.threads + 200,
        "graceful_timeout": group.shutdown_seconds,
        "keepalive": 65,
        # Loaded before the fork, a wrong file of the city stops the boot; later, gunicorn would restart workers for ever.
        "preload_app": True,
        "control_socket_disable": True,
        "proc_name": f"hotline-{name}",
        "loglevel": "info" if settings.mode is Mode.PRODUCTION else "warning",
    }


def main(arguments: list[str]) -> int:
    """Serves one group until SIGTERM or SIGINT; returns exit status 2 for a group that does not exist."""
    if len(arguments) != 1 or arguments[0] not in GROUPS:
        print(f"usage: python -m config.processes.serve {{{'|'.join(GROUPS)}}}", file=sys.stderr)
        return 2
    settings = settings_or_exit()
    group = DEMO if settings.mode is Mode.DEMO else GROUPS[arguments[0]]
    Server(options_of(arguments[0], group, settings), settings, group.streams).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
