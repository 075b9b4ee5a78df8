"""Every table of the system, imported in one place so that migrations and tests see the whole."""

from hotline.store import (
    calendar,
    callbacks,
    calls,
    flows,
    lookups,
    notices,
    outbox,
    people,
    recordings,
    tickets,
)
from hotline.store.base import Base

__all__ = [
    "Base",
    "calendar",
    "callbacks",
    "calls",
    "flows",
    "lookups",
    "notices",
    "outbox",
    "people",
    "recordings",
    "tickets",
]
