"""What may be told from outside, read once into a frozen `Settings`. A wrong value stops the boot with one line.

The defaults serve `make run`. In production (HOTLINE_ENV=production) there are no default secrets and addresses:
what `variables` marks as required must be there.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from config import variables
from config.demo.secrets import demo_secrets
from config.variables import VARIABLES, BadSettings

LONGEST_SOCKET_PATH = 100
"""Bytes; the kernel allows about 107."""


class Mode(StrEnum):
    """Where this runs."""

    DEMO = "demo"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Account:
    """Our account with the carrier."""

    sid: str
    auth_token: str = field(repr=False)
    api_key: str
    api_secret: str = field(repr=False)
    app_sid: str
    api_url: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the components is told from outside. Addresses have no trailing slash."""

    mode: Mode
    home: Path
    port: int
    exchange_port: int
    exchange_pace: float
    bind: str
    trusted_proxies: int
    web_processes: int
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    public_url: str
    number: str
    zone: ZoneInfo
    locale: str
    account: Account
    narrow_carrier: bool

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over https, so that cookies may insist on it."""
        return self.public_url.startswith("https://")

    @property
    def exchange_url(self) -> str:
        return f"http://127.0.0.1:{self.exchange_port}"

    @property
    def local_exchange(self) -> bool:
        """Whether the exchange in the box is our carrier."""
        return self.mode is Mode.DEMO and self.account.api_url == self.exchange_url

    @property
    def embedded_redis(self) -> bool:
        """Whether `make run` must bring the Redis along."""
        return self.mode is Mode.DEMO and self.redis_url == redis_url_of(redis_socket(self.home))


def redis_socket(home: Path) -> Path:
    """Return the embedded server's socket: in `home`, or in a short folder where that path is too long or has blanks.

    (The kernel refuses long ones; the Redis client cannot read its own server's words about a path with a blank.)
    """
    socket = home / "redis.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH and not any(map(str.isspace, str(socket))):
        return socket
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"hotline-{os.getuid()}-{digest}" / "redis.sock"


def redis_url_of(socket: Path) -> str:
    return f"unix://{quote(str(socket))}?db=0"


class _Reader:
    """Values by name: the environment first, then (never in production) a default."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._required = {variable.name for variable in VARIABLES if variable.required}
        self.mode = self._mode()

    def _mode(self) -> Mode:
        text = self.get("HOTLINE_ENV") or Mode.DEMO.value
        if text not in {mode.value for mode in Mode}:
            raise BadSettings(f'HOTLINE_ENV must be demo or production, not "{text}"')
        return Mode(text)

    def get(self, name: str) -> str:
        """Return the value as it was given, blanks around it removed; "" if there is none."""
        return self._environ.get(name, "").strip()

    def take(self, name: str, default: str) -> str:
        """Return the value, or the default where one is allowed."""
        value = self.get(name)
        if not value and self.mode is Mode.PRODUCTION and name in self._required:
            raise BadSettings(f"{name} must be set when HOTLINE_ENV=production")
        return value or default


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings. In the demo the secrets are made on the first call and kept in HOTLINE_HOME.

    Raises BadSettings with one line naming the variable.
    """
    reader = _Reader(environ)
    home = Path(reader.take("HOTLINE_HOME", "var")).expanduser().absolute()
    port = variables.port("PORT", reader.take("PORT", "8000"))
    exchange_port = variables.port("EXCHANGE_PORT", reader.take("EXCHANGE_PORT", "8010"))
    if port == exchange_port:
        raise BadSettings(f"EXCHANGE_PORT must not be the web's own port {port}")
    made = demo_secrets(home) if reader.mode is Mode.DEMO else {}
    return Settings(
        mode=reader.mode,
        home=home,
        port=port,
        exchange_port=exchange_port,
        exchange_pace=variables.fraction("EXCHANGE_PACE", reader.take("EXCHANGE_PACE", "1"), 0.001, 10),
        bind=variables.ip_address("HOTLINE_BIND", reader.take("HOTLINE_BIND", "127.0.0.1")),
        trusted_proxies=variables.whole("HOTLINE_PROXIES", reader.take("HOTLINE_PROXIES", "0"), 0, 10),
        web_processes=variables.whole("WEB_CONCURRENCY", reader.take("WEB_CONCURRENCY", "2"), 1, 64),
        database_url=variables.database_url(
            "DATABASE_URL", reader.take("DATABASE_URL", f"sqlite:///{home / 'hotline.sqlite3'}")
        ),
        redis_url=variables.redis_url(
            "REDIS_URL", reader.take("REDIS_URL", redis_url_of(redis_socket(home)))
        ),
        secret_key=variables.secret("SECRET_KEY", reader.take("SECRET_KEY", made.get("SECRET_KEY", ""))),
        public_url=variables.web_address("PUBLIC_URL", reader.take("PUBLIC_URL", f"http://127.0.0.1:{port}")),
        number=variables.number("HOTLINE_NUMBER", reader.take("HOTLINE_NUMBER", "+865374412345")),
        zone=variables.zone("HOTLINE_TIMEZONE", reader.take("HOTLINE_TIMEZONE", "Asia/Shanghai")),
        locale=variables.locale("HOTLINE_LOCALE", reader.take("HOTLINE_LOCALE", "zh_CN")),
        account=_account(reader, made, f"http://127.0.0.1:{exchange_port}"),
        narrow_carrier=_is_narrow(reader),
    )


def _is_narrow(reader: _Reader) -> bool:
    given = reader.take("CARRIER_PROFILE", "full")
    return variables.one_of("CARRIER_PROFILE", given, ("full", "narrow")) == "narrow"


def _account(reader: _Reader, made: Mapping[str, str], exchange_url: str) -> Account:
    usual = exchange_url if reader.mode is Mode.DEMO else "https://api.twilio.com"
    api_url = variables.web_address("TWILIO_API_URL", reader.take("TWILIO_API_URL", usual))
    strict = (urlsplit(api_url).hostname or "").endswith("twilio.com")

    def word(name: str, prefix: str) -> str:
        return variables.carrier_word(name, reader.take(name, made.get(name, "")), prefix, strict=strict)

    def secret(name: str) -> str:
        return variables.carrier_secret(name, reader.take(name, made.get(name, "")))

    return Account(
        sid=word("TWILIO_ACCOUNT_SID", "AC"),
        auth_token=secret("TWILIO_AUTH_TOKEN"),
        api_key=word("TWILIO_API_KEY", "SK"),
        api_secret=secret("TWILIO_API_SECRET"),
        app_sid=word("TWILIO_APP_SID", "AP"),
        api_url=api_url,
    )


def settings_or_exit(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process, or print the one line that is wrong and exit with status 2."""
    try:
        return read_settings(os.environ if environ is None else environ)
    except BadSettings as error:
        print(f"hotline: {error}", file=sys.stderr)
        raise SystemExit(2) from None
