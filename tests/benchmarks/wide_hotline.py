"""`python -m tests.benchmarks.wide_hotline`: the caller's door under gunicorn as the Procfile starts it, with a longer queue.

The city's own files let 50 or 200 callers wait; a benchmark of hundreds needs room for them all. Nothing else differs.
"""

import gc
from dataclasses import replace

from flask import Flask

from config.processes.serve import GROUPS, Server, options_of, voice_app
from config.settings import Settings, settings_or_exit
from config.wiring import build

ROOM = 5000


def create_app(settings: Settings | None = None) -> Flask:
    """Returns the webhooks alone, with the longer queue."""
    components = build(settings or settings_or_exit())
    queue = replace(components.application.policies.queue, max_size=ROOM)
    application = replace(
        components.application, policies=replace(components.application.policies, queue=queue)
    )
    app = voice_app(replace(components, application=application))
    # As `Server.load` does: what exists now lives as long as the process.
    gc.collect()
    gc.freeze()
    return app


class WideServer(Server):
    """The web group's server; its application is the caller's door alone."""

    def load(self) -> Flask:
        return create_app(self._settings)


def main() -> None:
    settings, group = settings_or_exit(), GROUPS["web"]
    WideServer(options_of("web", group, settings), settings, group.streams).run()


if __name__ == "__main__":
    main()
