"""The interface of notification channels: ways to tell a unit that a ticket lies in its inbox.

To add a channel, write one class in a module of this folder, and list it in `config.wiring`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class UnitAddress:
    """The addresses of a unit. `webhook_secret` is empty while none is set."""

    code: str
    webhook_url: str | None
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnitNotification:
    """The ticket that was delivered to a unit. It says nothing about the caller.

    `key` is the same for every repetition of one notification. `link` is the address of the ticket in the unit's inbox.
    """

    key: str
    unit: UnitAddress
    ticket_number: str
    title: str
    link: str
    due_at: datetime | None


class NotificationFailed(Exception):
    """The unit's system did not confirm; the notification is sent again later."""


class NotificationChannel(Protocol):
    def reaches(self, unit: UnitAddress) -> bool:
        """Says whether the channel has an address of the unit."""
        ...

    def send(self, notification: UnitNotification) -> None:
        """Delivers `notification`. Raises NotificationFailed.

        A worker may be killed after sending, so the same notification may come again with the same key.
        """
        ...
