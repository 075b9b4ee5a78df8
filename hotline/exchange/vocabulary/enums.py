"""The carrier's statuses, reasons and sources as enums.

Source: the official API description (enums of call, conference, participant, recording) and the TwiML pages.
"""

from enum import Enum, StrEnum, auto


class CallStatus(StrEnum):
    QUEUED = "queued"
    # Exists in callbacks only; the REST resource still says `queued` then.
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @property
    def is_terminal(self) -> bool:
        return self in _TERMINAL


_TERMINAL = frozenset(
    {
        CallStatus.COMPLETED,
        CallStatus.BUSY,
        CallStatus.FAILED,
        CallStatus.NO_ANSWER,
        CallStatus.CANCELED,
    }
)


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"
    OUTBOUND_DIAL = "outbound-dial"


class CallEvent(StrEnum):
    """The events that a status callback can subscribe to."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    # Stands for any terminal status.
    COMPLETED = "completed"


class RingOutcome(Enum):
    """The outcome of ringing a telephone that is picked up or rejected."""

    ANSWERED = auto()
    REJECTED = auto()


class Initiator(Enum):
    """The side that ended a call: the person on it, or the application over REST."""

    PARTY = auto()
    API = auto()


class QueueResult(StrEnum):
    """The carrier's `QueueResult`: the reason why a call left its queue."""

    BRIDGED = "bridged"
    BRIDGING = "bridging-in-process"
    LEAVE = "leave"
    REDIRECTED = "redirected"
    REDIRECTED_FROM_BRIDGED = "redirected-from-bridged"
    HANGUP = "hangup"
    QUEUE_FULL = "queue-full"
    ERROR = "error"
    # Used here only for a caller who hung up before the waiting began.
    SYSTEM_ERROR = "system-error"


class ConferenceStatus(StrEnum):
    INIT = "init"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"


class ConferenceEndReason(StrEnum):
    VIA_API = "conference-ended-via-api"
    MODERATOR_LEFT = "participant-with-end-conference-on-exit-left"
    MODERATOR_KICKED = "participant-with-end-conference-on-exit-kicked"
    LAST_KICKED = "last-participant-kicked"
    LAST_LEFT = "last-participant-left"


class ParticipantStatus(StrEnum):
    QUEUED = "queued"
    CONNECTING = "connecting"
    RINGING = "ringing"
    CONNECTED = "connected"
    COMPLETE = "complete"
    FAILED = "failed"


class LeaveReason(StrEnum):
    """The carrier's `ReasonParticipantLeft`."""

    HUNG_UP = "participant_hung_up"
    VIA_API = "participant_updated_via_api"
    ADD_FAILED = "participant_add_failed"
    MODERATOR_ENDED = "moderator_ended_conference"
    ENDED_VIA_API = "conference_ended_via_api"


class RecordingStatus(StrEnum):
    IN_PROGRESS = "in-progress"
    PAUSED = "paused"
    STOPPED = "stopped"
    COMPLETED = "completed"
    ABSENT = "absent"
    DELETED = "deleted"


class RecordingSource(StrEnum):
    RECORD_VERB = "RecordVerb"
    DIAL_VERB = "DialVerb"
    CONFERENCE = "Conference"
    OUTBOUND_API = "OutboundAPI"
    CALL_API = "StartCallRecordingAPI"
    START_VERB = "StartCallRecordingTwiML"


class DocumentContext(StrEnum):
    """The kind of a TwiML document; each kind allows its own verbs (`twiml.schema.ALLOWED_VERBS`)."""

    CALL = "call"
    LEG = "leg"
    WAIT = "wait"
    QUEUE_WHISPER = "queue-whisper"
    CONFERENCE = "conference"


class Continuation(Enum):
    """The end of a verb or a document: NEXT goes on (or there was no more to run), LEAVE leaves the queue."""

    NEXT = auto()
    HANG_UP = auto()
    LEAVE = auto()
