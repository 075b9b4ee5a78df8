"""Every environment variable there is: its meaning, its default, and whether production must name it.

`settings` reads them, the README shows this table, and a test holds the three together.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOCALES = ("zh_CN", "en")
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
# The part after :// in the grammar of sqlalchemy.make_url, with a port of digits. SQLAlchemy itself is not imported here:
# that takes more CPU than a command such as `hotline dial` does. A test compares the two.
_DATABASE_URL = re.compile(
    r"(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(?::\d{1,5})?(?:/(?P<database>[^?]*))?(?:\?.*)?"
)
_PLAIN = re.compile(r"[A-Za-z0-9_.=-]{2,128}")


class BadSettings(Exception):
    """A value from outside cannot be used. The message is one line that begins with the variable's name."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `required` means: with HOTLINE_ENV=production the boot stops without it."""

    name: str
    default: str
    meaning: str
    required: bool = False


VARIABLES: tuple[Variable, ...] = (
    Variable(
        "HOTLINE_ENV", "`demo`", "`demo` or `production`; production has no default secrets or addresses"
    ),
    Variable("HOTLINE_HOME", "`var`", "folder of the data: embedded database, embedded Redis, demo secrets"),
    Variable("PORT", "`8000`", "port of the web process on this machine"),
    Variable("HOTLINE_BIND", "`127.0.0.1`", "address the web and events processes listen on"),
    Variable(
        "HOTLINE_PROXIES", "`0`", "how many proxies of your own stand in front and set `X-Forwarded-For`"
    ),
    Variable("WEB_CONCURRENCY", "`2`", "processes of the web group; each has 16 threads (64 in the demo)"),
    Variable("EXCHANGE_PORT", "`8010`", "port of the exchange in the box (demo only)"),
    Variable(
        "EXCHANGE_PACE",
        "`1`",
        "real seconds per second of the exchange: `0.1` talks and rings ten times as fast",
    ),
    Variable(
        "DATABASE_URL", "SQLite in `HOTLINE_HOME`", "SQLAlchemy URL: `postgresql://…` or `sqlite:///…`", True
    ),
    Variable("REDIS_URL", "the embedded server", "`redis://…`, `rediss://…` or `unix://…`", True),
    Variable(
        "SECRET_KEY",
        "made once, kept in `HOTLINE_HOME`",
        "signs cookies and forms; 32 characters or more",
        True,
    ),
    Variable(
        "PUBLIC_URL",
        "`http://127.0.0.1:PORT`",
        "scheme://host[:port] that carrier and browsers see; signatures are checked against it",
        True,
    ),
    Variable("HOTLINE_NUMBER", "`+865374412345`", "the line's own number, E.164", True),
    Variable(
        "HOTLINE_TIMEZONE", "`Asia/Shanghai`", "the city's time zone; days and deadlines are counted in it"
    ),
    Variable("HOTLINE_LOCALE", "`zh_CN`", "language of pages for people who chose none: `zh_CN` or `en`"),
    Variable("TWILIO_ACCOUNT_SID", "made once", "the carrier's account", True),
    Variable("TWILIO_AUTH_TOKEN", "made once", "signs the carrier's webhooks", True),
    Variable("TWILIO_API_KEY", "made once", "key for REST calls and for the desks' access tokens", True),
    Variable("TWILIO_API_SECRET", "made once", "secret of that key", True),
    Variable("TWILIO_APP_SID", "made once", "TwiML application of the desks' softphones", True),
    Variable(
        "TWILIO_API_URL",
        "`https://api.twilio.com`; in the demo the exchange",
        "any carrier that speaks the same API",
    ),
    Variable(
        "CARRIER_PROFILE",
        "`full`",
        "`narrow` for a carrier without Enqueue, Leave and Conference, such as self-hosted TwiML engines",
    ),
)


def port(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise BadSettings(f'{name} must be a port number from 1 to 65535, not "{text}"')
    return int(text)


def whole(name: str, text: str, low: int, high: int) -> int:
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise BadSettings(f'{name} must be a whole number from {low} to {high}, not "{text}"')
    return int(text)


def fraction(name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise BadSettings(f'{name} must be a number from {low:g} to {high:g}, not "{text}"')
    return value


def ip_address(name: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise BadSettings(
            f'{name} must be an IP address such as 127.0.0.1 or 0.0.0.0, not "{text}"'
        ) from None


def number(name: str, text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise BadSettings(f'{name} must be a number in E.164 such as +865374412345, not "{text}"')
    return text


def zone(name: str, text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSettings(f'{name} must be a time zone such as Asia/Shanghai, not "{text}"') from None


def locale(name: str, text: str) -> str:
    if text not in LOCALES:
        raise BadSettings(f'{name} must be one of {", ".join(LOCALES)}, not "{text}"')
    return text


def web_address(name: str, text: str) -> str:
    """Return scheme://host[:port] without a trailing slash."""
    try:
        parts = urlsplit(text)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if (
        not right
        or parts.path not in {"", "/"}
        or parts.query
        or parts.fragment
        or parts.username is not None
    ):
        raise BadSettings(f'{name} must be http(s)://host[:port] and nothing more, not "{text}"')
    return text.rstrip("/")


def secret(name: str, text: str) -> str:
    """Return a secret of 32 characters or more. The complaint never repeats it."""
    if len(text) < 32 or text != text.strip():
        raise BadSettings(f"{name} must have 32 characters or more and no blanks around it")
    return text


def carrier_word(name: str, text: str, prefix: str, *, strict: bool) -> str:
    """Return an identifier of the carrier. `strict`: it must have Twilio's own form, `prefix` + 32 hex digits."""
    if strict and not re.fullmatch(prefix + "[0-9a-fA-F]{32}", text):
        raise BadSettings(f"{name} must be {prefix} followed by 32 hexadecimal digits")
    return carrier_secret(name, text)


def carrier_secret(name: str, text: str) -> str:
    """Return a secret of the carrier's. The complaint never repeats it."""
    if not _PLAIN.fullmatch(text):
        raise BadSettings(f"{name} must be 2 to 128 letters, digits or one of _ . = -")
    return text


def database_url(name: str, text: str) -> str:
    """Returns a SQLAlchemy URL; `postgres://` and `postgresql://` mean PostgreSQL through psycopg 3."""
    scheme, separator, rest = text.partition("://")
    known = scheme.partition("+")[0] in {"postgres", "postgresql", "sqlite"}
    if not separator or not known or ("+" in scheme and scheme != "postgresql+psycopg"):
        raise BadSettings(f"{name} must begin with postgresql:// or sqlite:///")
    match = _DATABASE_URL.fullmatch(rest)
    if match is None:
        raise BadSettings(f"{name} is not a database URL")
    if unquote(match["database"] or "") in {"", ":memory:"}:
        raise BadSettings(
            f"{name} must name a database (a file, for SQLite: memory is not shared by processes)"
        )
    return text if scheme == "sqlite" else f"postgresql+psycopg://{rest}"


def redis_url(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        right = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    else:
        right = right or (parts.scheme == "unix" and len(parts.path) > 1)
    if not right:
        raise BadSettings(f"{name} must be redis://host[:port][/db], rediss://… or unix:///path?db=0")
    return text


def one_of(name: str, text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise BadSettings(f'{name} must be {" or ".join(words)}, not "{text}"')
    return text
