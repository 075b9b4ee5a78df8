"""What must follow from what happened. One table: event -> the functions that react to it, and the lane each travels in.

A reaction may run twice (a worker was killed between doing and noting), so each either changes only our own rows, in
one Work and under a unique key, or looks before it asks the outside again. To add one: one function, one line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hotline import events
from hotline.events import Event
from hotline.reactions.calls import (
    check_call,
    connect_caller,
    hang_up_call,
    release_operator,
    release_operator_of_call,
    ring_operator,
    take_back_caller,
)
from hotline.reactions.context import ReactionContext, RetryLater
from hotline.reactions.hand_offs import deliver_to_inbox, notify_unit
from hotline.reactions.outbound import check_dial, place_dial
from hotline.reactions.retrieval import ask_outside, keep_sound

__all__ = [
    "CALLS",
    "LANES",
    "NOTIFICATIONS",
    "REACTIONS",
    "REACTION_BY_NAME",
    "Reaction",
    "ReactionContext",
    "RetryLater",
    "has_reactions",
]

CALLS, NOTIFICATIONS = "calls", "notifications"
LANES = (CALLS, NOTIFICATIONS)
"""One queue and one worker process each: a slow system of a unit never keeps a telephone from ringing."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """`run(tools, event)` may raise: the delivery is tried again after a pause, and kept as dead after the last try."""

    lane: str
    run: Callable[[ReactionContext, Any], None]

    @property
    def name(self) -> str:
        return self.run.__name__


REACTIONS: dict[type[Event], tuple[Reaction, ...]] = {
    events.CallOffered: (Reaction(CALLS, ring_operator),),
    events.OfferSettled: (Reaction(CALLS, release_operator),),
    events.CallAccepted: (Reaction(CALLS, connect_caller),),
    events.CallEnded: (Reaction(CALLS, release_operator_of_call),),
    events.CallHangUpAsked: (Reaction(CALLS, hang_up_call),),
    events.CallLeftAlone: (Reaction(CALLS, take_back_caller),),
    events.CallCheckRequested: (Reaction(CALLS, check_call),),
    events.DialPlanned: (Reaction(CALLS, place_dial),),
    events.DialCheckRequested: (Reaction(CALLS, check_dial),),
    events.LookupAsked: (Reaction(NOTIFICATIONS, ask_outside),),
    events.RecordingMade: (Reaction(NOTIFICATIONS, keep_sound),),
    events.TicketHandedOff: (Reaction(NOTIFICATIONS, deliver_to_inbox),),
    events.TicketDelivered: (Reaction(NOTIFICATIONS, notify_unit),),
}


def has_reactions(event: Event) -> bool:
    """Say whether anything follows from `event`."""
    return type(event) in REACTIONS


REACTION_BY_NAME: dict[str, Reaction] = {
    reaction.name: reaction for reactions in REACTIONS.values() for reaction in reactions
}
