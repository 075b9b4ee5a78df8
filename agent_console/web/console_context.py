"""What every page stands in: the application it was handed, the options of this installation, the built browser files.

Pages import from here; `app` imports pages. Kept apart so that no page needs to know the whole.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from flask import current_app, url_for

from agent_console.web.flow_catalog import FlowCatalog
from agent_console.web.flow_traffic import TrafficCounts
from hotline.rules.figures.reconciliation import Claim
from hotline.unit_of_work import Application

HERE = Path(__file__).parent.parent
DIST = HERE / "static" / "dist"


@dataclass(frozen=True, slots=True)
class SoftphoneOptions:
    """How an operator's browser reaches the telephone line.

    `device_url` is the WebSocket origin of the exchange (`ws://host:port`), unused by the Twilio driver.
    `make_token` turns a device identity (`op_<user id>`) into an access token that lives `token_seconds`.
    """

    driver: Literal["exchange", "twilio"]
    device_url: str
    make_token: Callable[[str], str]
    token_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """What the roof decides about the desk's door. `login_limits` are Flask-Limiter phrases per address and per account."""

    secret_key: str
    secure_cookies: bool
    default_locale: str
    softphone: SoftphoneOptions
    redis_url: str
    flows: FlowCatalog
    limiter_storage: str = "memory://"
    address_login_limit: str = "30 per minute"
    account_login_limit: str = "10 per 5 minutes"
    max_streams: int = 200
    """Open `/events` streams one process may hold: each takes a thread. Beyond it a page polls."""
    claims: tuple[Claim, ...] = ()
    """Rates the city has published; reports of the same days check them."""


@dataclass(frozen=True, slots=True)
class Console:
    """What one running application holds: kept in `app.extensions`, never in a global."""

    application: Application
    options: ConsoleOptions
    assets: Mapping[str, str]
    traffic: TrafficCounts = field(default_factory=TrafficCounts)


EXTENSION = "hotline"


def console() -> Console:
    return cast("Console", current_app.extensions[EXTENSION])


def application() -> Application:
    """Return the application of the running application."""
    return console().application


def options() -> ConsoleOptions:
    return console().options


def read_assets() -> dict[str, str]:
    """Return the built browser files by the name pages use (`core.js` -> `core-4F2A.js`); empty before the first build."""
    manifest = DIST / "manifest.json"
    if not manifest.exists():
        return {}
    return cast("dict[str, str]", json.loads(manifest.read_text(encoding="utf-8")))


def asset(name: str) -> str:
    """Return the address of a built browser file; its name changes with its content, so it may be kept for ever."""
    return url_for("frame.static", filename=console().assets.get(name, name))
