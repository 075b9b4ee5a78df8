from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.rules.enums import CallState, OfferState
from hotline.store.calls.tables import Call, Offer


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
