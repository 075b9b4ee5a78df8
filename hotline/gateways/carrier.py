"""What we ask of a carrier, in our words. Any that speaks Twilio's API will do; a fake passes the same contract tests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CallRequest:
    """Place a call to `to` (E.164 or `client:…`) and run the document at `answer_url` when it is answered.

    `status_url` hears the call's end; `ring_seconds` is how long it may ring. `fallback_url` is asked when a document
    of the call could not be fetched or run; without it the carrier says so in words of its own and hangs up.
    """

    to: str
    answer_url: str
    status_url: str
    fallback_url: str
    ring_seconds: int


@dataclass(frozen=True, slots=True)
class RecordingMedia:
    """The sound of a recording, as the carrier gave it."""

    media_type: str
    data: bytes


class CarrierError(Exception):
    """Something between us and the carrier."""


class CarrierRefused(CarrierError):
    """The carrier said no for good (`code` is its error code): asking again would get the same answer."""

    def __init__(self, code: int | None, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class CarrierGone(CarrierError):
    """The call, or its place in the queue, no longer exists."""


class CarrierOutcomeUnknown(CarrierError):
    """The answer was lost (time-out, 5xx): it may have happened. Look before asking again."""


class CarrierUnavailable(CarrierError):
    """Not now, and certainly nothing happened (429, connection refused): safe to ask again."""


class Carrier(Protocol):
    """Every method may raise Refused, Doubtful or Unavailable; those that need a live call also Gone."""

    def place(self, request: CallRequest) -> str:
        """Place a call; return the carrier's name for it."""
        ...

    def find_placed(self, to: str, since: datetime) -> str | None:
        """Return the latest call we placed to `to` at or after `since`, if the carrier knows one."""
        ...

    def take_from_queue(self, queue: str, sid: str, url: str) -> None:
        """Take a waiting caller out of `queue` and run the document at `url`."""
        ...

    def redirect(self, sid: str, url: str) -> None:
        """Let a live call leave whatever it is in and run the document at `url`."""
        ...

    def status_of(self, sid: str) -> str | None:
        """Return the carrier's word for a call now (`in-progress`, `completed`, …); None if it knows no such call."""
        ...

    def hang_up(self, sid: str) -> None:
        """End a call or a ring. A call already over is no error."""
        ...

    def fetch_recording(self, sid: str) -> RecordingMedia:
        """Return the sound of a finished recording. Gone: not there, or not there yet."""
        ...
