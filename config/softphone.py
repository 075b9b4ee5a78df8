"""The telephones of the desks: how the carrier reaches an operator, and what the operator's browser connects to.

Three drivers: `twilio` (the carrier's Voice SDK in the browser), `exchange` (the carrier simulator) and `sip` (telephones
outside the browser, registered at a SIP host under `op_<user id>`). `none`: an installation at another carrier than
Twilio that has chosen none; it boots, says so and rings no desk.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Driver = Literal["exchange", "twilio", "sip", "none"]
# Printed at the boot of an installation whose desks cannot ring.
NO_TELEPHONES = (
    "SOFTPHONE_DRIVER is not set and TWILIO_API_URL is not Twilio's: no desk can ring. Set it to sip (telephones outside"
    " the browser), twilio (the carrier speaks the signalling of Twilio's Voice SDK) or exchange"
)
_SIP_HOST = re.compile(r"sip:([A-Za-z0-9.-]+(?::\d{1,5})?)")
_EDGES = re.compile(r"[a-z0-9-]+(,[a-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class DeskTelephones:
    """`origin`: scheme://host[:port] of the browser's signalling, empty for the SDK's own or none.

    `sip_host`: desks are rung at `sip:op_<id>@<sip_host>`; empty: they are the carrier's softphones. `reports_answer`:
    the desk says that its telephone has answered, because the carrier does not.
    """

    driver: Driver
    origin: str
    sip_host: str
    edges: tuple[str, ...]
    script: str
    reports_answer: bool


@dataclass(frozen=True, slots=True)
class SoftphoneSettings:
    """The variables SOFTPHONE_DRIVER, SOFTPHONE_URL, SOFTPHONE_EDGE and SOFTPHONE_SCRIPT; empty: not set."""

    driver: str
    url: str
    edge: str
    script: str


def desk_telephones(
    wanted: SoftphoneSettings, *, api_url: str, exchange: str, narrow: bool, production: bool
) -> DeskTelephones:
    """Returns the telephones of the desks. `exchange`: address of the local simulator if that is the carrier, else empty.

    Raises ValueError whose text begins with the variable that is missing or wrong.
    """
    driver = _driver(wanted, api_url=api_url, exchange=exchange, production=production)
    if narrow and driver != "sip" and not exchange:
        raise ValueError(
            "SOFTPHONE_DRIVER must be sip with CARRIER_PROFILE=narrow: such a carrier rings no browser"
        )
    if wanted.edge and (driver != "twilio" or not _EDGES.fullmatch(wanted.edge)):
        raise ValueError(
            "SOFTPHONE_EDGE must be names of edges such as singapore,tokyo, for the driver twilio"
        )
    if wanted.script and (driver != "twilio" or not _origin(wanted.script, "https")):
        raise ValueError("SOFTPHONE_SCRIPT must be the https address of a Voice SDK, for the driver twilio")
    sip_host = urlsplit(exchange).netloc if narrow else ""
    return DeskTelephones(
        driver=driver,
        origin=_signalling(driver, wanted.url, exchange),
        sip_host=_sip_host(wanted.url) if driver == "sip" else sip_host,
        edges=tuple(wanted.edge.split(",")) if wanted.edge else (),
        script=wanted.script,
        reports_answer=narrow,
    )


def _driver(wanted: SoftphoneSettings, *, api_url: str, exchange: str, production: bool) -> Driver:
    match wanted.driver:
        case "exchange" | "twilio" | "sip" as driver:
            return driver
        case _ if exchange:
            return "exchange"
        case _ if not production or (urlsplit(api_url).hostname or "").endswith("twilio.com"):
            return "twilio"
        case _:
            return "none"


def _signalling(driver: Driver, url: str, exchange: str) -> str:
    if driver in {"sip", "none"}:
        return ""
    if driver == "exchange" and not url:
        if not exchange:
            raise ValueError(
                "SOFTPHONE_URL must be ws(s)://host[:port] of the exchange, for the driver exchange"
            )
        return exchange.replace("http", "ws", 1)
    origin = _origin(url, "wss", "ws") if url else ""
    if url and not origin:
        raise ValueError(f"SOFTPHONE_URL must be wss://host[:port] for the driver {driver}")
    return origin


def _sip_host(url: str) -> str:
    found = _SIP_HOST.fullmatch(url)
    if found is None:
        raise ValueError("SOFTPHONE_URL must be sip:host[:port] where the desks' telephones are registered")
    return found[1]


def _origin(url: str, *schemes: str) -> str:
    """Returns scheme://host[:port] of an address, empty if it has another scheme or no host."""
    try:
        parts = urlsplit(url)
        valid = (
            parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        )
    except ValueError:
        return ""
    # A policy header ends a source at these signs.
    return f"{parts.scheme}://{parts.netloc}" if valid and not re.search(r"[\s;,'\"]", parts.netloc) else ""
