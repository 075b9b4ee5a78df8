"""`python -m tests.benchmarks.wide_hotline`: the caller's door under gunicorn as the Procfile starts it, with a longer queue.

The city's own files let 50 or 200 callers wait; a benchmark of hundreds needs room for them all. Nothing else differs.
"""

from dataclasses import replace

from flask import Flask

from config.processes.serve import GROUPS, Server, options_of, voice_app
from config.settings import settings_or_exit
from config.wiring import build

ROOM = 5000


class WideServer(Server):
    """The web group's server; its application is the caller's door alone."""

    def load(self) -> Flask:
        components = build(self._settings)
        queue = replace(components.application.policies.queue, max_size=ROOM)
        application = replace(
            components.application, policies=replace(components.application.policies, queue=queue)
        )
        return voice_app(replace(components, application=application))


def main() -> None:
    settings, group = settings_or_exit(), GROUPS["web"]
    WideServer(options_of("web", group, settings), settings, group.streams).run()


if __name__ == "__main__":
    main()
