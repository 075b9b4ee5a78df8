"""A hotline that thinks nothing: the same conversation as ours, as constants. What it costs to drive it is the exchange's own.

`python -m tests.benchmarks.constant` serves it under gunicorn with the very options of the real web process.
"""

from flask import Flask, Response

from config.processes.serve import GROUPS, Server, options_of
from config.settings import settings_or_exit

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
DOCUMENTS = {
    "incoming": '<Gather numDigits="1" timeout="4" action="/voice/heard"><Say language="cmn-CN">您好，欢迎拨打热线。</Say></Gather>',
    "heard": '<Enqueue waitUrl="/voice/wait" action="/voice/left">hotline</Enqueue>',
    "wait": '<Say language="cmn-CN">您前面还有人在等候，请不要挂机。</Say><Pause length="10"/>',
    "left": "",
    "status": "",
    "trouble": "",
}


class ConstantServer(Server):
    """The web group's server; its application is a table."""

    def load(self) -> Flask:
        app = Flask(__name__)

        @app.post("/voice/<name>")
        def answer(name: str) -> Response:
            return Response(f"{_HEAD}<Response>{DOCUMENTS[name]}</Response>", mimetype="text/xml")

        return app


def main() -> None:
    settings, group = settings_or_exit(), GROUPS["web"]
    ConstantServer(options_of("web", group, settings), settings, group.streams).run()


if __name__ == "__main__":
    main()
