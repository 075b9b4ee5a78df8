"""What has happened: frozen facts, one closed union. The log, the timeline, live screens and reactions all read these.

A fact names ids, never a caller's number or words: the log is kept longer than they are.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallEnd,
    Closing,
    OfferState,
    PresenceState,
    Satisfied,
)


@dataclass(frozen=True, slots=True)
class CallArrived:
    subject: ClassVar[str] = "call"
    call_id: int


@dataclass(frozen=True, slots=True)
class CallQueued:
    subject: ClassVar[str] = "call"
    call_id: int


@dataclass(frozen=True, slots=True)
class CallOffered:
    """An operator's desk must ring: reaction `ring_operator`."""

    subject: ClassVar[str] = "call"
    call_id: int
    offer_id: int
    operator_id: int


@dataclass(frozen=True, slots=True)
class OfferSettled:
    """The ring ended. Anything but `accepted` leaves a leg to hang up: reaction `release_operator`."""

    subject: ClassVar[str] = "call"
    call_id: int
    offer_id: int
    operator_id: int
    how: OfferState


@dataclass(frozen=True, slots=True)
class CallAccepted:
    """The operator's leg is up; the caller must join it: reaction `connect_caller`."""

    subject: ClassVar[str] = "call"
    call_id: int
    offer_id: int
    operator_id: int


@dataclass(frozen=True, slots=True)
class CallConnected:
    subject: ClassVar[str] = "call"
    call_id: int
    operator_id: int


@dataclass(frozen=True, slots=True)
class CallHangUpAsked:
    """The operator ends the call: reaction `hang_up_call`."""

    subject: ClassVar[str] = "call"
    call_id: int
    operator_id: int


@dataclass(frozen=True, slots=True)
class CallLeftAlone:
    """The operator's leg is gone and the caller's never came out of the talk: reaction `take_back_caller`."""

    subject: ClassVar[str] = "call"
    call_id: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The line is down, or the talk is over. An accepted or ringing operator leg may remain: reaction `release_operator_of_call`."""

    subject: ClassVar[str] = "call"
    call_id: int
    end: CallEnd


@dataclass(frozen=True, slots=True)
class CallCheckRequested:
    """We have heard nothing of it for too long: reaction `check_call`."""

    subject: ClassVar[str] = "call"
    call_id: int


@dataclass(frozen=True, slots=True)
class CallFinished:
    """The record is complete: a ticket, or a reasoned no-matter."""

    subject: ClassVar[str] = "call"
    call_id: int
    operator_id: int
    ticket_id: int | None


@dataclass(frozen=True, slots=True)
class CallTransferred:
    """The caller is being connected to somebody outside; `to` is a name of the city's own file, never a number."""

    subject: ClassVar[str] = "call"
    call_id: int
    to: str


@dataclass(frozen=True, slots=True)
class TalkRated:
    """The caller said how the talk was, after the operator had left."""

    subject: ClassVar[str] = "call"
    call_id: int
    satisfied: Satisfied


@dataclass(frozen=True, slots=True)
class RecordingMade:
    """A message or a talk was recorded: reaction `keep_sound`."""

    subject: ClassVar[str] = "call"
    call_id: int
    recording_id: int


@dataclass(frozen=True, slots=True)
class LookupAsked:
    """A flow asks a system of the city's own: reaction `ask_outside`."""

    subject: ClassVar[str] = "call"
    call_id: int
    lookup_id: int


@dataclass(frozen=True, slots=True)
class OutageAnnounced:
    subject: ClassVar[str] = "outage"
    outage_id: int


@dataclass(frozen=True, slots=True)
class OutageStopped:
    subject: ClassVar[str] = "outage"
    outage_id: int


@dataclass(frozen=True, slots=True)
class FlowPublished:
    """From now on calls begin with another version of a flow."""

    subject: ClassVar[str] = "publication"
    publication_id: int
    flow: str
    version: str


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    subject: ClassVar[str] = "user"
    user_id: int
    state: PresenceState
    reason: str | None


@dataclass(frozen=True, slots=True)
class TicketOpened:
    subject: ClassVar[str] = "ticket"
    ticket_id: int


@dataclass(frozen=True, slots=True)
class TicketAnswered:
    """Answered on the spot and closed at once (直办)."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int


@dataclass(frozen=True, slots=True)
class TicketHandedOff:
    """Belongs to a unit now: reaction `deliver_to_inbox`."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int
    unit_code: str


@dataclass(frozen=True, slots=True)
class TicketDelivered:
    """It lies in the unit's inbox: reaction `notify_unit` if the unit has a system of its own."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int
    assignment_id: int
    unit_code: str


@dataclass(frozen=True, slots=True)
class TicketAcknowledged:
    subject: ClassVar[str] = "ticket"
    ticket_id: int


@dataclass(frozen=True, slots=True)
class FirstContactRecorded:
    subject: ClassVar[str] = "ticket"
    ticket_id: int


@dataclass(frozen=True, slots=True)
class TicketReplied:
    subject: ClassVar[str] = "ticket"
    ticket_id: int


@dataclass(frozen=True, slots=True)
class TicketClosed:
    subject: ClassVar[str] = "ticket"
    ticket_id: int
    closing: Closing


@dataclass(frozen=True, slots=True)
class TicketDiscarded:
    subject: ClassVar[str] = "ticket"
    ticket_id: int


@dataclass(frozen=True, slots=True)
class RedoOpened:
    """The caller said "not solved": a new round, linked to the ticket it redoes."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int
    redo_of: int


@dataclass(frozen=True, slots=True)
class FollowUpPromised:
    subject: ClassVar[str] = "ticket"
    ticket_id: int
    follow_up_id: int


@dataclass(frozen=True, slots=True)
class FollowUpAnswered:
    subject: ClassVar[str] = "ticket"
    ticket_id: int
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class FollowUpSettled:
    subject: ClassVar[str] = "ticket"
    ticket_id: int
    state: str


@dataclass(frozen=True, slots=True)
class CallbackPromised:
    subject: ClassVar[str] = "callback"
    callback_id: int
    reason: CallbackReason


@dataclass(frozen=True, slots=True)
class CallbackSettled:
    subject: ClassVar[str] = "callback"
    callback_id: int
    state: CallbackState


@dataclass(frozen=True, slots=True)
class DialPlanned:
    """Somebody must be phoned now: reaction `place_dial`."""

    subject: ClassVar[str] = "dial"
    dial_id: int


@dataclass(frozen=True, slots=True)
class DialCheckRequested:
    """Its end should have been told long ago: reaction `check_dial`."""

    subject: ClassVar[str] = "dial"
    dial_id: int


@dataclass(frozen=True, slots=True)
class DialEnded:
    subject: ClassVar[str] = "dial"
    dial_id: int
    outcome: str


@dataclass(frozen=True, slots=True)
class RecordingHeard:
    """A recording was listened to by a person."""

    subject: ClassVar[str] = "recording"
    recording_id: int
    disclosure_id: int


@dataclass(frozen=True, slots=True)
class NumberShown:
    """A protected number was shown to a person."""

    subject: ClassVar[str] = "disclosure"
    disclosure_id: int


Event = (
    CallArrived
    | CallQueued
    | CallOffered
    | OfferSettled
    | CallAccepted
    | CallConnected
    | CallHangUpAsked
    | CallLeftAlone
    | CallEnded
    | CallCheckRequested
    | CallFinished
    | CallTransferred
    | TalkRated
    | RecordingMade
    | LookupAsked
    | OutageAnnounced
    | OutageStopped
    | FlowPublished
    | PresenceChanged
    | TicketOpened
    | TicketAnswered
    | TicketHandedOff
    | TicketDelivered
    | TicketAcknowledged
    | FirstContactRecorded
    | TicketReplied
    | TicketClosed
    | TicketDiscarded
    | RedoOpened
    | FollowUpPromised
    | FollowUpAnswered
    | FollowUpSettled
    | CallbackPromised
    | CallbackSettled
    | DialPlanned
    | DialCheckRequested
    | DialEnded
    | NumberShown
    | RecordingHeard
)

KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in Event.__args__}
"""Every kind of event by the name it is stored under."""


def pack(event: Event) -> tuple[str, str, int, dict[str, Any]]:
    """Return (kind, subject, subject id, data) of an event; the first field is always the subject's id."""
    data = asdict(event)
    return type(event).__name__, event.subject, next(iter(data.values())), data


def unpack(kind: str, data: dict[str, Any]) -> Event:
    """Return the event stored as `kind` and `data`. Raises KeyError for a kind this version does not know."""
    return KINDS[kind](**data)
