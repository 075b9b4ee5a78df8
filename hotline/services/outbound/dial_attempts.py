"""Plans dial attempts; an attempt is written before the carrier places the call."""

import secrets

from sqlalchemy import exists

from hotline import events
from hotline.rules.enums import CallPurpose, CallState, DialState
from hotline.store.calls.tables import Call
from hotline.store.outbound import Dial
from hotline.unit_of_work import UnitOfWork


def plan_dial(
    work: UnitOfWork,
    *,
    number: str,
    attempt: int,
    callback_id: int | None = None,
    follow_up_id: int | None = None,
) -> int:
    """Plans one attempt for exactly one callback or follow-up; returns its id.

    Reaction `place_dial` carries it out.
    """
    purpose = CallPurpose.CALLBACK if follow_up_id is None else CallPurpose.FOLLOW_UP
    dial = Dial(
        ref=secrets.token_hex(12),
        purpose=purpose,
        callback_id=callback_id,
        follow_up_id=follow_up_id,
        number=number,
        attempt=attempt,
        state=DialState.PLANNED,
        planned_at=work.at,
    )
    work.session.add(dial)
    work.session.flush()
    work.record(events.DialPlanned(dial.id))
    return dial.id


# Attempts that the carrier has, or may have.
AT_CARRIER = (DialState.PLACING, DialState.UNKNOWN, DialState.PLACED)
HAS_LIVE_CALL = exists().where(Call.dial_id == Dial.id, Call.state != CallState.ENDED)
