"""The table of reactions: event -> the functions that react to it, and the lane of each.

To add a reaction, write one function and one line here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from hotline import events
from hotline.events import Event
from hotline.reactions.calls import (
    ask_outside,
    check_call,
    connect_caller,
    hang_up_call,
    keep_sound,
    release_operator,
    release_operator_of_call,
    ring_operator,
    take_back_caller,
)
from hotline.reactions.context import ReactionContext
from hotline.reactions.hand_offs import deliver_to_inbox, notify_unit
from hotline.reactions.outbound import check_dial, place_dial
from hotline.unit_of_work import UnitOfWork

CALLS, NOTIFICATIONS = "calls", "notifications"
# One queue and one worker process each: a slow system of a unit never delays a ring.
LANES = (CALLS, NOTIFICATIONS)


def always(_event: Event) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Reaction:
    """`run(context, event)` asks the outside for something.

    It may raise: the delivery is tried again after a pause, and is dead after the last attempt. It may run twice, because a
    worker may be killed between the effect and its record; so it searches before it repeats a request. No delivery is
    written for an event for which `when` is false.
    """

    lane: str
    run: Callable[[ReactionContext, Any], None]
    when: Callable[[Any], bool] = always

    @property
    def name(self) -> str:
        return self.run.__name__


@dataclass(frozen=True, slots=True)
class InternalReaction:
    """`run(context, work, event)` changes only our own rows, in the unit of work that also records its delivery as done.

    It may raise as a `Reaction` may, and leaves nothing behind then.
    """

    lane: str
    run: Callable[[ReactionContext, UnitOfWork, Any], None]
    when: Callable[[Any], bool] = always

    @property
    def name(self) -> str:
        return self.run.__name__


AnyReaction = Reaction | InternalReaction

# The function names are stored in `deliveries.reaction`; renaming one needs a migration.
REACTIONS: dict[type[Event], tuple[AnyReaction, ...]] = {
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
    events.TicketHandedOff: (InternalReaction(NOTIFICATIONS, deliver_to_inbox),),
    events.TicketDelivered: (Reaction(NOTIFICATIONS, notify_unit, when=attrgetter("has_channel")),),
}


def reactions_to(event: Event) -> tuple[AnyReaction, ...]:
    """Returns the reactions that `event` leads to."""
    return tuple(reaction for reaction in REACTIONS.get(type(event), ()) if reaction.when(event))


def has_reactions(event: Event) -> bool:
    """Returns whether `event` leads to a reaction; one that leads to none is written as relayed."""
    return bool(reactions_to(event))


REACTION_BY_NAME: dict[str, AnyReaction] = {
    reaction.name: reaction for reactions in REACTIONS.values() for reaction in reactions
}
