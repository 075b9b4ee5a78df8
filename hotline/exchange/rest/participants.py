"""Participants over REST: add somebody by ringing them, change what they hear and may say, take them out.

Source: the Participant resource. There is no status to update: leaving is DELETE, and the call then goes on with what
follows its Dial (or ends, when it was added here).
"""

from aiohttp import web

from hotline.exchange.calls.call_task import run_call
from hotline.exchange.calls.machine_detection import in_background
from hotline.exchange.calls.origination import enforce_time_limit, place_call
from hotline.exchange.core.exchange import EXCHANGE, Exchange
from hotline.exchange.rest.addresses import status_callback, to_and_from
from hotline.exchange.rest.admission import check_capacity, machine_detection, time_limit
from hotline.exchange.rest.errors import ApiError, invalid, not_found
from hotline.exchange.rest.forms import RequestForm, read_form
from hotline.exchange.rest.paging import page_response
from hotline.exchange.rest.path_resources import requested_conference
from hotline.exchange.rest.serializers import serialize_participant
from hotline.exchange.state.calls import Call, DocumentRequest, new_sid
from hotline.exchange.state.conferences import Conference, Participant
from hotline.exchange.twiml.document import ConferenceNoun
from hotline.exchange.verbs.announcements import announce, hold, unhold
from hotline.exchange.verbs.conference import add_participant, find_conference, join, leave, open_conference
from hotline.exchange.verbs.conference_events import left_fields, send_event, speech_stopped
from hotline.exchange.vocabulary.enums import ConferenceStatus, Direction, LeaveReason, ParticipantStatus

_EVENTS = frozenset({"start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"})
_BEEPS = frozenset({"true", "false", "onEnter", "onExit"})


def _seat(request: web.Request, conference: Conference) -> Participant:
    """Return the participant by call sid or label; raises ApiError 20404."""
    key = request.match_info["participant"]
    for seat in conference.participants.values():
        if key in {seat.call.sid, seat.label}:
            return seat
    raise not_found(request.path)


def _room(form: RequestForm, name: str) -> ConferenceNoun:
    """Return the seat's properties as they would stand in a Conference noun."""
    beep = form.text("Beep") or "true"
    if beep not in _BEEPS:
        raise invalid("Beep", f"must be one of {sorted(_BEEPS)}")
    start = form.truth("StartConferenceOnEnter")
    return ConferenceNoun(
        name=name,
        start=True if start is None else start,
        end=form.truth("EndConferenceOnExit") or False,
        muted=form.truth("Muted") or False,
        beep_in=beep in {"true", "onEnter"},
        beep_out=beep in {"true", "onExit"},
        wait_url=form.url("WaitUrl"),
        wait_method=form.method("WaitMethod"),
        limit=form.integer("MaxParticipants", 250, 2, 250),
        record=form.text("ConferenceRecord") in {"true", "record-from-start"},
        coach=form.text("CallSidToCoach") if form.truth("Coaching") else None,
        label=form.text("Label"),
        status_url=form.url("ConferenceStatusCallback"),
        status_method=form.method("ConferenceStatusCallbackMethod"),
        status_events=form.words("ConferenceStatusCallbackEvent", _EVENTS, "start end"),
        recording=form.recording_callback("ConferenceRecording"),
    )


async def create_participant(request: web.Request) -> web.Response:
    """Ring somebody into a conference, which need not exist yet when it is named by its friendly name."""
    exchange = request.app[EXCHANGE]
    form = await read_form(request)
    to, from_ = to_and_from(exchange, form)
    room = _room(form, _wanted_name(exchange, request))
    call = Call(new_sid("CA"), from_, to, Direction.OUTBOUND_API, exchange.clock.now())
    call.callback = status_callback(form)
    call.time_limit = time_limit(form)
    timeout = form.integer("Timeout", 60, 1, 600)
    detection = machine_detection(form, "AmdStatusCallback")
    check_capacity(exchange)
    conference = _with_seat_for(exchange, room)
    seat = add_participant(exchange, conference, call, room)

    async def answered() -> None:
        exchange.spawn(enforce_time_limit(exchange, call))
        if detection is not None:
            exchange.spawn(in_background(exchange, call, detection))
        await join(exchange, _rejoin(exchange, conference, seat), seat, room)

    exchange.registry.calls[call.sid] = call
    exchange.spawn(run_call(exchange, call, place_call(exchange, call, timeout, answered)))
    exchange.spawn(_watch(exchange, conference, seat))
    return web.json_response(serialize_participant(exchange, conference, seat), status=201)


def _wanted_name(exchange: Exchange, request: web.Request) -> str:
    """Return the name of the conference in the path; one named by sid must be running (20404)."""
    key = request.match_info["conference"]
    if not key.startswith("CF"):
        return key
    conference = find_conference(exchange, key)
    if conference is None or conference.status is ConferenceStatus.COMPLETED:
        raise not_found(request.path)
    return conference.name


def _with_seat_for(exchange: Exchange, room: ConferenceNoun) -> Conference:
    """Return the running conference of that name, or a new one; raises 16025, 16028 or 16020."""
    existing = find_conference(exchange, room.name)
    seats = {} if existing is None else existing.participants
    if room.label is not None and any(seat.label == room.label for seat in seats.values()):
        raise ApiError(400, 16025, f"The label {room.label} is already in use in this conference")
    if room.coach is not None and room.coach not in seats:
        raise ApiError(400, 16028, "The call to coach is not in this conference")
    if len(seats) >= room.limit:
        raise ApiError(400, 16020, "The conference is full")
    return open_conference(exchange, room.name)


def _rejoin(exchange: Exchange, conference: Conference, seat: Participant) -> Conference:
    """Return the conference to join: a new one of the same name if the old one ended while the telephone rang."""
    if conference.status is ConferenceStatus.COMPLETED:
        conference = open_conference(exchange, conference.name)
    conference.participants[seat.call.sid] = seat
    return conference


async def _watch(exchange: Exchange, conference: Conference, seat: Participant) -> None:
    """Give up the seat of somebody who never came, and tell it."""
    await seat.call.over.wait()
    if seat.call.answered_at is None:
        conference.participants.pop(seat.call.sid, None)
        seat.status = ParticipantStatus.FAILED
        send_event(exchange, conference, "participant-leave", seat, left_fields(seat, LeaveReason.ADD_FAILED))
        is_over = conference.status is ConferenceStatus.COMPLETED
        if not is_over and not conference.configured and not conference.participants:
            conference.status = ConferenceStatus.COMPLETED
            exchange.registry.conference_ended(conference)


async def list_participants(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    conference = requested_conference(request)
    flags = {
        name: RequestForm(request.query.items()).truth(name.capitalize())
        for name in ("muted", "hold", "coaching")
    }
    found = [
        seat
        for seat in conference.participants.values()
        if all(value is None or getattr(seat, name) is value for name, value in flags.items())
    ]
    return page_response(
        request,
        "participants",
        found,
        lambda seat: seat.call.sid,
        lambda seat: serialize_participant(exchange, conference, seat),
    )


async def fetch_participant(request: web.Request) -> web.Response:
    conference = requested_conference(request)
    return web.json_response(
        serialize_participant(request.app[EXCHANGE], conference, _seat(request, conference))
    )


async def update_participant(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    conference = requested_conference(request)
    seat = _seat(request, conference)
    form = await read_form(request)
    _change_hold(exchange, conference, seat, form)
    _change_voice(exchange, conference, seat, form)
    announcement = form.url("AnnounceUrl")
    if announcement is not None:
        announce(exchange, conference, [seat], DocumentRequest(announcement, form.method("AnnounceMethod")))
    seat.updated = exchange.clock.now()
    exchange.audio_mesh.schedule_update()
    return web.json_response(serialize_participant(exchange, conference, seat))


def _change_hold(exchange: Exchange, conference: Conference, seat: Participant, form: RequestForm) -> None:
    wanted = form.truth("Hold")
    url = form.url("HoldUrl")
    if wanted is None or wanted == seat.hold:
        return
    seat.hold = wanted
    if wanted:
        speech_stopped(exchange, conference, seat)
        hold(exchange, seat, None if url is None else DocumentRequest(url, form.method("HoldMethod", "GET")))
    else:
        unhold(seat)
    send_event(exchange, conference, "participant-hold" if wanted else "participant-unhold", seat)


def _change_voice(exchange: Exchange, conference: Conference, seat: Participant, form: RequestForm) -> None:
    muted, coaching, end = form.truth("Muted"), form.truth("Coaching"), form.truth("EndConferenceOnExit")
    coached = form.text("CallSidToCoach") or seat.coach_to
    if coaching and coached not in conference.participants:
        raise ApiError(400, 16028, "The call to coach is not in this conference")
    if muted is not None and muted != seat.muted:
        seat.muted = muted
        if muted:
            speech_stopped(exchange, conference, seat)
        send_event(exchange, conference, "participant-mute" if muted else "participant-unmute", seat)
    before = (seat.coaching, seat.coach_to, seat.end, seat.beep_out)
    seat.coaching = seat.coaching if coaching is None else coaching
    seat.coach_to = coached if seat.coaching else None
    seat.end = seat.end if end is None else end
    beep_out = form.truth("BeepOnExit")
    seat.beep_out = seat.beep_out if beep_out is None else beep_out
    if before != (seat.coaching, seat.coach_to, seat.end, seat.beep_out):
        send_event(exchange, conference, "participant-modify", seat)


async def remove_participant(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    conference = requested_conference(request)
    seat = _seat(request, conference)
    leave(exchange, conference, seat, LeaveReason.VIA_API, kicked=True)
    return web.Response(status=204)
