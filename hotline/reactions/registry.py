"""The table of reactions: event -> the functions that react to it, and the lane of each.

To add a reaction, write one function and one line here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

from hotline import events
from hotline.events import Event
from hotline.reactions.calls import (
    ask_outside,
    begin_ring,
    check_call,
    connect_caller,
    find_call_left_alone,
    find_call_to_check,
    find_call_to_hang_up,
    find_caller_to_connect,
    find_leg_to_release,
    find_legs_of_call,
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
from hotline.services import deliveries
from hotline.unit_of_work import UnitOfWork

# One queue and one worker process each: a slow system of a unit never delays a ring.
LANES = deliveries.LANES
CALLS, NOTIFICATIONS = LANES


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
class PreparedReaction:
    """`prepare(context, work, event)` reads and changes our own rows in the unit of work that claims the delivery.

    `run(context, event, prepared)` then asks the outside, as that of a `Reaction` does. It is not called if `prepare` returns
    None: nothing is to be asked, and the delivery is done in the same commit.
    """

    lane: str
    prepare: Callable[[ReactionContext, UnitOfWork, Any], Any]
    run: Callable[[ReactionContext, Any, Any], None]
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


AnyReaction = Reaction | PreparedReaction | InternalReaction

# The part of a reaction that asks the outside, after the commit of its unit of work.
Request = Callable[[], None]


def begin(reaction: AnyReaction, context: ReactionContext, work: UnitOfWork, event: Event) -> Request | None:
    """Makes the part of a reaction that changes our own rows; returns the part that asks the outside, None if there is none."""
    match reaction:
        case Reaction():
            return partial(reaction.run, context, event)
        case PreparedReaction():
            prepared = reaction.prepare(context, work, event)
            return None if prepared is None else partial(reaction.run, context, event, prepared)
        case InternalReaction():
            reaction.run(context, work, event)
            return None


# The function names are stored in `deliveries.reaction`; renaming one needs a migration.
REACTIONS: dict[type[Event], tuple[AnyReaction, ...]] = {
    events.CallOffered: (PreparedReaction(CALLS, begin_ring, ring_operator),),
    events.OfferSettled: (PreparedReaction(CALLS, find_leg_to_release, release_operator),),
    events.CallAccepted: (PreparedReaction(CALLS, find_caller_to_connect, connect_caller),),
    events.CallEnded: (PreparedReaction(CALLS, find_legs_of_call, release_operator_of_call),),
    events.CallHangUpAsked: (PreparedReaction(CALLS, find_call_to_hang_up, hang_up_call),),
    events.CallLeftAlone: (PreparedReaction(CALLS, find_call_left_alone, take_back_caller),),
    events.CallCheckRequested: (PreparedReaction(CALLS, find_call_to_check, check_call),),
    events.DialPlanned: (Reaction(CALLS, place_dial),),
    events.DialCheckRequested: (Reaction(CALLS, check_dial),),
    events.LookupAsked: (Reaction(NOTIFICATIONS, ask_outside),),
    events.RecordingMade: (Reaction(NOTIFICATIONS, keep_sound),),
    events.TicketHandedOff: (InternalReaction(NOTIFICATIONS, deliver_to_inbox),),
    events.TicketMoved: (InternalReaction(NOTIFICATIONS, deliver_to_inbox),),
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
