"""The talk: the operator's leg that answered, missed or left, and the conference where both sides meet."""

from collections.abc import Mapping

from sqlalchemy import select

from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallState, OfferState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers
from hotline.store.calls.tables import Call, Offer
from ivr_flows.webhooks.call_flow import (
    HOW_RINGS_END,
    after_the_talk,
    due_now,
    keep_on_the_line,
    lead_to_person,
    nothing,
    silent_end,
    usual_speaker,
)
from ivr_flows.webhooks.twiml import EMPTY, goodbye
from ivr_flows.webhooks.webhook import Door, Post, Step, Visit


def desk(visit: Visit) -> str:
    """The operator accepted: into the conference, or a word of regret if somebody or something was faster."""
    offer_id = visit.id("offer_id")
    call_id = offers.accept_offer(visit.work, offer_id, visit.post.sid)
    if call_id is None:
        return goodbye(usual_speaker(visit.door), "caller_gone")
    return visit.door.stage.desk(call_id, offer_id)


def desk_status(visit: Visit) -> str:
    """The operator's leg is over. If the caller never joined them, the call goes to the next desk."""
    how = HOW_RINGS_END.get(visit.post.word("CallStatus"))
    if how is not None:
        _desk_gone(visit, how)
    return ""


def desk_left(visit: Visit) -> str:
    """The operator's leg has left the conference, by whosever hand."""
    _desk_gone(visit, OfferState.MISSED)
    return EMPTY


def talk(visit: Visit) -> str:
    """The caller comes out of the queue: into the conference, or back if the operator is gone meanwhile."""
    call_id = visit.id("call_id")
    lifecycle.record_connected(visit.work, call_id)
    call = lifecycle.get_call(visit.work, call_id)
    if call.state in {CallState.QUEUED, CallState.OFFERED}:
        return lead_to_person(visit, call, "operator_gone")
    return due_now(visit, call)


def talk_ended(visit: Visit) -> str:
    """The talk is over for the caller. Who is still on the line may rate it; who never got in is owed a call."""
    if visit.post.word("CallStatus") in TERMINAL_STATUSES:
        return EMPTY
    return after_the_talk(visit, lifecycle.get_call(visit.work, visit.id("call_id")))


def left_alone(visit: Visit) -> str:
    """Nobody is with the caller, and nobody was: back to the queue. Whoever is somewhere else hears what is due there."""
    call_id = visit.id("call_id")
    if not lifecycle.return_to_queue(visit.work, call_id):
        return due_now(visit, lifecycle.get_call(visit.work, call_id))
    return lead_to_person(visit, lifecycle.get_call(visit.work, call_id), "operator_gone")


def conference(visit: Visit) -> str:
    """News of a call's conference. Only the caller's joining matters; their own webhook may have told it before."""
    joined = visit.post.word("StatusCallbackEvent") == "participant-join"
    call = lifecycle.get_call(visit.work, visit.id("call_id"))
    if joined and call.sid == visit.post.sid:
        lifecycle.record_connected(visit.work, call.id)
    return ""


def into_the_conference(door: Door, _post: Post, ids: Mapping[str, str]) -> str:
    """The application cannot work, but the operator is already there: connect them, the conference will tell us later."""
    return door.stage.talk(int(ids["call_id"]))


def thank(door: Door, _post: Post, _ids: Mapping[str, str]) -> str:
    return goodbye(usual_speaker(door), "thanks_goodbye")


def _desk_gone(visit: Visit, how: OfferState) -> None:
    offer_id = visit.id("offer_id")
    offers.settle_offer(visit.work, offer_id, how)
    talking = (
        select(Call.id)
        .join(Offer, Offer.call_id == Call.id)
        .where(
            Offer.id == offer_id,
            Offer.state == OfferState.ACCEPTED,
            Offer.operator_id == Call.operator_id,
            Call.state == CallState.TALKING,
        )
    )
    call_id = visit.work.session.scalar(talking)
    if call_id is not None:
        lifecycle.record_operator_left(visit.work, call_id)


_OFFER, _CALL = "/desk/<int:offer_id>", "/talk/<int:call_id>"
DESK_STEPS = (
    Step(_OFFER, "desk", Machine.CARRIER, desk, silent_end, ("ErrorCode", "ErrorUrl")),
    Step(
        f"{_OFFER}/status",
        "desk_status",
        Machine.CARRIER,
        desk_status,
        None,
        ("CallStatus", "SequenceNumber"),
    ),
    Step(f"{_OFFER}/left", "desk_left", Machine.CARRIER, desk_left, nothing, ()),
    Step(_CALL, "talk", Machine.CARRIER, talk, into_the_conference, None),
    Step(f"{_CALL}/ended", "talk_ended", Machine.CARRIER, talk_ended, thank, None),
    Step(f"{_CALL}/alone", "left_alone", Machine.CARRIER, left_alone, keep_on_the_line, None),
    Step(
        "/conference/<int:call_id>",
        "conference",
        Machine.CARRIER,
        conference,
        None,
        ("ConferenceSid", "SequenceNumber", "StatusCallbackEvent"),
        names_call=False,
    ),
)
