"""The context that every reaction receives, and the exception that asks for a retry."""

from dataclasses import dataclass

from hotline.gateways.addresses import VoiceAddresses
from hotline.gateways.carrier import Carrier
from hotline.gateways.lookups import Lookups
from hotline.gateways.notifications.channel import NotificationChannel
from hotline.unit_of_work import Application


@dataclass(frozen=True, slots=True)
class ReactionContext:
    """The application and the gateways that reactions may use."""

    application: Application
    carrier: Carrier
    channels: tuple[NotificationChannel, ...]
    lookups: Lookups
    addresses: VoiceAddresses
    # The carrier has no queues and conferences: desks are rung from the caller's own document.
    narrow_carrier: bool = False


class RetryLater(Exception):
    """Raised when a precondition outside is not met yet; the delivery is tried again soon, without a warning."""
