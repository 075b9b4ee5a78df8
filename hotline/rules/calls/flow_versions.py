"""Versions of flows and their publications."""

from dataclasses import dataclass
from datetime import datetime

from hotline.rules.enums import CallPurpose


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a flow with its source."""

    flow: str
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class PublicationView:
    """A publication of a flow version. `author` None: published from the command line."""

    id: int
    purpose: CallPurpose
    flow: str
    version: str
    note: str
    published_at: datetime
    author: str | None
