"""The words of the trade, once: every state, kind and reason that is stored, sent or shown.

Values are what the database, the API and the CSV files hold (fixed in the public contract); labels
for people live in the translation catalogues, keyed by these values.
"""

from enum import StrEnum


class RequestType(StrEnum):
    """What kind of request it is (请求类型)."""

    CONSULTATION = "consultation"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    OTHER = "other"


class RequestClass(StrEnum):
    """The line's three published counts; `OTHER` counts in the total only, on its own line."""

    COMPLAINT = "complaint"
    CONSULTATION = "consultation"
    SUGGESTION = "suggestion"
    OTHER = "other"


CLASS_OF: dict[RequestType, RequestClass] = {
    RequestType.COMPLAINT: RequestClass.COMPLAINT,
    RequestType.HELP: RequestClass.COMPLAINT,
    RequestType.REPORT: RequestClass.COMPLAINT,
    RequestType.CONSULTATION: RequestClass.CONSULTATION,
    RequestType.SUGGESTION: RequestClass.SUGGESTION,
    RequestType.PRAISE: RequestClass.SUGGESTION,
    RequestType.OTHER: RequestClass.OTHER,
}


class Channel(StrEnum):
    """How the request reached the line."""

    PHONE = "phone"
    WEB = "web"
    MAILBOX = "mailbox"
    APP = "app"
    TRANSFER = "transfer"
    OTHER = "other"


class Urgency(StrEnum):
    """一般 / 紧急 / 特急: decides which deadlines of the policy apply."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class Role(StrEnum):
    """Who somebody is to the system; a handler belongs to exactly one unit."""

    OPERATOR = "operator"
    SHIFT_LEADER = "shift_leader"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    INSPECTOR = "inspector"
    ADMIN = "admin"


class PresenceState(StrEnum):
    """What an operator is doing now; only `READY` is offered calls."""

    OFFLINE = "offline"
    READY = "ready"
    NOT_READY = "not_ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class NotReadyReason(StrEnum):
    """Why an operator takes no calls; `MISSED_CALL` is set by the system after a ring without answer."""

    BREAK = "break"
    MEAL = "meal"
    TRAINING = "training"
    MEETING = "meeting"
    BACK_OFFICE = "back_office"
    MISSED_CALL = "missed_call"


class CallState(StrEnum):
    """Where a call is. `ENDED` is final: late news about an ended call changes nothing but its measures."""

    RINGING = "ringing"
    IN_FLOW = "in_flow"
    QUEUED = "queued"
    OFFERED = "offered"
    CONNECTING = "connecting"
    TALKING = "talking"
    TRANSFERRED = "transferred"
    AFTER = "after"
    ENDED = "ended"


class CallPurpose(StrEnum):
    """Why the call exists: somebody phoned us, or we phone them back, or we ask whether it was solved."""

    INBOUND = "inbound"
    CALLBACK = "callback"
    FOLLOW_UP = "follow_up"


class CallEnd(StrEnum):
    """How a call ended, in the words the figures use."""

    COMPLETED = "completed"
    ABANDONED = "abandoned"
    LEFT_FOR_CALLBACK = "left_for_callback"
    LEFT_IN_FLOW = "left_in_flow"
    LEFT_MESSAGE = "left_message"
    TRANSFERRED = "transferred"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"


class NoMatterReason(StrEnum):
    """Why a finished call has no ticket. A call ends with a ticket or with one of these."""

    SILENT = "silent"
    WRONG_NUMBER = "wrong_number"
    DROPPED = "dropped"
    NUISANCE = "nuisance"
    PRANK = "prank"
    TEST = "test"
    EMERGENCY_TRANSFERRED = "emergency_transferred"
    OUT_OF_SCOPE = "out_of_scope"


class OfferState(StrEnum):
    """One ring of one operator for one call."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class TicketState(StrEnum):
    """The states of a ticket; `rules.tickets.transitions` holds the steps between them."""

    DRAFT = "draft"
    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    REPLIED = "replied"
    CLOSED = "closed"
    DISCARDED = "discarded"


class TicketAction(StrEnum):
    """What somebody may do to a ticket."""

    SAVE = "save"
    ANSWER = "answer"
    HAND_OFF = "hand_off"
    DISCARD = "discard"
    ACKNOWLEDGE = "acknowledge"
    RECORD_CONTACT = "record_contact"
    REPLY = "reply"
    CLOSE = "close"


class Closing(StrEnum):
    """How a closed ticket came to its end."""

    ANSWERED_DIRECT = "answered_direct"
    HANDLED = "handled"


class CallbackReason(StrEnum):
    """Why somebody is owed a call."""

    REQUESTED = "requested"
    ABANDONED = "abandoned"
    MANUAL = "manual"


class CallbackState(StrEnum):
    """A promise to phone somebody; one open promise per number."""

    WAITING = "waiting"
    DIALLING = "dialling"
    REACHED = "reached"
    PHONED_AGAIN = "phoned_again"
    CANCELLED = "cancelled"
    EXHAUSTED = "exhausted"


class FollowUpState(StrEnum):
    """The one call that asks "was it solved?"."""

    WAITING = "waiting"
    DIALLING = "dialling"
    ANSWERED = "answered"
    UNREACHED = "unreached"
    EXEMPT = "exempt"


class DialState(StrEnum):
    """One attempt to place a call. `PLACING` is written before the carrier is asked; `UNKNOWN` means its answer was lost."""

    PLANNED = "planned"
    PLACING = "placing"
    UNKNOWN = "unknown"
    PLACED = "placed"
    ENDED = "ended"


class Solved(StrEnum):
    """The caller's own word, never the unit's."""

    YES = "yes"
    NO = "no"


class Satisfied(StrEnum):
    """The caller's own word on the handling."""

    YES = "yes"
    NO = "no"


class DeliveryState(StrEnum):
    """One reaction to one event."""

    DUE = "due"
    CLAIMED = "claimed"
    DONE = "done"
    DEAD = "dead"


class RecordingKind(StrEnum):
    """What was recorded: a message after the beep, or a talk with an operator."""

    MESSAGE = "message"
    TALK = "talk"


class RecordingState(StrEnum):
    """`AT_CARRIER`: it exists there and is being fetched. `KEPT`: its sound is ours."""

    AT_CARRIER = "at_carrier"
    KEPT = "kept"
    ABSENT = "absent"


class LookupState(StrEnum):
    """A question to a system of the city's own."""

    ASKED = "asked"
    FOUND = "found"
    UNKNOWN = "unknown"
    FAILED = "failed"


class Language(StrEnum):
    """What a caller hears."""

    ZH_CN = "zh-CN"
    EN = "en"
