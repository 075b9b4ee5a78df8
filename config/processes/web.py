"""The web door: caller's webhooks, desk pages, API and health in one Flask application. Served by `serve`."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from agent_console.app import ConsoleOptions, SoftphoneOptions, register
from config.flow_catalog import CityFlows
from config.logs import begin_logging
from config.settings import Settings, settings_or_exit
from config.wiring import TOKEN_SECONDS, Components, build_or_exit, device_token
from hotline.store.schema import newest, revision_of
from ivr_flows.webhooks.blueprint import voice_blueprint


def create_app(settings: Settings | None = None, *, max_streams: int = 40) -> Flask:
    """Returns the application; without `settings` it reads the environment and exits with status 2 if that is wrong.

    `max_streams` is how many live streams one process may hold; each takes one of its threads.
    """
    chosen = settings or settings_or_exit()
    begin_logging(chosen.mode)
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
        replace(console_options(components, max_streams), claims=components.claims),
    )
    app.register_blueprint(health_blueprint(components))
    return app


def voice_app(components: Components) -> Flask:
    """Returns the caller's door as an application of its own: no sessions, no forms, no pages stand between it and a call."""
    app = Flask("hotline-voice", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # it would answer with a redirect, and a redirected POST loses its form
    token = components.settings.account.auth_token
    app.register_blueprint(
        voice_blueprint(
            components.application,
            components.flows,
            token,
            components.addresses,
            narrow=components.settings.narrow_carrier,
        )
    )
    return app


def _voice_first(voice: WSGIApplication, desk: WSGIApplication) -> WSGIApplication:
    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        door = voice if environ.get("PATH_INFO", "").lstrip("/").startswith("voice/") else desk
        return door(environ, start_response)

    return choose


def console_options(components: Components, max_streams: int) -> ConsoleOptions:
    """Returns what the desk's door must know."""
    settings, account = components.settings, components.settings.account
    softphone = SoftphoneOptions(
        driver="exchange" if settings.local_exchange else "twilio",
        device_url=settings.exchange_url.replace("http", "ws", 1),
        make_token=lambda identity: device_token(account, identity),
        token_seconds=TOKEN_SECONDS,
    )
    return ConsoleOptions(
        secret_key=settings.secret_key,
        secure_cookies=settings.secure,
        default_locale=settings.locale,
        softphone=softphone,
        redis_url=settings.redis_url,
        flows=CityFlows(components.flows, components.application.policies),
        limiter_storage=limiter_storage(settings.redis_url),
        max_streams=max_streams,
    )


def limiter_storage(redis_url: str) -> str:
    """Returns the address under which the login limiter knows our Redis; it names unix sockets in its own way."""
    return f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url


def health_blueprint(components: Components) -> Blueprint:
    """`/healthz`: the process lives. `/readyz`: the database (at this version's tables) and Redis answer; else 503 and why."""
    blueprint = Blueprint("health", __name__)
    checks: dict[str, Callable[[], str | None]] = {
        "database": lambda: _database_trouble(components.application.engine),
        "redis": lambda: _redis_trouble(components.redis),
    }

    @blueprint.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    def readyz() -> ResponseReturnValue:
        troubles = {name: check() for name, check in checks.items()}
        answer = {name: trouble or "ok" for name, trouble in troubles.items()}
        return jsonify(answer), 503 if any(troubles.values()) else 200

    return blueprint


def _database_trouble(engine: Engine) -> str | None:
    try:
        with engine.execution_options(reading=True).connect() as connection:
            connection.execute(text("SELECT 1"))
            at = revision_of(connection)
    except SQLAlchemyError as error:
        structlog.get_logger().error("readiness.database", trouble=type(error).__name__)
        return "does not answer"
    return (
        None if at == newest() else f"is at revision {at}, this version needs {newest()}: run hotline migrate"
    )


def _redis_trouble(redis: Redis) -> str | None:
    try:
        redis.ping()
    except RedisError as error:
        structlog.get_logger().error("readiness.redis", trouble=type(error).__name__)
        return "does not answer"
    return None
