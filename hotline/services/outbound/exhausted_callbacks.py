"""Promises again a callback that reached nobody, on the decision of who has taken its escalation."""

from hotline.rules.enums import CallbackReason, EscalationKind
from hotline.rules.errors import NoSuchEscalation, NotAllowed
from hotline.services.outbound import callbacks
from hotline.services.queueing import escalations
from hotline.store.calls.escalations import Escalation
from hotline.store.outbound import Callback
from hotline.unit_of_work import UnitOfWork


def promise_again(work: UnitOfWork, escalation_id: int, note: str) -> None:
    """Promises a callback to the same number, with the caller's old place, and finishes the escalation.

    Raises NoSuchEscalation, NotAllowed for a wrap-up, BadNumber, and what `escalations.finish` raises.
    """
    found = work.session.get(Escalation, escalation_id)
    if found is None:
        raise NoSuchEscalation(str(escalation_id))
    callback = work.session.get(Callback, found.subject_id)
    if found.kind is not EscalationKind.CALLBACK_EXHAUSTED or callback is None:
        raise NotAllowed("only a callback is promised again")
    escalations.finish(work, escalation_id, note)
    callbacks.promise_callback(
        work,
        number=callback.number,
        reason=CallbackReason.MANUAL,
        call_id=callback.call_id,
        place_since=callback.place_since,
        language=callback.language,
    )
