"""The console's context: the application, the options of this installation and the built browser files.

Pages import it, and `app` imports the pages.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, cast

from flask import current_app, url_for

from agent_console.web.city_catalog import CityCatalog
from agent_console.web.flow_catalog import FlowCatalog
from hotline.gateways.identity_provider import IdentityProvider
from hotline.rules.enums import Role
from hotline.rules.people.provider_claims import ClaimMapping
from hotline.rules.policies import IDLE_LIMIT
from hotline.unit_of_work import Application

HERE = Path(__file__).parent.parent
DIST = HERE / "static" / "dist"


@dataclass(frozen=True, slots=True)
class SoftphoneOptions:
    """The connection of an operator's browser to the telephone line.

    `device_url` is the WebSocket origin of the exchange or of a carrier's own signalling (`ws://host:port`); empty: the
    SDK's own, or none. `sip_host`: telephones are rung at `sip:op_<user id>@<sip_host>`. `edges` and `script` are the edges
    and the address of the Voice SDK. `desk_reports_answer`: the desk says that its telephone has answered.
    `make_token` turns a device identity (`op_<user id>`) into an access token that lives `token_seconds`.
    """

    driver: Literal["exchange", "twilio", "sip", "none"]
    device_url: str
    make_token: Callable[[str], str]
    token_seconds: int = 3600
    sip_host: str = ""
    edges: tuple[str, ...] = ()
    script: str = ""
    desk_reports_answer: bool = False


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demonstration, which its sign-in page lists."""

    name: str
    display_name: str
    role: Role
    unit_code: str | None


@dataclass(frozen=True, slots=True)
class ProviderOptions:
    """The city's identity provider, and the reading of its claims."""

    provider: IdentityProvider
    claims: ClaimMapping


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """The options that `config` sets.

    `public_url` (scheme://host[:port]): the address that browsers see; forms come from its pages only.
    `address_login_limit` and `account_login_limit` are phrases such as `30 per minute`. `max_streams`: open `/events` streams a
    process may hold; a page beyond it polls. `idle_limit`: how long a session lasts without use.
    """

    secret_key: str
    public_url: str
    default_locale: str
    softphone: SoftphoneOptions
    redis_url: str
    flows: FlowCatalog
    city: CityCatalog
    limiter_storage: str = "memory://"
    address_login_limit: str = "30 per minute"
    account_login_limit: str = "10 per 5 minutes"
    max_streams: int = 200
    idle_limit: timedelta = IDLE_LIMIT
    provider: ProviderOptions | None = None
    # Empty in production.
    demo_accounts: tuple[DemoAccount, ...] = ()

    @property
    def secure_cookies(self) -> bool:
        """Returns whether browsers use https, so that cookies may require it."""
        return self.public_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class Console:
    """The state of one running application, kept in `app.extensions`."""

    application: Application
    options: ConsoleOptions
    assets: Mapping[str, str]


EXTENSION = "hotline"


def console() -> Console:
    return cast("Console", current_app.extensions[EXTENSION])


def application() -> Application:
    """Returns the application core of the running web application."""
    return console().application


def options() -> ConsoleOptions:
    return console().options


def read_assets() -> dict[str, str]:
    """Returns the built browser files by the name pages use (`core.js` -> `core-4F2A.js`); empty before the first build."""
    manifest = DIST / "manifest.json"
    if not manifest.exists():
        return {}
    return cast("dict[str, str]", json.loads(manifest.read_text(encoding="utf-8")))


def lacking_files() -> tuple[str, ...]:
    """Returns what an installation lacks of the files that are made when it is built; pages would be bare without them."""
    bundled = read_assets().values()
    catalogues = (source.with_suffix(".mo") for source in (HERE / "translations").rglob("*.po"))
    wanted = [DIST / "manifest.json", *(DIST / name for name in bundled), *catalogues]
    return tuple(str(path.relative_to(HERE.parent)) for path in wanted if not path.exists())


def asset(name: str) -> str:
    """Returns the address of a built browser file. Its name changes with its content, so browsers may cache it for ever."""
    return url_for("frame.static", filename=console().assets.get(name, name))
