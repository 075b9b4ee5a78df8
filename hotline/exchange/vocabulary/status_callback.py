"""Status callbacks as calls, conferences and recordings name them: a URL, a method and the events to report."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["GET", "POST"]


@dataclass(frozen=True)
class StatusCallback:
    """`events` are the carrier's names of the events that are sent to `url`; every other event is not sent."""

    url: str
    method: Method
    events: frozenset[str]
