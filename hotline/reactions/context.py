"""What every reaction is handed, and how it says "not yet"."""

from dataclasses import dataclass

from hotline.gateways.addresses import VoiceAddresses
from hotline.gateways.carrier import Carrier
from hotline.gateways.lookups import Lookups
from hotline.gateways.notifications.channel import NotificationChannel
from hotline.unit_of_work import Application


@dataclass(frozen=True, slots=True)
class ReactionContext:
    """What reactions may use: the application, and whom we talk to."""

    application: Application
    carrier: Carrier
    channels: tuple[NotificationChannel, ...]
    lookups: Lookups
    addresses: VoiceAddresses
    narrow_carrier: bool = False
    """The carrier has no queues and conferences: desks are rung from the caller's own document."""


class RetryLater(Exception):
    """The world is not ready for this reaction; try again soon."""
