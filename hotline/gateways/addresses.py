"""Every webhook address of the telephone side, in one place: the carrier is told these, and the caller's door serves them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VoiceAddresses:
    """Absolute URLs under `public_url` (scheme://host[:port], no trailing slash). Only opaque ASCII ids ride in them."""

    public_url: str

    def incoming(self) -> str:
        return f"{self.public_url}/voice/incoming"

    def fallback(self) -> str:
        return f"{self.public_url}/voice/fallback"

    def status(self) -> str:
        return f"{self.public_url}/voice/status"

    def heard(self) -> str:
        return f"{self.public_url}/voice/heard"

    def again(self) -> str:
        return f"{self.public_url}/voice/again"

    def recorded(self) -> str:
        return f"{self.public_url}/voice/recorded"

    def parted(self) -> str:
        return f"{self.public_url}/voice/parted"

    def recording(self, kind: str, call_id: int) -> str:
        return f"{self.public_url}/voice/recording/{kind}/{call_id}"

    def sounds(self) -> str:
        return f"{self.public_url}/voice/sounds"

    def wait(self) -> str:
        return f"{self.public_url}/voice/wait"

    def wait_heard(self) -> str:
        return f"{self.public_url}/voice/wait/heard"

    def wait_over(self) -> str:
        return f"{self.public_url}/voice/wait/over"

    def queue_left(self) -> str:
        return f"{self.public_url}/voice/queue-left"

    def desk(self, offer_id: int) -> str:
        return f"{self.public_url}/voice/desk/{offer_id}"

    def desk_status(self, offer_id: int) -> str:
        return f"{self.public_url}/voice/desk/{offer_id}/status"

    def desk_left(self, offer_id: int) -> str:
        return f"{self.public_url}/voice/desk/{offer_id}/left"

    def ring(self, offer_id: int) -> str:
        return f"{self.public_url}/voice/ring/{offer_id}"

    def ring_over(self, offer_id: int) -> str:
        return f"{self.public_url}/voice/ring/{offer_id}/over"

    def desk_whisper(self, offer_id: int) -> str:
        return f"{self.public_url}/voice/desk/{offer_id}/whisper"

    def talk(self, call_id: int) -> str:
        return f"{self.public_url}/voice/talk/{call_id}"

    def talk_ended(self, call_id: int) -> str:
        return f"{self.public_url}/voice/talk/{call_id}/ended"

    def left_alone(self, call_id: int) -> str:
        return f"{self.public_url}/voice/talk/{call_id}/alone"

    def conference(self, call_id: int) -> str:
        return f"{self.public_url}/voice/conference/{call_id}"

    def dial(self, ref: str) -> str:
        return f"{self.public_url}/voice/dial/{ref}"

    def dial_status(self, ref: str) -> str:
        return f"{self.public_url}/voice/dial/{ref}/status"


def conference_name(call_id: int) -> str:
    """Return the account-wide name of a call's conference; it says nothing about anybody."""
    return f"call-{call_id}"


def device(operator_id: int) -> str:
    """Return the address of an operator's browser telephone."""
    return f"client:op_{operator_id}"
