from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from hotline.rules.enums import CallState, OfferState
from hotline.store.base import constants
from hotline.store.calls.tables import Call, Offer

# Built once: the worker of calls runs them for each ring and each end of a call.
_LEG_TO_RELEASE = select(Offer.leg_sid).where(
    Offer.id == bindparam("offer_id"),
    Offer.state.not_in(constants((OfferState.PENDING, OfferState.ACCEPTED))),
)
_LEGS_OF_CALL = select(Offer.leg_sid).where(
    Offer.call_id == bindparam("call_id"),
    Offer.state == constants([OfferState.ACCEPTED])[0],
    Offer.leg_sid.is_not(None),
)


def leg_to_release(connection: Connection, offer_id: int) -> str | None:
    """Returns the operator's leg of an offer that was not taken; None if there is none or it is wanted."""
    leg: str | None = connection.scalar(_LEG_TO_RELEASE, {"offer_id": offer_id})
    return leg


def legs_of_call(connection: Connection, call_id: int) -> Sequence[str]:
    """Returns the operators' legs of the talks of a call."""
    legs = connection.scalars(_LEGS_OF_CALL, {"call_id": call_id})
    return [leg for leg in legs if leg is not None]


def conversation_of(session: Session, offer_id: int) -> int | None:
    """Returns the id of the call that the operator of this offer is talking in, or None."""
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
    return session.scalar(talking)


def talk_of(session: Session, call_id: int) -> Offer | None:
    """Returns the accepted offer of a call: the talk it is in, or the last one if the operator hung up."""
    accepted = select(Offer).where(Offer.call_id == call_id, Offer.state == OfferState.ACCEPTED)
    return session.scalar(accepted.execution_options(populate_existing=True))


def was_hung_up(session: Session, call_id: int) -> bool:
    """Returns whether the operator of the present or last talk hung up on purpose."""
    talk = talk_of(session, call_id)
    return talk is not None and talk.hung_up_at is not None


def leg_of_talk(session: Session, call_id: int) -> str | None:
    """Returns the operator's leg of the present talk, or None."""
    talk = talk_of(session, call_id)
    return None if talk is None else talk.leg_sid


def last_talker(session: Session, call_id: int) -> int | None:
    """Returns the operator of the last talk of this call that was lost, or None."""
    lost = select(Offer.operator_id).where(Offer.call_id == call_id, Offer.state == OfferState.LOST)
    return session.scalar(lost.order_by(Offer.id.desc()).limit(1))
