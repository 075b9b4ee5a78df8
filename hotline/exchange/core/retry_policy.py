"""How long and how often a webhook is tried: the carrier's defaults, and what a URL's fragment asks for instead.

Source: the page "Webhooks connection overrides". Only a failure to connect is retried unless the fragment says otherwise.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Patience:
    """How long and how often to try; seconds. Defaults and limits are the carrier's."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})


def patience_of(url: str) -> Patience:
    """The connection overrides of a URL's fragment (`#ct=1000&rc=2&rp=all`); anything else there is ignored."""
    given = dict(parse_qsl(url.partition("#")[2]))

    def seconds(name: str, default: float, most: float) -> float:
        value = given.get(name, "")
        return min(most, max(0.1, int(value) / 1000)) if value.isdigit() else default

    retries = given.get("rc", "")
    retry_on = frozenset(given.get("rp", "ct").split(","))
    return Patience(
        connect=seconds("ct", 5.0, 10.0),
        read=seconds("rt", 15.0, 15.0),
        total=seconds("tt", 15.0, 15.0),
        retries=min(5, int(retries)) if retries.isdigit() else 1,
        retry_on=frozenset({"4xx", "5xx", "ct", "rt"}) if "all" in retry_on else retry_on,
    )


def wants_retry(status: int, patience: Patience) -> bool:
    """Whether an answer with this HTTP status is one to try again after."""
    return (400 <= status < 500 and "4xx" in patience.retry_on) or (
        status >= 500 and "5xx" in patience.retry_on
    )
