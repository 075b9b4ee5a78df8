"""The web processes: voice webhooks, console pages, API and health checks, served by gunicorn.

`python -m config.processes.serve web` (or `events`). `events` serves the live streams of open pages, each for hours, on an
event loop; it takes no other requests than health checks.
"""

import gc
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger as GunicornLogger
from werkzeug.middleware.proxy_fix import ProxyFix

from agent_console.app import (
    ConsoleOptions,
    DemoAccount,
    ProviderOptions,
    SoftphoneOptions,
    lacking_files,
    register,
)
from agent_console.live.server import LiveServer, live_server
from config.demo.people import SHOWN
from config.flow_catalog import CityFlows
from config.logs import begin_logging
from config.processes.lifecycle import begin_process, log_hangup, log_started
from config.processes.metrics import metrics_blueprint
from config.readiness import StartedFiles, database_trouble, redis_trouble, report_readiness
from config.settings import Mode, Settings, settings_or_exit
from config.softphone import NO_TELEPHONES
from config.wiring import TOKEN_SECONDS, Components, build_or_exit, city_texts, device_token
from hotline.rules.people.provider_claims import ClaimMapping
from ivr_flows.webhooks.blueprint import voice_blueprint
from ivr_flows.webhooks.webhook import log_unknown_address

COMPONENTS = "hotline_components"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of processes.

    `threads` and the number of live `streams` are those of each process; `shutdown_seconds` is the time that requests
    have to end. A group with a `loop` serves its streams on an event loop, else each occupies a thread.
    """

    threads: int
    streams: int
    shutdown_seconds: int
    loop: bool = False


GROUPS = {
    "web": Group(threads=16, streams=4, shutdown_seconds=20),
    "events": Group(threads=1, streams=2000, shutdown_seconds=3, loop=True),
}
# `make run` has no proxy that could send live streams to the events group, so its web group serves them too.
DEMO = Group(threads=64, streams=48, shutdown_seconds=1)


def create_app(settings: Settings | None = None, *, max_streams: int = 40) -> Flask:
    """Returns the application. Without `settings` it reads the environment, and exits with status 2 for a wrong value.

    A process serves at most `max_streams` live streams at once.
    """
    chosen = settings or settings_or_exit()
    begin_logging(chosen.mode, chosen.secrets)
    if chosen.mode is Mode.PRODUCTION:
        require_made_files()
    components = build_or_exit(chosen)
    app = Flask("hotline", static_folder=None)
    if chosen.trusted_proxies:
        hops = chosen.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.url_map.strict_slashes = False
    app.wsgi_app = _voice_first(voice_app(components), app.wsgi_app)  # type: ignore[method-assign, assignment]
    register(
        app,
        components.application,
        console_options(components, max_streams),
    )
    app.register_blueprint(health_blueprint(components))
    app.register_blueprint(metrics_blueprint(components.application))
    app.extensions[COMPONENTS] = components
    return app


def require_made_files() -> None:
    """Exits with status 2 and one line if the installation lacks its browser files or translations."""
    if lacking := lacking_files():
        print(
            f"hotline: {lacking[0]} is missing: install a built wheel, or run config/setup/bootstrap.py run",
            file=sys.stderr,
        )
        raise SystemExit(2)


def components_of(app: Flask) -> Components:
    """Returns the components that `create_app` built."""
    return cast("Components", app.extensions[COMPONENTS])


def voice_app(components: Components) -> Flask:
    """Returns the webhooks of the carrier as an application of its own, without the sessions and form checks of the console."""
    app = Flask("hotline-voice", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # merging answers with a redirect, and a redirected POST loses its form
    token = components.settings.account.auth_token
    app.register_blueprint(
        voice_blueprint(
            components.application,
            components.flows,
            token,
            components.addresses,
            narrow=components.settings.narrow_carrier,
            # Twilio's browser SDK hangs up when its page goes away: there only the desk's own record tells.
            reports_lost_devices=components.settings.local_exchange,
        )
    )
    for status in (404, 405):
        app.register_error_handler(status, log_unknown_address)
    return app


def _voice_first(voice: WSGIApplication, console: WSGIApplication) -> WSGIApplication:
    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_voice = environ.get("PATH_INFO", "").lstrip("/").startswith("voice/")
        return (voice if is_voice else console)(environ, start_response)

    return choose


def console_options(components: Components, max_streams: int) -> ConsoleOptions:
    """Returns the settings and objects that the console needs."""
    settings, account = components.settings, components.settings.account
    telephones = settings.telephones
    if telephones.driver == "none":
        structlog.get_logger().warning("softphone.none", problem=NO_TELEPHONES)
    softphone = SoftphoneOptions(
        driver=telephones.driver,
        device_url=telephones.origin,
        make_token=lambda identity: device_token(account, identity),
        token_seconds=TOKEN_SECONDS,
        sip_host=telephones.sip_host,
        edges=telephones.edges,
        script=telephones.script,
        desk_reports_answer=telephones.reports_answer,
    )
    return ConsoleOptions(
        secret_key=settings.secret_key,
        public_url=settings.public_url,
        default_locale=settings.locale,
        softphone=softphone,
        redis_url=settings.redis_url,
        flows=CityFlows(components.flows, lambda: components.application.policies),
        city=city_texts(components),
        limiter_storage=limiter_storage(settings.redis_url),
        max_streams=max_streams,
        idle_limit=timedelta(hours=settings.idle_hours),
        provider=provider_options(settings),
        demo_accounts=demo_accounts() if settings.mode is Mode.DEMO else (),
    )


def provider_options(settings: Settings) -> ProviderOptions | None:
    """Returns the city's identity provider, or None without one."""
    if not settings.oidc_issuer:
        return None
    # Takes 12 MB and 0.4 s of CPU in each process, and only a city with a provider needs it.
    from hotline.gateways.openid import OpenIdProvider

    provider = OpenIdProvider(
        settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_scope
    )
    claims = ClaimMapping(
        settings.oidc_name_claim,
        settings.oidc_role_claim,
        settings.oidc_unit_claim,
        settings.oidc_role_values,
    )
    return ProviderOptions(provider, claims)


def demo_accounts() -> tuple[DemoAccount, ...]:
    """Returns the accounts of the demonstration that `make run` prints."""
    return tuple(DemoAccount(user.name, user.display_name, user.role, user.unit_code) for user in SHOWN)


def limiter_storage(redis_url: str) -> str:
    """Returns the Redis URL in the form of the login limiter, which has its own scheme for unix sockets."""
    return f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url


def health_blueprint(components: Components) -> Blueprint:
    """Returns `/healthz` (the process is alive) and `/readyz`.

    `/readyz` answers 200 if the database, migrated to this version, and Redis respond, else 503 with the reason.
    """
    blueprint = Blueprint("health", __name__)
    files = StartedFiles()
    checks: dict[str, Callable[[], str | None]] = {
        "database": lambda: database_trouble(components.application.engine),
        "redis": lambda: redis_trouble(components.redis),
    }

    @blueprint.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    def readyz() -> ResponseReturnValue:
        files.report_changes_now_and_then()
        troubles = {name: check() for name, check in checks.items()}
        answer = {name: trouble or "ok" for name, trouble in troubles.items()}
        return jsonify(answer), 503 if any(troubles.values()) else 200

    return blueprint


class JsonLogger(GunicornLogger):  # type: ignore[misc]  # gunicorn ships no types
    """Hands gunicorn's records to the log of the process. It writes no access log: an address may name a caller."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Runs gunicorn with options from the settings instead of its command line."""

    def __init__(self, options: dict[str, Any], settings: Settings, group: Group) -> None:
        self._options = options
        self._settings = settings
        self._group = group
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask | LiveServer:
        app = create_app(self._settings, max_streams=self._group.streams)
        components = components_of(app)
        report_readiness(components.application.engine, components.redis)
        served = live_server(app) if self._group.loop else app
        # What exists now lives as long as the process: the collector need not touch the pages that forked processes share.
        gc.collect()
        gc.freeze()
        return served


def options_of(name: str, group: Group, settings: Settings) -> dict[str, Any]:
    """Returns gunicorn's options."""
    return {
        "bind": f"{settings.bind}:{settings.port}",
        "worker_class": "asgi" if group.loop else "gthread",
        "asgi_lifespan": "off",
        "workers": settings.web_processes if name == "web" else 1,
        "threads": group.threads,
        "worker_connections": group.threads + group.streams + 200,
        "graceful_timeout": group.shutdown_seconds,
        "keepalive": 65,
        # Loaded before the fork, a wrong file of the city stops the boot; later, gunicorn would restart workers for ever.
        "preload_app": True,
        "control_socket_disable": True,
        "proc_name": f"hotline-{name}",
        "logger_class": JsonLogger,
        "on_reload": log_hangup,
        "loglevel": "info" if settings.mode is Mode.PRODUCTION else "warning",
    }


def main(arguments: list[str]) -> int:
    """Serves one group until SIGTERM or SIGINT; returns exit status 2 for a group that does not exist."""
    if len(arguments) != 1 or arguments[0] not in GROUPS:
        print(f"usage: python -m config.processes.serve {{{'|'.join(GROUPS)}}}", file=sys.stderr)
        return 2
    settings = begin_process()
    log_started(arguments[0])
    is_demo_web = settings.mode is Mode.DEMO and arguments[0] == "web"
    group = DEMO if is_demo_web else GROUPS[arguments[0]]
    Server(options_of(arguments[0], group, settings), settings, group).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
