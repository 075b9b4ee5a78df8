"""The verbs of a TwiML document as a closed union of frozen dataclasses.

`schema` defines which elements are allowed, `validation` checks a document against it, and `reader` converts a valid
document to these values.
"""

from dataclasses import dataclass

from hotline.exchange.vocabulary.enums import CallEvent
from hotline.exchange.vocabulary.status_callback import Method, StatusCallback


@dataclass(frozen=True)
class Say:
    text: str
    language: str
    loop: int


@dataclass(frozen=True)
class Play:
    url: str
    loop: int
    digits: str


@dataclass(frozen=True)
class Pause:
    length: int


Prompt = Say | Play | Pause


@dataclass(frozen=True)
class Gather:
    """Keys or speech. `finish_on_key` empty = none; `num_digits` None = unlimited.

    `timeout` (until the first input) and `speech_timeout` (the silence that ends speech) are exchange seconds.
    `partial_url` receives the words recognised so far while the caller still speaks.
    """

    keys: bool
    speech: bool
    action: str | None
    method: Method
    timeout: float
    speech_timeout: float
    partial_url: str | None
    partial_method: Method
    finish_on_key: str
    num_digits: int | None
    on_empty: bool
    language: str
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True)
class Record:
    action: str | None
    method: Method
    timeout: float
    finish_on_key: str
    max_length: int
    beep: bool
    callback: StatusCallback | None
    transcribe: bool
    transcribed_url: str | None


@dataclass(frozen=True)
class StartRecording:
    """A recording that runs beside all following verbs, until the call ends or a Stop."""

    callback: StatusCallback | None
    channels: int
    track: str


@dataclass(frozen=True)
class StopRecording:
    pass


@dataclass(frozen=True)
class Enqueue:
    """`wait_url` None = the carrier's own music, empty = silence."""

    name: str
    action: str | None
    method: Method
    wait_url: str | None
    wait_method: Method


@dataclass(frozen=True)
class Leave:
    pass


@dataclass(frozen=True)
class Leg:
    """A Number, Client or Sip noun: `address` is E.164-like, `client:identity` or `sip:name@host`."""

    address: str
    parameters: tuple[tuple[str, str], ...]
    url: str | None
    method: Method
    status_url: str | None
    status_method: Method
    status_events: frozenset[CallEvent]


@dataclass(frozen=True)
class ConferenceNoun:
    """A Conference noun."""

    name: str
    start: bool
    end: bool
    muted: bool
    beep_in: bool
    beep_out: bool
    wait_url: str | None
    wait_method: Method
    limit: int
    record: bool
    coach: str | None
    label: str | None
    status_url: str | None
    status_method: Method
    status_events: frozenset[str]
    recording: StatusCallback | None


@dataclass(frozen=True)
class QueueNoun:
    """A Queue noun: connects to the call at the front of the queue."""

    name: str
    url: str | None
    method: Method


@dataclass(frozen=True)
class Dial:
    target: tuple[Leg, ...] | ConferenceNoun | QueueNoun
    action: str | None
    method: Method
    timeout: float
    time_limit: float
    caller_id: str | None
    answer_on_bridge: bool
    hangup_on_star: bool
    sequential: bool
    ring_tone: str | None
    record: bool
    recording: StatusCallback | None


@dataclass(frozen=True)
class Redirect:
    url: str
    method: Method


@dataclass(frozen=True)
class Reject:
    busy: bool


@dataclass(frozen=True)
class Hangup:
    pass


BackgroundRecording = StartRecording | StopRecording
Verb = (
    Say
    | Play
    | Pause
    | Gather
    | Record
    | BackgroundRecording
    | Enqueue
    | Leave
    | Dial
    | Redirect
    | Reject
    | Hangup
)
