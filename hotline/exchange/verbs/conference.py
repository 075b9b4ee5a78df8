"""Conferences: taking a seat, waiting for the start, leaving, and what is told about it.

Sources: the Conference page (attributes, status callback table, "URL and events are taken from the first participant
only") and "Participants". A conference starts when two are in it and one of them may start it; whoever waits hears the
wait document once (it does not loop); a wait document that fails sends its caller on to what follows the Dial.
"""

import asyncio

from hotline.exchange.calls.scene import Follow
from hotline.exchange.calls.speaking import hold_music
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, EndCall, new_sid
from hotline.exchange.state.conferences import Conference, ConferenceCallback, Participant
from hotline.exchange.time.concurrency import background_task
from hotline.exchange.twiml.document import ConferenceNoun
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.verbs.conference_events import ended_fields, left_fields, tell
from hotline.exchange.verbs.conference_speech import hush
from hotline.exchange.verbs.recordings import begin_tape, end_tape
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


def find_conference(exchange: Exchange, key: str) -> Conference | None:
    """Return the conference with that sid, or the one of that name which is not over yet."""
    if key in exchange.registry.conferences:
        return exchange.registry.conferences[key]
    for conference in exchange.registry.conferences.values():
        if conference.name == key and conference.status is not ConferenceStatus.COMPLETED:
            return conference
    return None


def open_conference(exchange: Exchange, name: str) -> Conference:
    """Return the running conference of that name, made if there is none."""
    found = find_conference(exchange, name)
    if found is not None and found.status is not ConferenceStatus.COMPLETED:
        return found
    now = exchange.clock.now()
    conference = Conference(new_sid("CF"), name, created=now, updated=now)
    exchange.registry.conferences[conference.sid] = conference
    return conference


def reserve(exchange: Exchange, conference: Conference, call: Call, room: ConferenceNoun) -> Participant:
    """Give `call` a seat that is not taken yet (its telephone may still have to be rung)."""
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


async def attend(
    exchange: Exchange, conference: Conference, seat: Participant, room: ConferenceNoun, follow: Follow
) -> None:
    """Sit in a conference until it ends, the seat is taken away, or an order comes. URLs in `room` are absolute."""
    call = seat.call
    if len(conference.connected()) >= room.limit:
        exchange.trouble(16020, f"conference {conference.sid} is full ({room.limit})", call.sid)
        conference.participants.pop(call.sid, None)
        return
    _enter(exchange, conference, seat, room)
    try:
        async with background_task(_wait_music(exchange, conference, seat, room, follow)):
            await asyncio.shield(seat.left)
    finally:
        if seat.aside is not None:
            seat.aside.cancel()
        call.meeting = None
        by_person = isinstance(call.order, EndCall) and call.order.by is Initiator.PARTY
        leave(exchange, conference, seat, LeaveReason.HUNG_UP if by_person else LeaveReason.VIA_API)


def _enter(exchange: Exchange, conference: Conference, seat: Participant, room: ConferenceNoun) -> None:
    if not conference.configured:
        conference.configured = True
        conference.record = room.record
        conference.recording = room.recording
        if room.status_url is not None:
            conference.callback = ConferenceCallback(room.status_url, room.status_method, room.status_events)
    seat.status = ParticipantStatus.CONNECTED
    seat.call.meeting = conference
    conference.updated = exchange.clock.now()
    tell(exchange, conference, "participant-join", seat)
    seated = conference.connected()
    if conference.started.is_set():
        _beep(exchange, conference, seat, wanted=seat.beep_in)
    elif len(seated) > 1 and any(other.start for other in seated):
        _start(exchange, conference)
    conference.announce_parties()


def _start(exchange: Exchange, conference: Conference) -> None:
    conference.status = ConferenceStatus.IN_PROGRESS
    conference.started.set()
    if conference.record:
        source = RecordingSource.CONFERENCE
        conference.active_recording = begin_tape(exchange, source, conference, conference.recording)
    tell(exchange, conference, "conference-start")


async def _wait_music(
    exchange: Exchange, conference: Conference, seat: Participant, room: ConferenceNoun, follow: Follow
) -> None:
    """Let the one who waits hear something until the start."""
    if conference.started.is_set():
        return
    async with background_task(_music(exchange, seat, room, follow)):
        await conference.started.wait()


async def _music(exchange: Exchange, seat: Participant, room: ConferenceNoun, follow: Follow) -> None:
    if not room.wait_url:
        await hold_music(exchange, seat.call, silent=room.wait_url is not None)
    try:
        await follow(
            exchange, seat.call, DocumentRequest(room.wait_url, room.wait_method), DocumentContext.CONFERENCE
        )
    except DocumentError as error:
        exchange.trouble(error.code, f"conference wait document: {error.text}", seat.call.sid)
        release(seat, LeaveReason.VIA_API)


def release(seat: Participant, reason: LeaveReason) -> None:
    """Let the call in this seat go on with what follows its conference."""
    if not seat.left.done():
        seat.left.set_result(reason)


def _beep(exchange: Exchange, conference: Conference, mover: Participant, *, wanted: bool) -> None:
    for other in conference.connected() if wanted else ():
        if other is not mover:
            exchange.tell(other.call, Beep())


def leave(
    exchange: Exchange,
    conference: Conference,
    seat: Participant,
    reason: LeaveReason,
    *,
    kicked: bool = False,
) -> None:
    """Vacate a seat, tell it, and end the conference if that follows; a seat already vacated is no mistake."""
    if conference.participants.pop(seat.call.sid, None) is None:
        return
    seat.status = ParticipantStatus.COMPLETE
    conference.updated = exchange.clock.now()
    hush(exchange, conference, seat)
    tell(exchange, conference, "participant-leave", seat, left_fields(seat, reason))
    release(seat, reason)
    if not isinstance(seat.call.order, EndCall):
        exchange.tell(seat.call, PartyChanged(()))
    conference.announce_parties()
    _beep(exchange, conference, seat, wanted=seat.beep_out)
    if seat.end:
        why = ConferenceEndReason.MODERATOR_KICKED if kicked else ConferenceEndReason.MODERATOR_LEFT
        end(exchange, conference, why, LeaveReason.MODERATOR_ENDED, seat)
    elif not conference.connected():
        why = ConferenceEndReason.LAST_KICKED if kicked else ConferenceEndReason.LAST_LEFT
        end(exchange, conference, why, LeaveReason.VIA_API, seat)


def end(
    exchange: Exchange,
    conference: Conference,
    why: ConferenceEndReason,
    others: LeaveReason,
    by: Participant | None,
) -> None:
    """Finish a conference: everybody left goes on with what follows, and the recording is closed.

    Whoever is still being rung keeps ringing, as on the real carrier: the application has to cancel that call itself.
    """
    if conference.status is ConferenceStatus.COMPLETED:
        return
    conference.status = ConferenceStatus.COMPLETED
    conference.updated = exchange.clock.now()
    conference.end_reason = why
    if by is not None:
        conference.ended_by, conference.ended_by_label = by.call.sid, by.label
    for seat in conference.connected():
        leave(exchange, conference, seat, others)
    conference.participants.clear()
    if conference.active_recording is not None:
        end_tape(exchange, conference.active_recording)
    tell(exchange, conference, "conference-end", None, ended_fields(conference, why))
    exchange.registry.conference_ended(conference)
