"""`python -m config.processes.serve web` and `… events`: the web door under gunicorn, as the Procfile starts it.

`events` is the same application with many threads and a short farewell, for the live streams alone: an open stream
holds a thread for hours, and ordinary requests must never wait for one.
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
    """One process group: threads of each process, how many of them live streams may take, seconds to say farewell."""

    threads: int
    streams: int
    farewell: int


GROUPS = {
    "web": Group(threads=16, streams=4, farewell=20),
    "events": Group(threads=400, streams=380, farewell=3),
}
DEMO = Group(threads=64, streams=48, farewell=1)
"""`make run` has no proxy that could send live streams elsewhere, so its web group holds them too."""


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with our options instead of its command line."""

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
    """Returns gunicorn's options. `preload_app`: a wrong file of the city stops the boot instead of being tried for ever."""
    return {
        "bind": f"{settings.bind}:{settings.port}",
        "worker_class": "gthread",
        "workers": settings.web_processes if name == "web" else 1,
        "threads": group.threads,
        "worker_connections": group.threads + 200,
        "graceful_timeout": group.farewell,
        "keepalive": 65,
        "preload_app": True,
        "control_socket_disable": True,
        "proc_name": f"hotline-{name}",
        "loglevel": "info" if settings.mode is Mode.PRODUCTION else "warning",
    }


def main(arguments: list[str]) -> int:
    """Serve one group until told to stop; 2 for a group that does not exist."""
    if len(arguments) != 1 or arguments[0] not in GROUPS:
        print(f"usage: python -m config.processes.serve {{{'|'.join(GROUPS)}}}", file=sys.stderr)
        return 2
    settings = settings_or_exit()
    group = DEMO if settings.mode is Mode.DEMO else GROUPS[arguments[0]]
    Server(options_of(arguments[0], group, settings), settings, group.streams).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
