"""The events: frozen dataclasses in one closed union, read by the log, timelines, live screens and reactions.

An event holds ids and codes, never a caller's number or text, because the log is kept longer than personal data.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallEnd,
    Closing,
    EscalationKind,
    FactorKind,
    LinkKind,
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
    """A call was offered to an operator. Reaction `ring_operator` rings the desk."""

    subject: ClassVar[str] = "call"
    call_id: int
    offer_id: int
    operator_id: int


@dataclass(frozen=True, slots=True)
class OfferSettled:
    """An offer ended. Unless it was accepted, reaction `release_operator` hangs up the operator's leg."""

    subject: ClassVar[str] = "call"
    call_id: int
    offer_id: int
    operator_id: int
    how: OfferState


@dataclass(frozen=True, slots=True)
class CallAccepted:
    """The operator answered. Reaction `connect_caller` joins the caller to the operator's leg."""

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
    """The operator ends the call from the desk. Reaction `hang_up_call` tells the carrier."""

    subject: ClassVar[str] = "call"
    call_id: int
    operator_id: int


@dataclass(frozen=True, slots=True)
class CallLeftAlone:
    """The operator's leg ended and the caller's did not leave the conversation. Reaction `take_back_caller` retrieves it."""

    subject: ClassVar[str] = "call"
    call_id: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The caller's leg ended. Reaction `release_operator_of_call` hangs up an operator's leg that is still open."""

    subject: ClassVar[str] = "call"
    call_id: int
    end: CallEnd


@dataclass(frozen=True, slots=True)
class CallCheckRequested:
    """No webhook of the call arrived for too long. Reaction `check_call` asks the carrier for its state."""

    subject: ClassVar[str] = "call"
    call_id: int


@dataclass(frozen=True, slots=True)
class CallFinished:
    """The record of a call is complete, with a ticket or with the reason for having none."""

    subject: ClassVar[str] = "call"
    call_id: int
    operator_id: int
    ticket_id: int | None


@dataclass(frozen=True, slots=True)
class CallTransferred:
    """The caller is being connected to an outside line; `to` is its name in the city's file, never a number."""

    subject: ClassVar[str] = "call"
    call_id: int
    to: str


@dataclass(frozen=True, slots=True)
class TalkRated:
    """The caller rated the conversation after the operator had left."""

    subject: ClassVar[str] = "call"
    call_id: int
    satisfied: Satisfied


@dataclass(frozen=True, slots=True)
class RecordingMade:
    """A message or a conversation was recorded. Reaction `keep_sound` fetches the audio."""

    subject: ClassVar[str] = "call"
    call_id: int
    recording_id: int


@dataclass(frozen=True, slots=True)
class LookupAsked:
    """A flow needs data of another system of the city. Reaction `ask_outside` requests it."""

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
class CityPublished:
    """A version of the city's data was published; `restores`: the version whose texts it brought back."""

    subject: ClassVar[str] = "city"
    city_id: int
    restores: int | None


@dataclass(frozen=True, slots=True)
class FlowPublished:
    """Another version of a flow was published; new calls begin with it."""

    subject: ClassVar[str] = "publication"
    publication_id: int
    flow: str
    version: str


@dataclass(frozen=True, slots=True)
class UserAdded:
    subject: ClassVar[str] = "account"
    account_id: int


@dataclass(frozen=True, slots=True)
class UserChanged:
    """Fields of an account changed: field -> value, before and after; names and numbers of persons are left out.

    `reason` is what the administrator stated.
    """

    subject: ClassVar[str] = "account"
    account_id: int
    before: dict[str, str | None]
    after: dict[str, str | None]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PasswordSet:
    """`how`: own (the person changed it), link (chosen by an invitation or a reset), command."""

    subject: ClassVar[str] = "account"
    account_id: int
    how: str


@dataclass(frozen=True, slots=True)
class AccountLinkMade:
    subject: ClassVar[str] = "account"
    account_id: int
    kind: LinkKind


@dataclass(frozen=True, slots=True)
class AccountLocked:
    """Too many wrong passwords or codes in a row."""

    subject: ClassVar[str] = "account"
    account_id: int


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A browser session was revoked by its owner from another browser, or by an administrator (`count` at once)."""

    subject: ClassVar[str] = "account"
    account_id: int
    count: int


@dataclass(frozen=True, slots=True)
class SecondFactorAdded:
    subject: ClassVar[str] = "account"
    account_id: int
    kind: FactorKind


@dataclass(frozen=True, slots=True)
class SecondFactorRemoved:
    """The person removed a second factor, or an administrator all of them (`kind` None), with the stated reason."""

    subject: ClassVar[str] = "account"
    account_id: int
    kind: FactorKind | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryCodesMade:
    subject: ClassVar[str] = "account"
    account_id: int


@dataclass(frozen=True, slots=True)
class RecoveryCodeUsed:
    subject: ClassVar[str] = "account"
    account_id: int


@dataclass(frozen=True, slots=True)
class ProviderLinked:
    """The account was linked to a person of the identity provider, whose subject is kept in the link alone."""

    subject: ClassVar[str] = "account"
    account_id: int


@dataclass(frozen=True, slots=True)
class ProviderUnlinked:
    subject: ClassVar[str] = "account"
    account_id: int


@dataclass(frozen=True, slots=True)
class WorkHandedOver:
    """Unfinished work of a leaver went to another person, or to nobody in particular (None). `counts`: kind -> number."""

    subject: ClassVar[str] = "account"
    account_id: int
    successor_id: int | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class TokenCreated:
    subject: ClassVar[str] = "token"
    token_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    subject: ClassVar[str] = "token"
    token_id: int
    user_id: int


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
class TicketTakenOver:
    """The draft of a lost talk went from its author `former_id` to the operator who took the caller."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int
    author_id: int
    former_id: int | None


@dataclass(frozen=True, slots=True)
class DraftHandedOver:
    """The draft of a leaver went from `former_id` to `author_id`; None: to every writer of tickets."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int
    author_id: int | None
    former_id: int


@dataclass(frozen=True, slots=True)
class TicketAnswered:
    """A ticket was answered on the spot and closed at once (直办)."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int


@dataclass(frozen=True, slots=True)
class TicketHandedOff:
    """A ticket was handed to a unit. Reaction `deliver_to_inbox` puts it into the unit's inbox."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int
    unit_code: str


@dataclass(frozen=True, slots=True)
class TicketMoved:
    """An open ticket went from a closed unit to its successor. Reaction `deliver_to_inbox` puts it into the unit's inbox."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int
    unit_code: str
    former_unit_code: str


@dataclass(frozen=True, slots=True)
class DeadlineMoved:
    """The calendar changed, and with it the moment at which a ticket has to be solved (RFC 3339, before and after)."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int
    was_due_at: str
    due_at: str


@dataclass(frozen=True, slots=True)
class TicketDelivered:
    """A ticket is in the unit's inbox. Reaction `notify_unit` informs the unit, if a channel reaches it."""

    subject: ClassVar[str] = "ticket"
    ticket_id: int
    assignment_id: int
    unit_code: str
    # Events of earlier versions do not say it.
    has_channel: bool = True


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
    """The caller said "not solved"; a new round was opened, linked to the ticket that it redoes."""

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
    """An outbound call is due. Reaction `place_dial` places it."""

    subject: ClassVar[str] = "dial"
    dial_id: int


@dataclass(frozen=True, slots=True)
class DialCheckRequested:
    """The end of an outbound call was not reported in time. Reaction `check_dial` asks the carrier for its state."""

    subject: ClassVar[str] = "dial"
    dial_id: int


@dataclass(frozen=True, slots=True)
class DialEnded:
    subject: ClassVar[str] = "dial"
    dial_id: int
    outcome: str


@dataclass(frozen=True, slots=True)
class ConfidentialOpened:
    """A person opened a confidential ticket outside their own open work."""

    subject: ClassVar[str] = "disclosure"
    disclosure_id: int


@dataclass(frozen=True, slots=True)
class TicketsExported:
    """A person took many tickets out in a file."""

    subject: ClassVar[str] = "disclosure"
    disclosure_id: int


@dataclass(frozen=True, slots=True)
class DeliveryRetried:
    """A delivery that was given up was made due again by a person."""

    subject: ClassVar[str] = "delivery"
    delivery_id: int


@dataclass(frozen=True, slots=True)
class DeliveryDiscarded:
    """A delivery that was given up is not to be repeated; `reason` is what the person stated."""

    subject: ClassVar[str] = "delivery"
    delivery_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class EscalationOpened:
    subject: ClassVar[str] = "escalation"
    escalation_id: int
    kind: EscalationKind


@dataclass(frozen=True, slots=True)
class EscalationTaken:
    """A shift leader sees to it; with None it waits for anybody again."""

    subject: ClassVar[str] = "escalation"
    escalation_id: int
    owner_id: int | None


@dataclass(frozen=True, slots=True)
class EscalationFinished:
    subject: ClassVar[str] = "escalation"
    escalation_id: int


@dataclass(frozen=True, slots=True)
class RecordingHeard:
    """A person listened to a recording."""

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
    | CityPublished
    | TicketMoved
    | DeadlineMoved
    | UserAdded
    | UserChanged
    | PasswordSet
    | AccountLinkMade
    | AccountLocked
    | SessionEnded
    | SecondFactorAdded
    | SecondFactorRemoved
    | RecoveryCodesMade
    | RecoveryCodeUsed
    | ProviderLinked
    | ProviderUnlinked
    | WorkHandedOver
    | TokenCreated
    | TokenRevoked
    | PresenceChanged
    | TicketOpened
    | TicketTakenOver
    | DraftHandedOver
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
    | ConfidentialOpened
    | TicketsExported
    | DeliveryRetried
    | DeliveryDiscarded
    | EscalationOpened
    | EscalationTaken
    | EscalationFinished
)

# The name under which an event is stored -> its class.
KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in Event.__args__}


def pack(event: Event) -> tuple[str, str, int, dict[str, Any]]:
    """Returns (kind, subject, subject id, data) of an event; the first field is always the subject's id."""
    data = asdict(event)
    return type(event).__name__, event.subject, next(iter(data.values())), data


def unpack(kind: str, data: dict[str, Any]) -> Event:
    """Returns the event stored as `kind` and `data`. Raises KeyError for a kind that this version does not know."""
    return KINDS[kind](**data)
