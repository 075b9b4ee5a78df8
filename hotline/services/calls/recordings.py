"""Recordings: a voice message opens a draft ticket, and every recording leads to a copy of its sound (see `sounds`).

The carrier reports a recording twice and in any order (the Record verb's action, the recording status
callback); the first report counts.
"""

import hashlib

from sqlalchemy import select, update

from hotline import events
from hotline.rules.enums import CallEnd, CallState, Channel, RecordingKind, RecordingState, TicketState
from hotline.services.calls.queries import lock_call
from hotline.services.outbound import callbacks
from hotline.store.calls.recordings import Recording
from hotline.store.calls.tables import Call
from hotline.store.tickets.tables import Ticket
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork

# Title of the draft until a clerk has listened. It is shown in every language, so it contains both.
MESSAGE_TITLE = "语音留言"
MIN_SECONDS = 1
# The sid column holds 40 characters.
_PROVISIONAL, _SID_LENGTH = "url-", 36
_GIVEN_UP = (CallEnd.LEFT_IN_FLOW, CallEnd.ABANDONED)


def provisional_sid(url: str) -> str:
    """Returns the sid under which a recording is kept while the carrier has told its address only."""
    return _PROVISIONAL + hashlib.sha256(url.encode()).hexdigest()[:_SID_LENGTH]


def is_provisional(sid: str) -> bool:
    return sid.startswith(_PROVISIONAL)


def _is_known_by_other_sid(work: UnitOfWork, call_id: int, sid: str, seconds: int) -> bool:
    """Joins the two reports of one message: the Record's action without a sid, and the recording's own callback with it."""
    messages = select(Recording).where(
        Recording.call_id == call_id, Recording.kind == RecordingKind.MESSAGE, Recording.sid != sid
    )
    provisional = Recording.sid.startswith(_PROVISIONAL)
    if is_provisional(sid):
        known = messages.where(~provisional, Recording.seconds == seconds)
        return work.session.scalar(known.limit(1)) is not None
    waiting = work.session.scalar(messages.where(provisional).order_by(Recording.id).limit(1))
    repeated = work.session.scalar(select(Recording.id).where(Recording.sid == sid)) is not None
    if waiting is None or repeated:
        return False
    waiting.sid, waiting.seconds = sid, seconds
    work.session.flush()
    return True


def record_message(work: UnitOfWork, call_id: int, sid: str, seconds: int) -> None:
    """Records a voice message, opens a draft ticket for it and settles what the caller was owed. Idempotent.

    A call that counted as given up is counted as one that left a message.
    """
    if seconds < MIN_SECONDS:
        return
    # Lock order: the call first, so that two reports of one message cannot both open a draft.
    lock_call(work, call_id)
    if _is_known_by_other_sid(work, call_id, sid, seconds):
        return
    if _insert(work, call_id, sid, seconds, RecordingKind.MESSAGE) is None:
        return
    open_draft(work, call_id, title=MESSAGE_TITLE)
    callbacks.settle_served(work, call_id)
    given_up = update(Call).where(Call.id == call_id, Call.state == CallState.ENDED, Call.end.in_(_GIVEN_UP))
    work.session.execute(given_up.values(end=CallEnd.LEFT_MESSAGE))


def record_finished(work: UnitOfWork, call_id: int, sid: str, seconds: int, kind: RecordingKind) -> None:
    """Records a finished recording of this call. Idempotent."""
    if kind is RecordingKind.MESSAGE:
        record_message(work, call_id, sid, seconds)
    elif seconds >= MIN_SECONDS:
        lock_call(work, call_id)
        _insert(work, call_id, sid, seconds, kind)


def mark_absent(work: UnitOfWork, sid: str) -> None:
    """Marks a recording without sound at the carrier; it is not fetched."""
    work.session.execute(
        update(Recording)
        .where(Recording.sid == sid, Recording.state == RecordingState.AT_CARRIER)
        .values(state=RecordingState.ABSENT)
    )


def _insert(work: UnitOfWork, call_id: int, sid: str, seconds: int, kind: RecordingKind) -> int | None:
    row = {
        "sid": sid,
        "call_id": call_id,
        "kind": kind,
        "state": RecordingState.AT_CARRIER,
        "seconds": seconds,
        "recorded_at": work.at,
    }
    recording_id: int | None = insert_if_absent(work.session, Recording, Recording.id, row)
    if recording_id is not None:
        work.record(events.RecordingMade(call_id, recording_id))
    return recording_id


def open_draft(work: UnitOfWork, call_id: int, *, title: str = "", author_id: int | None = None) -> bool:
    """Opens a draft for a call unless it has a ticket; returns whether it did. The caller holds the lock on the call.

    Without an author, every writer of tickets may go on with it.
    """
    if work.session.scalar(select(Ticket.id).where(Ticket.call_id == call_id).limit(1)) is not None:
        return False
    call = work.session.get_one(Call, call_id, populate_existing=True)
    ticket = Ticket(
        state=TicketState.DRAFT,
        channel=Channel.PHONE,
        title=title,
        author_id=author_id,
        call_id=call_id,
        caller_number=call.number or call.number_raw,
        received_at=work.at,
        received_on=work.today,
    )
    work.session.add(ticket)
    work.session.flush()
    work.record(events.TicketOpened(ticket.id))
    return True
