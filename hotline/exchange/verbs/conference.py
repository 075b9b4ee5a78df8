"""Conferences: joining, waiting for the start, leaving, and the events sent about it.

Sources: the Conference page (attributes, status callback table, "URL and events are taken from the first participant
only") and "Participants". A conference starts when two are in it and one of them may start it; a participant that waits
hears the wait document once (it does not loop); a wait document that fails sends its caller on to what follows the Dial.
"""

import asyncio
from functools import partial

from hotline.exchange.calls.speech import hold_music
from hotline.exchange.core.concurrency import background_task
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, HangUpCall, new_sid
from hotline.exchange.state.conferences import Conference, Participant
from hotline.exchange.twiml.document import ConferenceNoun
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.verbs.conference_events import (
    ended_fields,
    left_fields,
    send_event,
    speech_started,
    speech_stopped,
)
from hotline.exchange.verbs.recordings import begin_recording, end_recording
from hotline.exchange.vocabulary.enums import (
    ConferenceEndReason,
    ConferenceStatus,
    DocumentContext,
    Initiator,
    LeaveReason,
    ParticipantStatus,
    RecordingSource,
)
from hotline.exchange.vocabulary.sounds import Beep, PartyChanged
from hotline.exchange.vocabulary.status_callback import StatusCallback


def find_conference(exchange: Exchange, key: str) -> Conference | None:
    """Returns the conference with that sid, or the one of that name which is not over yet."""
    if key in exchange.registry.conferences:
        return exchange.registry.conferences[key]
    for conference in exchange.registry.conferences.values():
        if conference.name == key and conference.status is not ConferenceStatus.COMPLETED:
            return conference
    return None


def open_conference(exchange: Exchange, name: str) -> Conference:
    """Returns the running conference of that name, created if there is none."""
    found = find_conference(exchange, name)
    if found is not None and found.status is not ConferenceStatus.COMPLETED:
        return found
    now = exchange.clock.now()
    conference = Conference(new_sid("CF"), name, created=now, updated=now)
    conference.on_speech = partial(speech_started, exchange, conference)
    exchange.registry.conferences[conference.sid] = conference
    return conference


def add_participant(
    exchange: Exchange, conference: Conference, call: Call, room: ConferenceNoun
) -> Participant:
    """Adds `call` as a participant that has not joined yet (its telephone may still have to be rung)."""
    now = exchange.clock.now()
    seat = Participant(
        call=call,
        created=now,
        updated=now,
        left=asyncio.get_running_loop().create_future(),
        label=room.label,
        start=room.start,
        end=room.end,
        muted=room.muted,
        coach_to=room.coach,
        beep_in=room.beep_in,
        beep_out=room.beep_out,
        coaching=room.coach is not None,
    )
    conference.participants[call.sid] = seat
    return seat


async def join(exchange: Exchange, conference: Conference, seat: Participant, room: ConferenceNoun) -> None:
    """Takes part in a conference until it ends, the participant is removed, or an order comes; URLs in `room` are absolute."""
    call = seat.call
    if len(conference.connected()) >= room.limit:
        exchange.alert(16020, f"conference {conference.sid} is full ({room.limit})", call.sid)
        conference.participants.pop(call.sid, None)
        return
    _enter(exchange, conference, seat, room)
    try:
        async with background_task(_wait_for_start(exchange, conference, seat, room)):
            # Without the shield an order, which cancels this task, would cancel the future too.
            await asyncio.shield(seat.left)
    finally:
        if seat.aside is not None:
            seat.aside.cancel()
        call.meeting = None
        by_person = isinstance(call.order, HangUpCall) and call.order.by is Initiator.PARTY
        leave(exchange, conference, seat, LeaveReason.HUNG_UP if by_person else LeaveReason.VIA_API)


def _enter(exchange: Exchange, conference: Conference, seat: Participant, room: ConferenceNoun) -> None:
    # Source: the Conference page, "URL and events are taken from the first participant only".
    if not conference.configured:
        conference.configured = True
        conference.record = room.record
        conference.recording = room.recording
        if room.status_url is not None:
            conference.callback = StatusCallback(room.status_url, room.status_method, room.status_events)
    seat.status = ParticipantStatus.CONNECTED
    seat.call.meeting = conference
    conference.updated = exchange.clock.now()
    send_event(exchange, conference, "participant-join", seat)
    connected = conference.connected()
    if conference.started.is_set():
        _beep(conference, seat, wanted=seat.beep_in)
    elif len(connected) > 1 and any(other.start for other in connected):
        _start(exchange, conference)
    conference.announce_parties()


def _start(exchange: Exchange, conference: Conference) -> None:
    conference.status = ConferenceStatus.IN_PROGRESS
    conference.started.set()
    if conference.record:
        source = RecordingSource.CONFERENCE
        conference.active_recording = begin_recording(exchange, source, conference, conference.recording)
    send_event(exchange, conference, "conference-start")


async def _wait_for_start(
    exchange: Exchange, conference: Conference, seat: Participant, room: ConferenceNoun
) -> None:
    """Plays the wait document to a participant until the conference starts."""
    if conference.started.is_set():
        return
    async with background_task(_play_wait_document(exchange, seat, room)):
        await conference.started.wait()


async def _play_wait_document(exchange: Exchange, seat: Participant, room: ConferenceNoun) -> None:
    if not room.wait_url:
        await hold_music(exchange.clock, seat.call, silent=room.wait_url is not None)
    try:
        fetch = DocumentRequest(room.wait_url, room.wait_method)
        await exchange.run_documents(seat.call, fetch, DocumentContext.CONFERENCE)
    except DocumentError as error:
        exchange.alert(error.code, f"conference wait document: {error.text}", seat.call.sid)
        release(seat, LeaveReason.VIA_API)


def release(seat: Participant, reason: LeaveReason) -> None:
    """Lets the call of this participant go on with what follows its conference."""
    if not seat.left.done():
        seat.left.set_result(reason)


def _beep(conference: Conference, mover: Participant, *, wanted: bool) -> None:
    for other in conference.connected() if wanted else ():
        if other is not mover:
            other.call.hear(Beep())


def leave(
    exchange: Exchange,
    conference: Conference,
    seat: Participant,
    reason: LeaveReason,
    *,
    kicked: bool = False,
) -> None:
    """Removes a participant, sends the event, and ends the conference if that follows.

    Has no effect on a participant that has left already: a removal over REST and the call's own end both come here.
    """
    if conference.participants.pop(seat.call.sid, None) is None:
        return
    seat.status = ParticipantStatus.COMPLETE
    conference.updated = exchange.clock.now()
    speech_stopped(exchange, conference, seat)
    send_event(exchange, conference, "participant-leave", seat, left_fields(seat, reason))
    release(seat, reason)
    if not isinstance(seat.call.order, HangUpCall):
        seat.call.hear(PartyChanged(()))
    conference.announce_parties()
    _beep(conference, seat, wanted=seat.beep_out)
    if seat.end:
        why = ConferenceEndReason.MODERATOR_KICKED if kicked else ConferenceEndReason.MODERATOR_LEFT
        end_conference(exchange, conference, why, LeaveReason.MODERATOR_ENDED, seat)
    elif not conference.connected():
        why = ConferenceEndReason.LAST_KICKED if kicked else ConferenceEndReason.LAST_LEFT
        end_conference(exchange, conference, why, LeaveReason.VIA_API, seat)


def end_conference(
    exchange: Exchange,
    conference: Conference,
    why: ConferenceEndReason,
    others: LeaveReason,
    by: Participant | None,
) -> None:
    """Ends a conference: every participant left goes on with what follows, and the recording is closed.

    A telephone that is still being rung keeps ringing, as with the real carrier: the application has to cancel that call.
    """
    if conference.status is ConferenceStatus.COMPLETED:
        return
    # Set first: `leave` below comes back here for the last participant.
    conference.status = ConferenceStatus.COMPLETED
    conference.updated = exchange.clock.now()
    conference.end_reason = why
    if by is not None:
        conference.ended_by, conference.ended_by_label = by.call.sid, by.label
    for seat in conference.connected():
        leave(exchange, conference, seat, others)
    conference.participants.clear()
    if conference.active_recording is not None:
        end_recording(exchange, conference.active_recording)
    send_event(exchange, conference, "conference-end", None, ended_fields(conference, why))
    exchange.registry.conference_ended(conference)
