"""Every state, kind and reason that is stored, sent or shown.

The values are what the database, the API and the CSV files contain; they are part of the public contract.
Labels for people live in the translation catalogues, keyed by these values.
"""

from enum import StrEnum


class RequestType(StrEnum):
    """The type of a request (请求类型)."""

    CONSULTATION = "consultation"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    OTHER = "other"


class RequestClass(StrEnum):
    """The three published counts; `OTHER` counts in the total only and has a line of its own."""

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
    """The channel through which a request arrived."""

    PHONE = "phone"
    WEB = "web"
    MAILBOX = "mailbox"
    APP = "app"
    TRANSFER = "transfer"
    OTHER = "other"


class Urgency(StrEnum):
    """一般 / 紧急 / 特急: selects the deadlines of the policy."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class Role(StrEnum):
    """The role of a user; a handler belongs to exactly one unit."""

    OPERATOR = "operator"
    SHIFT_LEADER = "shift_leader"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    INSPECTOR = "inspector"
    ADMIN = "admin"


class Duty(StrEnum):
    """The duty of an administrator. A city may separate them (三员分立): nobody then has more than one."""

    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


class LinkKind(StrEnum):
    """The purpose of a link with which a person chooses a password."""

    INVITE = "invite"
    RESET = "reset"


class FactorKind(StrEnum):
    """The kind of a second factor."""

    TOTP = "totp"
    PASSKEY = "passkey"


class LogInStepKind(StrEnum):
    """The purpose of a step of a log-in that is not complete."""

    # The password was right, the second factor is awaited.
    SECOND_FACTOR = "second_factor"
    # An answer of the identity provider, and a logout token of it; each counts once.
    PROVIDER = "provider"
    LOG_OUT = "log_out"
    # A challenge that a passkey has signed.
    PASSKEY = "passkey"


class PresenceState(StrEnum):
    """The state of an operator's desk; only `READY` is offered calls."""

    OFFLINE = "offline"
    READY = "ready"
    NOT_READY = "not_ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class NotReadyReason(StrEnum):
    """The reason for which a desk takes no calls; the system sets the last five.

    `MISSED_CALL` follows an unanswered ring, `DECLINED_CALL` one that the operator declined, `PHONE_OFF` a telephone
    that cannot be rung, `LEFT_DESK` a ready operator who closed the page on which calls ring, and `CONNECTION_LOST` a
    talk in which the operator's leg broke off.
    """

    BREAK = "break"
    MEAL = "meal"
    TRAINING = "training"
    MEETING = "meeting"
    BACK_OFFICE = "back_office"
    MISSED_CALL = "missed_call"
    DECLINED_CALL = "declined_call"
    PHONE_OFF = "phone_off"
    LEFT_DESK = "left_desk"
    CONNECTION_LOST = "connection_lost"


class CallState(StrEnum):
    """The state of a call. `ENDED` is final: a late webhook changes only the measures of an ended call."""

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
    """The purpose of a call: a citizen phoned us, we return a call, or we ask whether the matter was solved."""

    INBOUND = "inbound"
    CALLBACK = "callback"
    FOLLOW_UP = "follow_up"


class CallEnd(StrEnum):
    """The end of a call, as the statistics count it."""

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


class CallOutcome(StrEnum):
    """The one outcome under which a report counts an inbound call: the first in this order that applies."""

    QUEUE_FULL = "queue_full"
    ANSWERED = "answered"
    EMERGENCY = "emergency"
    TRANSFERRED = "transferred"
    CALLBACK = "callback"
    MESSAGE = "message"
    STATUS = "status"
    ABANDONED = "abandoned"
    LEFT_IN_MENU = "left_in_menu"
    OTHER = "other"


class CallRecord(StrEnum):
    """The record with which an answered call ended; `OPEN` while the operator has not completed it."""

    TICKET = "ticket"
    EXISTING_MATTER = "existing_matter"
    NO_MATTER = "no_matter"
    OPEN = "open"


class AfterCall(StrEnum):
    """The caller's rating of the conversation, or none."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not_satisfied"
    NO_ANSWER = "no_answer"


class NoMatterReason(StrEnum):
    """The reason for which a finished call has no ticket. Every call has a ticket or one of these reasons."""

    SILENT = "silent"
    WRONG_NUMBER = "wrong_number"
    DROPPED = "dropped"
    NUISANCE = "nuisance"
    PRANK = "prank"
    TEST = "test"
    EMERGENCY_TRANSFERRED = "emergency_transferred"
    OUT_OF_SCOPE = "out_of_scope"


class OfferState(StrEnum):
    """The state of an offer: one ring of one operator for one call.

    `LOST`: the operator's leg broke off in the talk, and the caller went back to the queue.
    """

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    LOST = "lost"


class TicketState(StrEnum):
    """The state of a ticket; `rules.tickets.transitions` lists what may follow."""

    DRAFT = "draft"
    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    REPLIED = "replied"
    CLOSED = "closed"
    DISCARDED = "discarded"


# The states in which the next step is the unit's.
OPEN_AT_UNIT: frozenset[TicketState] = frozenset(
    {TicketState.DISPATCHED, TicketState.ACKNOWLEDGED, TicketState.IN_PROGRESS, TicketState.REPLIED}
)


class TicketAction(StrEnum):
    """An action on a ticket."""

    SAVE = "save"
    ANSWER = "answer"
    HAND_OFF = "hand_off"
    DISCARD = "discard"
    ACKNOWLEDGE = "acknowledge"
    RECORD_CONTACT = "record_contact"
    REPLY = "reply"
    CLOSE = "close"


class Closing(StrEnum):
    """The way in which a ticket was closed: answered during the call, or handled by a unit."""

    ANSWERED_DIRECT = "answered_direct"
    HANDLED = "handled"


class CallbackReason(StrEnum):
    """The reason for a promised callback."""

    REQUESTED = "requested"
    ABANDONED = "abandoned"
    MANUAL = "manual"


class CallbackState(StrEnum):
    """The state of a promised callback; there is one open promise per person."""

    WAITING = "waiting"
    DIALLING = "dialling"
    REACHED = "reached"
    PHONED_AGAIN = "phoned_again"
    CANCELLED = "cancelled"
    EXHAUSTED = "exhausted"


class FollowUpState(StrEnum):
    """The state of the one call that asks the caller whether the matter was solved."""

    WAITING = "waiting"
    DIALLING = "dialling"
    ANSWERED = "answered"
    UNREACHED = "unreached"
    EXEMPT = "exempt"


class DialState(StrEnum):
    """The state of one attempt to place a call.

    `PLACING` is written before the carrier is called; `UNKNOWN` means that its response was lost.
    """

    PLANNED = "planned"
    PLACING = "placing"
    UNKNOWN = "unknown"
    PLACED = "placed"
    ENDED = "ended"


class Solved(StrEnum):
    """The caller's answer to "was it solved?"; a unit never sets it."""

    YES = "yes"
    NO = "no"


class Satisfied(StrEnum):
    """The caller's answer to "are you satisfied?"."""

    YES = "yes"
    NO = "no"


class DeliveryState(StrEnum):
    """The state of a delivery: one reaction to one event.

    `DEAD`: given up after the last attempt. `DISCARDED`: a person decided that a dead one is not to be repeated.
    """

    DUE = "due"
    CLAIMED = "claimed"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


class LookKind(StrEnum):
    """The thing that a person saw, as it is stored in `disclosures.field`. `EXPORT`: many tickets in a file."""

    TICKET = "ticket"
    CONFIDENTIAL = "confidential"
    NUMBER = "number"
    SOUND = "sound"
    EXPORT = "export"


class LookReason(StrEnum):
    """The reason for a look. People choose among `CHOOSABLE_LOOK_REASONS`; the others are set by the system.

    `OWN_WORK`: nothing was asked, because it belongs to the person's own open work. `UNSTATED`: a program named no reason.
    """

    CALL_BACK = "call_back"
    HANDLING = "handling"
    DISPUTE = "dispute"
    QUALITY = "quality"
    SUPERVISION = "supervision"
    CITIZEN_REQUEST = "citizen_request"
    INSPECTION = "inspection"
    FAULT = "fault"
    OWN_WORK = "own_work"
    ORDINARY = "ordinary"
    SEARCH = "search"
    UNSTATED = "unstated"


CHOOSABLE_LOOK_REASONS: tuple[LookReason, ...] = (
    LookReason.CALL_BACK,
    LookReason.HANDLING,
    LookReason.DISPUTE,
    LookReason.QUALITY,
    LookReason.SUPERVISION,
    LookReason.CITIZEN_REQUEST,
    LookReason.INSPECTION,
    LookReason.FAULT,
)


class EscalationKind(StrEnum):
    """The kind of an escalation: a shift leader sees to it, because no rule of the system goes on with it."""

    CALLBACK_EXHAUSTED = "callback_exhausted"
    WRAP_UP_OVERTIME = "wrap_up_overtime"


class EscalationState(StrEnum):
    """The state of an escalation. `OVER`: its cause ended before anybody took it."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"
    OVER = "over"


class RecordingKind(StrEnum):
    """The kind of a recording: a message after the beep, or a conversation with an operator."""

    MESSAGE = "message"
    TALK = "talk"


class RecordingState(StrEnum):
    """`AT_CARRIER`: the sound exists there and is being fetched. `KEPT`: we have our own copy.

    `EXPIRED`: its time is over and our copy is being deleted; `DELETED`: nothing of it is left.
    """

    AT_CARRIER = "at_carrier"
    KEPT = "kept"
    ABSENT = "absent"
    EXPIRED = "expired"
    DELETED = "deleted"


class LookupState(StrEnum):
    """The state of a lookup in a system of the city."""

    ASKED = "asked"
    FOUND = "found"
    UNKNOWN = "unknown"
    FAILED = "failed"


class Language(StrEnum):
    """The language in which a caller hears the flow."""

    ZH_CN = "zh-CN"
    EN = "en"
