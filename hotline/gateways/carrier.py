"""The interface of a carrier. Any carrier with Twilio's API fits; a fake passes the same contract tests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call to `to` (E.164 or `client:…`) that runs the document at `answer_url` when it is answered.

    `status_url` receives the call's end; `ring_seconds` limits the ring. `fallback_url` is requested when a
    document of the call could not be fetched or run; without it the carrier plays a message of its own and
    hangs up.
    """

    to: str
    answer_url: str
    status_url: str
    fallback_url: str
    ring_seconds: int


@dataclass(frozen=True, slots=True)
class RecordingMedia:
    """The sound of a recording, as the carrier returned it."""

    media_type: str
    data: bytes


class CarrierError(Exception):
    """Base class of failures of the carrier."""


class CarrierRefused(CarrierError):
    """Raised when the carrier refuses for good (`code` is its error code); a repeat would get the same answer."""

    def __init__(self, code: int | None, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class CarrierGone(CarrierError):
    """Raised when the call, or its place in the queue, no longer exists."""


class CarrierOutcomeUnknown(CarrierError):
    """Raised when the response was lost (time-out, 5xx): the request may have had effect. Search before repeating it."""


class CarrierUnavailable(CarrierError):
    """Raised when the request certainly had no effect (429, connection refused); it is safe to repeat."""


class Carrier(Protocol):
    """A carrier. Every method may raise Refused, OutcomeUnknown or Unavailable; those on a live call also Gone."""

    def place(self, request: CallRequest) -> str:
        """Places a call; returns the carrier's sid."""
        ...

    def find_placed(self, to: str, since: datetime) -> str | None:
        """Returns the latest call we placed to `to` at or after `since`, if the carrier knows one."""
        ...

    def take_from_queue(self, queue: str, sid: str, url: str) -> None:
        """Takes a waiting caller out of `queue` and runs the document at `url`."""
        ...

    def redirect(self, sid: str, url: str) -> None:
        """Redirects a live call to the document at `url`."""
        ...

    def status_of(self, sid: str) -> str | None:
        """Returns the carrier's status of a call (`in-progress`, `completed`, …); None for an unknown call."""
        ...

    def hang_up(self, sid: str) -> None:
        """Ends a call or a ring. A call already over is no error."""
        ...

    def fetch_recording(self, sid: str) -> RecordingMedia:
        """Returns the sound of a finished recording. CarrierGone: absent, or not available yet."""
        ...
