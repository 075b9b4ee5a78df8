"""The webhook routes of the telephone side, the URLs that the carrier is given for them, and links of notifications."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote


class VoiceRoute(StrEnum):
    """The table of webhook routes: each member is the path of one webhook, in the notation of the router.

    `VoiceAddresses.url` builds URLs from it and `ivr_flows.webhooks.blueprint` serves it, so that a new webhook is one
    member here and one row with its handler there. A path has at most one identifier, which is opaque ASCII.
    """

    INCOMING = "/voice/incoming"
    FALLBACK = "/voice/fallback"
    STATUS = "/voice/status"
    HEARD = "/voice/heard"
    AGAIN = "/voice/again"
    RECORDED = "/voice/recorded"
    TRANSFER_ENDED = "/voice/transfer-ended"
    MESSAGE_RECORDED = "/voice/recording/message/<int:call_id>"
    TALK_RECORDED = "/voice/recording/talk/<int:call_id>"
    WAIT = "/voice/wait"
    WAIT_HEARD = "/voice/wait/heard"
    WAIT_OVER = "/voice/wait/over"
    QUEUE_LEFT = "/voice/queue-left"
    DESK = "/voice/desk/<int:offer_id>"
    DESK_STATUS = "/voice/desk/<int:offer_id>/status"
    DESK_LEFT = "/voice/desk/<int:offer_id>/left"
    RING = "/voice/ring/<int:offer_id>"
    RING_OVER = "/voice/ring/<int:offer_id>/over"
    TALK = "/voice/talk/<int:call_id>"
    TALK_ENDED = "/voice/talk/<int:call_id>/ended"
    LEFT_ALONE = "/voice/talk/<int:call_id>/alone"
    CONFERENCE = "/voice/conference/<int:call_id>"
    DIAL = "/voice/dial/<ref>"
    DIAL_STATUS = "/voice/dial/<ref>/status"


# Calls that were under way during an upgrade still post to a former path.
FORMER_PATHS = {"/voice/parted": VoiceRoute.TRANSFER_ENDED}
SOUNDS_PATH = "/voice/sounds"

_AROUND_IDENTIFIER = {route: (route.partition("<")[0], route.partition(">")[2]) for route in VoiceRoute}


@dataclass(frozen=True, slots=True)
class VoiceAddresses:
    """Builds absolute webhook URLs under `public_url` (scheme://host[:port], no trailing slash), and desks' addresses.

    `sip_host` (host[:port]): desks are telephones registered there; empty: they are softphones of the carrier.
    """

    public_url: str
    sip_host: str = ""

    def url(self, route: VoiceRoute, identifier: int | str = "") -> str:
        """Returns the URL of `route` for one offer, call or dial. Raises ValueError if an identifier is missing or unused."""
        before, after = _AROUND_IDENTIFIER[route]
        # Ids start at 1 and a dial's reference is never empty: only a route without an identifier is given none.
        if bool(identifier) != ("<" in route):
            raise ValueError(f"{route} and the identifier {identifier!r} do not fit")
        return f"{self.public_url}{before}{identifier}{after}"

    def desk(self, operator_id: int) -> str:
        """Returns the address at which the carrier rings an operator."""
        softphone = device(operator_id)
        return f"sip:{softphone.removeprefix('client:')}@{self.sip_host}" if self.sip_host else softphone

    def inbox_ticket(self, number: str) -> str:
        """Returns the link to a ticket in the inbox of its unit. It opens after signing in only."""
        return f"{self.public_url}/console/unit?ticket={quote(number)}"

    def sounds(self) -> str:
        """Returns the URL below which the city's own recordings are served."""
        return f"{self.public_url}{SOUNDS_PATH}"


def conference_name(call_id: int) -> str:
    """Returns the account-wide name of a call's conference. It contains no personal data."""
    return f"call-{call_id}"


def device(operator_id: int) -> str:
    """Returns the carrier's address of an operator's softphone."""
    return f"client:op_{operator_id}"
