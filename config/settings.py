"""Settings of a process, read once from the environment. A wrong value stops the boot with one line.

The fields of `Settings` are the environment variables: name, default, meaning. The READMEs show them as a table. A field
without a default must be set in production (HOTLINE_ENV=production); `DemoDefaults` supplies it in the demonstration.
"""

import difflib
import hashlib
import ipaddress
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.demo.secrets import BadSecrets, demo_secrets
from config.softphone import DeskTelephones, SoftphoneSettings, desk_telephones
from config.validation import expected
from hotline.rules.enums import Role
from hotline.rules.text import one_line

# Bytes. The kernel allows about 107 for the path of a socket.
LONGEST_SOCKET_PATH = 100
# Characters. A shorter password would hide ordinary words of the log.
SHORTEST_HIDDEN = 6
TWILIO_API_URL = "https://api.twilio.com"
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_CREDENTIAL = re.compile(r"[A-Za-z0-9_.=-]{2,128}")
# The part after :// in the grammar of sqlalchemy.make_url, with a port of digits. SQLAlchemy itself is not imported here:
# that takes more CPU than a command such as `hotline dial` does. A test compares the two.
_DATABASE_URL = re.compile(
    r"(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(?::\d{1,5})?(?:/(?P<database>[^?]*))?(?:\?.*)?"
)
# The names that every S3 service accepts. A part of the prefix begins with a letter or digit, so that none is `..`.
_BUCKET_URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*))?/?",
    re.ASCII,
)


class BadSettings(Exception):
    """A setting is missing or wrong. The message is one line that begins with the variable's name."""


class Mode(StrEnum):
    DEMO = "demo"
    PRODUCTION = "production"


def _ip_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f'must be an IP address such as 127.0.0.1 or 0.0.0.0, not "{text}"') from None


def _phone_number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'must be a number in E.164 such as +865374412345, not "{text}"')
    return text


def _zone(text: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(text))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'must be a time zone such as Asia/Shanghai, not "{text}"') from None


def _web_address(text: str) -> str:
    """Returns scheme://host[:port] without a trailing slash."""
    try:
        parts = urlsplit(text)
        has_host = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_host = False
    has_more = has_host and (
        parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username is not None
    )
    if not has_host or has_more:
        raise ValueError(f'must be http(s)://host[:port] and nothing more, not "{text}"')
    return text.rstrip("/")


def _secret(text: str) -> str:
    # The message does not repeat the value; this holds for all secrets and credentials here.
    if len(text) < 32:
        raise ValueError("must have 32 characters or more and no blanks around it")
    return text


def _credential(text: str) -> str:
    if not _CREDENTIAL.fullmatch(text):
        raise ValueError("must be 2 to 128 letters, digits or one of _ . = -")
    return text


def _refuse_bare_signs(after_password: str) -> None:
    """Raises ValueError if what follows the password of a URL holds a further @."""
    # A password that is not encoded would be read as host or path in part, and the reason of a failed connection names both.
    if "@" in after_password:
        raise ValueError('must have its password percent-encoded: "@" is %40, "/" is %2F, "%" is %25')


def _database_url(text: str) -> str:
    """Returns a SQLAlchemy URL; `postgres://` and `postgresql://` mean PostgreSQL through psycopg 3."""
    scheme, separator, rest = text.partition("://")
    known = scheme.partition("+")[0] in {"postgres", "postgresql", "sqlite"}
    if not separator or not known or ("+" in scheme and scheme != "postgresql+psycopg"):
        raise ValueError("must begin with postgresql:// or sqlite:///")
    if scheme != "sqlite":
        _refuse_bare_signs(rest.partition("@")[2].partition("?")[0])
    match = _DATABASE_URL.fullmatch(rest)
    if match is None:
        raise ValueError("is not a database URL")
    if unquote(match["database"] or "") in {"", ":memory:"}:
        raise ValueError("must name a database (a file, for SQLite: processes do not share memory)")
    return text if scheme == "sqlite" else f"postgresql+psycopg://{rest}"


def _redis_url(text: str) -> str:
    _refuse_bare_signs(re.sub(r"^\w+://[^/?#]*", "", text))
    try:
        parts = urlsplit(text)
        is_valid = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    else:
        is_valid = is_valid or (parts.scheme == "unix" and len(parts.path) > 1)
    if not is_valid:
        raise ValueError("must be redis://host[:port][/db], rediss://… or unix:///path?db=0")
    return text


def _sounds_url(text: str) -> str:
    """Returns `file:///folder` or `s3://bucket[/prefix]`, without a trailing slash."""
    if _BUCKET_URL.fullmatch(text):
        return text.rstrip("/")
    try:
        parts = urlsplit(text)
        is_folder = parts.scheme == "file" and parts.netloc == "" and parts.path.startswith("/")
    except ValueError:
        is_folder = False
    else:
        is_folder = is_folder and not (parts.query or parts.fragment) and len(parts.path) > 1
    if not is_folder:
        raise ValueError("must be file:///folder or s3://bucket/prefix")
    return text.rstrip("/")


def _issuer(text: str) -> str:
    """Returns the address of an identity provider as it stands: a trailing slash belongs to it."""
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    )
    if not is_safe or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f'must be an https address without query, not "{text}"')
    return text


def _role_mapping(text: str) -> str:
    for pair in text.split(","):
        value, is_there, role = (part.strip() for part in pair.rpartition("="))
        if not (value and is_there) or role not in set(Role):
            raise ValueError(f'must read like "it-admins=admin,agents=operator" with our roles, not "{pair}"')
    return text


Port = Annotated[int, Field(ge=1, le=65_535), expected("a port number from 1 to 65535")]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Credential = Annotated[str, AfterValidator(_credential)]


def variable(name: str, meaning: str, default: object = ..., *, shown: str = "", **more: Any) -> Any:
    """Returns the field of one environment variable. `shown` is its default in the README if that is no plain value."""
    return Field(default, alias=name, description=meaning, title=shown or f"`{default}`", **more)


@dataclass(frozen=True, slots=True)
class Account:
    """The account with the carrier."""

    sid: str
    auth_token: str = field(repr=False)
    api_key: str
    api_secret: str = field(repr=False)
    app_sid: str
    api_url: str


class Settings(BaseSettings):
    """The settings of a process. Addresses have no trailing slash."""

    model_config = SettingsConfigDict(frozen=True, validate_default=False, extra="forbid")

    mode: Annotated[Mode, expected("demo or production")] = variable(
        "HOTLINE_ENV",
        "`demo` or `production`; production has no default secrets or addresses",
        Mode.DEMO,
    )
    home: Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())] = variable(
        "HOTLINE_HOME",
        "folder of the data: embedded database, embedded Redis, recorded sound, demo secrets",
        Path("var"),
        validate_default=True,
    )
    port: Port = variable("PORT", "port of the web process on this machine", 8000)
    bind: Annotated[str, AfterValidator(_ip_address)] = variable(
        "HOTLINE_BIND", "address the web and events processes listen on", "127.0.0.1"
    )
    trusted_proxies: Annotated[int, Field(ge=0, le=10), expected("a whole number from 0 to 10")] = variable(
        "HOTLINE_PROXIES", "how many proxies of your own stand in front and set `X-Forwarded-For`", 0
    )
    web_processes: Annotated[int, Field(ge=1, le=64), expected("a whole number from 1 to 64")] = variable(
        "WEB_CONCURRENCY", "processes of the web group; each has 16 threads (64 in the demo)", 2
    )
    exchange_port: Port = variable("EXCHANGE_PORT", "port of the carrier simulator (demo only)", 8010)
    exchange_pace: Annotated[float, Field(ge=0.001, le=10), expected("a number from 0.001 to 10")] = variable(
        "EXCHANGE_PACE",
        "real seconds per second of the exchange: `0.1` talks and rings ten times as fast",
        1.0,
        shown="`1`",
    )
    database_url: Annotated[str, AfterValidator(_database_url)] = variable(
        "DATABASE_URL",
        "SQLAlchemy URL: `postgresql://…` or `sqlite:///…`",
        shown="SQLite in `HOTLINE_HOME`",
        repr=False,
    )
    database_connections: Annotated[int, Field(ge=2, le=200), expected("a whole number from 2 to 200")] = (
        variable(
            "HOTLINE_DATABASE_CONNECTIONS",
            "connections to the database that each process may open at most",
            16,
        )
    )
    city: str = variable(
        "HOTLINE_CITY",
        "folder of the city's data: units, policies, numbers, calendar; made from the example at the first start",
        "",
        shown="`city` in `HOTLINE_HOME`",
    )
    redis_url: Annotated[str, AfterValidator(_redis_url)] = variable(
        "REDIS_URL", "`redis://…`, `rediss://…` or `unix://…`", shown="the embedded server", repr=False
    )
    sounds_url: Annotated[str, AfterValidator(_sounds_url)] = variable(
        "HOTLINE_SOUNDS",
        "where recorded sound lies: `file:///folder`, which all hosts share, or `s3://bucket/prefix`",
        shown="`sounds` in `HOTLINE_HOME`",
    )
    s3_endpoint: WebAddress = variable(
        "HOTLINE_S3_ENDPOINT", "scheme://host[:port] of the S3 service", "", shown="that of AWS"
    )
    s3_region: Credential = variable("HOTLINE_S3_REGION", "region of the bucket", "us-east-1")
    s3_addressing: Annotated[Literal["path", "virtual"], expected("path or virtual")] = variable(
        "HOTLINE_S3_ADDRESSING", "`virtual` puts the bucket before the host, as OBS and OSS need it", "path"
    )
    s3_access_key: str = variable("HOTLINE_S3_ACCESS_KEY", "access key of the bucket", "", shown="none")
    s3_secret_key: str = variable("HOTLINE_S3_SECRET_KEY", "secret of that key", "", shown="none", repr=False)
    secret_key: Annotated[str, AfterValidator(_secret)] = variable(
        "SECRET_KEY",
        "signs cookies and forms; 32 characters or more",
        shown="made once, kept in `HOTLINE_HOME`",
        repr=False,
    )
    public_url: WebAddress = variable(
        "PUBLIC_URL",
        "scheme://host[:port] that carrier and browsers see; signatures are checked against it",
        shown="`http://127.0.0.1:PORT`",
    )
    number: Annotated[str, AfterValidator(_phone_number)] = variable(
        "HOTLINE_NUMBER", "the line's own number, E.164", shown="`+865374412345`"
    )
    zone: Annotated[ZoneInfo, BeforeValidator(_zone)] = variable(
        "HOTLINE_TIMEZONE",
        "the city's time zone; days and deadlines are counted in it",
        ZoneInfo("Asia/Shanghai"),
    )
    locale: Annotated[Literal["zh_CN", "en"], expected("one of zh_CN, en")] = variable(
        "HOTLINE_LOCALE", "language of pages for people who chose none: `zh_CN` or `en`", "zh_CN"
    )
    idle_hours: Annotated[int, Field(ge=1, le=168), expected("a number of hours from 1 to 168")] = variable(
        "HOTLINE_IDLE_HOURS", "hours without use after which a person must sign in again", 12
    )
    account_sid: Credential = variable("TWILIO_ACCOUNT_SID", "the carrier's account", shown="made once")
    auth_token: Credential = variable(
        "TWILIO_AUTH_TOKEN", "signs the carrier's webhooks", shown="made once", repr=False
    )
    api_key: Credential = variable(
        "TWILIO_API_KEY", "key for REST calls and for the desks' access tokens", shown="made once"
    )
    api_secret: Credential = variable(
        "TWILIO_API_SECRET", "secret of that key", shown="made once", repr=False
    )
    app_sid: Credential = variable(
        "TWILIO_APP_SID", "TwiML application of the desks' softphones", shown="made once"
    )
    api_url: WebAddress = variable(
        "TWILIO_API_URL",
        "any carrier that speaks the same API",
        TWILIO_API_URL,
        shown=f"`{TWILIO_API_URL}`; in the demo the exchange",
    )
    carrier_profile: Annotated[Literal["full", "narrow"], expected("full or narrow")] = variable(
        "CARRIER_PROFILE",
        "`narrow` for a self-hosted TwiML engine: no Enqueue, Pause, Conference or Client; its desks are SIP telephones",
        "full",
    )

    softphone_driver: Annotated[
        Literal["", "twilio", "sip", "exchange"], expected("twilio, sip or exchange")
    ] = variable(
        "SOFTPHONE_DRIVER",
        "the desks' telephones: `twilio` (Voice SDK in the browser), `sip` (telephones outside the browser) or `exchange`",
        "",
        shown="`twilio` at Twilio; in the demo `exchange`",
    )
    softphone_url: str = variable(
        "SOFTPHONE_URL",
        "`sip:host[:port]` where telephones are registered as `op_<user id>`, or `wss://host[:port]` of another signalling",
        "",
        shown="the driver's own",
    )
    softphone_edge: str = variable(
        "SOFTPHONE_EDGE",
        "Twilio's edges, nearest first, such as `singapore,tokyo`",
        "",
        shown="Twilio's choice",
    )
    softphone_script: str = variable(
        "SOFTPHONE_SCRIPT", "https address of another Voice SDK for the browser", "", shown="the one built in"
    )

    oidc_issuer: Annotated[str, AfterValidator(_issuer)] = variable(
        "OIDC_ISSUER",
        "issuer of the city's identity provider (OpenID Connect), exactly as its metadata names it",
        "",
        shown="none",
    )
    oidc_client_id: str = variable("OIDC_CLIENT_ID", "our name at the provider", "", shown="none")
    oidc_client_secret: str = variable(
        "OIDC_CLIENT_SECRET", "our secret at the provider", "", shown="none", repr=False
    )
    oidc_scope: str = variable("OIDC_SCOPE", "scopes asked for, `openid` among them", "openid profile")
    oidc_name_claim: str = variable(
        "OIDC_NAME_CLAIM", "claim that holds the log-in name", "preferred_username"
    )
    oidc_role_claim: str = variable(
        "OIDC_ROLE_CLAIM",
        "claim (text or list) that settles the role at each log-in; without it accounts keep their roles",
        "",
        shown="none",
    )
    oidc_unit_claim: str = variable(
        "OIDC_UNIT_CLAIM", "claim that holds the unit code of a handler", "", shown="none"
    )
    oidc_roles: Annotated[str, AfterValidator(_role_mapping)] = variable(
        "OIDC_ROLES",
        "values of that claim and our roles, the most important first: `it-admins=admin,agents=operator`",
        "",
        shown="none",
    )

    @model_validator(mode="after")
    def _check_provider(self) -> Self:
        if self.oidc_issuer:
            for name, value in (
                ("OIDC_CLIENT_ID", self.oidc_client_id),
                ("OIDC_CLIENT_SECRET", self.oidc_client_secret),
            ):
                if not value:
                    raise ValueError(f"{name} must be set with OIDC_ISSUER")
            if "openid" not in self.oidc_scope.split():
                raise ValueError("OIDC_SCOPE must contain openid")
        if bool(self.oidc_role_claim) != bool(self.oidc_roles):
            raise ValueError("OIDC_ROLES and OIDC_ROLE_CLAIM must be set together")
        return self

    @property
    def oidc_role_values(self) -> dict[str, Role]:
        """Returns the values of the role claim and the roles they stand for, in the order of the setting."""
        pairs = (pair.rpartition("=") for pair in self.oidc_roles.split(",") if pair)
        return {value.strip(): Role(role.strip()) for value, _, role in pairs}

    @model_validator(mode="after")
    def _check_softphone(self) -> Self:
        _ = self.telephones
        return self

    @model_validator(mode="after")
    def _check_ports(self) -> Self:
        if self.port == self.exchange_port:
            raise ValueError(f"EXCHANGE_PORT must not be the web's own port {self.port}")
        return self

    @model_validator(mode="after")
    def _check_bucket_account(self) -> Self:
        if self.sounds_bucket is not None:
            for name, value in (
                ("HOTLINE_S3_ACCESS_KEY", self.s3_access_key),
                ("HOTLINE_S3_SECRET_KEY", self.s3_secret_key),
            ):
                if not value:
                    raise ValueError(f"{name} must be set for HOTLINE_SOUNDS=s3://…")
        return self

    @model_validator(mode="after")
    def _check_twilio_identifiers(self) -> Self:
        """Twilio's own identifiers are a prefix and 32 hexadecimal digits; other carriers have other forms."""
        if (urlsplit(self.api_url).hostname or "").endswith("twilio.com"):
            for name, value, prefix in (
                ("TWILIO_ACCOUNT_SID", self.account_sid, "AC"),
                ("TWILIO_API_KEY", self.api_key, "SK"),
                ("TWILIO_APP_SID", self.app_sid, "AP"),
            ):
                if not re.fullmatch(prefix + "[0-9a-fA-F]{32}", value):
                    raise ValueError(f"{name} must be {prefix} followed by 32 hexadecimal digits")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `read_settings` passes the environment as arguments, so that tests need not change that of their process.
        return init_settings, DemoDefaults(settings_cls)

    @property
    def account(self) -> Account:
        return Account(
            sid=self.account_sid,
            auth_token=self.auth_token,
            api_key=self.api_key,
            api_secret=self.api_secret,
            app_sid=self.app_sid,
            api_url=self.api_url,
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """Returns the texts that no log line may contain, the passwords of the two URLs among them."""
        found = [
            self.secret_key,
            self.auth_token,
            self.api_secret,
            self.s3_secret_key,
            self.oidc_client_secret,
        ]
        for url in (self.database_url, self.redis_url):
            # A password may hold any sign of the URL's grammar as it is, so the last @ ends it.
            before, is_there, _ = url.partition("://")[2].rpartition("@")
            password = before.partition(":")[2] if is_there else ""
            found += [password, unquote(password)]
        return tuple(text for text in dict.fromkeys(found) if len(text) >= SHORTEST_HIDDEN)

    @property
    def sounds_bucket(self) -> tuple[str, str] | None:
        """Returns bucket and prefix (or "") of recorded sound; None for sound in a folder."""
        match = _BUCKET_URL.fullmatch(self.sounds_url)
        return (match["bucket"], match["prefix"] or "") if match else None

    @property
    def sounds_folder(self) -> Path:
        """Returns the folder of recorded sound, for sound in no bucket."""
        return Path(unquote(urlsplit(self.sounds_url).path))

    @property
    def narrow_carrier(self) -> bool:
        return self.carrier_profile == "narrow"

    @property
    def telephones(self) -> DeskTelephones:
        return desk_telephones(
            SoftphoneSettings(
                self.softphone_driver, self.softphone_url, self.softphone_edge, self.softphone_script
            ),
            api_url=self.api_url,
            exchange=self.exchange_url if self.local_exchange else "",
            narrow=self.narrow_carrier,
            production=self.mode is Mode.PRODUCTION,
        )

    @property
    def exchange_url(self) -> str:
        return f"http://127.0.0.1:{self.exchange_port}"

    @property
    def local_exchange(self) -> bool:
        """Says whether the carrier is the simulator of this repository."""
        return self.mode is Mode.DEMO and self.api_url == self.exchange_url

    @property
    def city_folder(self) -> Path:
        """Returns the folder of the city's texts."""
        return Path(self.city).expanduser().absolute() if self.city else self.home / "city"

    @property
    def embedded_redis(self) -> bool:
        """Says whether `make run` must start a Redis server."""
        return self.mode is Mode.DEMO and self.redis_url == redis_url_of(redis_socket(self.home))


class DemoDefaults(PydanticBaseSettingsSource):
    """Supplies what the environment of a demonstration does not set: addresses of this machine and made secrets.

    The secrets are made by the first process and kept in HOTLINE_HOME. In production this source is empty.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = field.alias or field_name
        return self().get(name), name, False

    def __call__(self) -> dict[str, Any]:
        given = self.current_state
        if given.get("HOTLINE_ENV", Mode.DEMO) != Mode.DEMO:
            return {}
        home = Path(given.get("HOTLINE_HOME", "var")).expanduser().absolute()
        return {
            "DATABASE_URL": f"sqlite:///{home / 'hotline.sqlite3'}",
            "REDIS_URL": redis_url_of(redis_socket(home)),
            "HOTLINE_SOUNDS": (home / "sounds").as_uri(),
            "PUBLIC_URL": f"http://127.0.0.1:{given.get('PORT', 8000)}",
            "HOTLINE_NUMBER": "+865374412345",
            "TWILIO_API_URL": f"http://127.0.0.1:{given.get('EXCHANGE_PORT', 8010)}",
            **{name: value for name, value in demo_secrets(home).items() if name in NAMES},
        }


NAMES = tuple(str(each.alias) for each in Settings.model_fields.values())


# Settings of these programs begin with one of these; every other variable of the environment belongs to another program.
PREFIXES = ("HOTLINE_", "TWILIO_", "SOFTPHONE_", "OIDC_")


def unknown_settings(environ: Mapping[str, str]) -> list[str]:
    """Returns one line for each variable that is written like a setting and is none, with the most similar setting."""
    found = []
    for name in sorted(environ):
        if name.upper().startswith(PREFIXES) and name not in NAMES:
            near = difflib.get_close_matches(name.upper(), NAMES, 1)
            found.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    return found


def redis_socket(home: Path) -> Path:
    """Returns the path of the embedded server's socket: in `home`, or in a short folder of its own.

    The kernel refuses long paths. The Redis client cannot read its own server's messages about a path with blanks.
    """
    socket = home / "redis.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH and not any(map(str.isspace, str(socket))):
        return socket
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"hotline-{os.getuid()}-{digest}" / "redis.sock"


def redis_url_of(socket: Path) -> str:
    return f"unix://{quote(str(socket))}?db=0"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Returns the settings. Blanks around a value are removed; an empty value counts as not set.

    Raises BadSettings with one line that names the variable; in production also for an unknown HOTLINE_… or TWILIO_… name.
    """
    values = {name: environ.get(name, "").strip() for name in NAMES}
    given: dict[str, Any] = {name: value for name, value in values.items() if value}
    try:
        settings = Settings(**given)
    except BadSecrets as error:
        raise BadSettings(one_line(f"HOTLINE_HOME: {error}")) from error
    except ValidationError as error:
        # Without its cause: pydantic's own message repeats the values, secrets among them.
        raise BadSettings(one_line(_first_problem(error))) from None
    if settings.mode is Mode.PRODUCTION and (unknown := unknown_settings(environ)):
        # A misspelt name would leave its setting at the default without a word.
        raise BadSettings(one_line(unknown[0]))
    return settings


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    name = "".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"{name} must be set when HOTLINE_ENV=production"
    if problem["type"] == "value_error":
        return f"{name} {problem['ctx']['error']}".strip()
    return f"{name} {problem['msg']}"


def settings_or_exit(environ: Mapping[str, str] | None = None) -> Settings:
    """Returns the settings of this process, or prints the error and exits with status 2."""
    try:
        return read_settings(os.environ if environ is None else environ)
    except BadSettings as error:
        print(f"hotline: {error}", file=sys.stderr)
        raise SystemExit(2) from None
