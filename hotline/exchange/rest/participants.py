"""The Participant resource: call a person into a conference, mute, hold or coach, and remove a participant.

Source: the Participant resource. It has no status to update: DELETE removes a participant, whose call then continues
with the verb after its Dial (or ends, when it was created here).
"""

from aiohttp import web

from hotline.exchange.calls.call_task import run_call
from hotline.exchange.calls.machine_detection import in_background
from hotline.exchange.calls.origination import enforce_time_limit, place_call
from hotline.exchange.core.exchange import EXCHANGE, Exchange
from hotline.exchange.rest.call_parameters import (
    check_capacity,
    machine_detection,
    status_callback,
    time_limit,
    to_and_from,
)
from hotline.exchange.rest.errors import ApiError, invalid, not_found
from hotline.exchange.rest.forms import RequestForm, read_form
from hotline.exchange.rest.pagination import page_response
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


def _participant(request: web.Request, conference: Conference) -> Participant:
    """Returns the participant by call sid or label; raises ApiError 20404."""
    key = request.match_info["participant"]
    for participant in conference.participants.values():
        if key in {participant.call.sid, participant.label}:
            return participant
    raise not_found(request.path)


def _conference_noun(form: RequestForm, name: str) -> ConferenceNoun:
    """Returns the form's settings as a Conference noun."""
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
    """Calls a person into a conference; a conference given by its friendly name need not exist yet."""
    exchange = request.app[EXCHANGE]
    form = await read_form(request)
    to, from_ = to_and_from(exchange, form)
    noun = _conference_noun(form, _wanted_name(exchange, request))
    call = Call(new_sid("CA"), from_, to, Direction.OUTBOUND_API, exchange.clock.now())
    call.callback = status_callback(form)
    call.time_limit = time_limit(form)
    timeout = form.integer("Timeout", 60, 1, 600)
    detection = machine_detection(form, "AmdStatusCallback")
    check_capacity(exchange)
    conference = _conference_for(exchange, noun)
    participant = add_participant(exchange, conference, call, noun)

    async def answered() -> None:
        exchange.spawn(enforce_time_limit(exchange, call))
        if detection is not None:
            exchange.spawn(in_background(exchange, call, detection))
        await join(exchange, _rejoin(exchange, conference, participant), participant, noun)

    exchange.registry.calls[call.sid] = call
    exchange.spawn(run_call(exchange, call, place_call(exchange, call, timeout, answered)))
    exchange.spawn(_remove_unanswered(exchange, conference, participant))
    return web.json_response(serialize_participant(exchange, conference, participant), status=201)


def _wanted_name(exchange: Exchange, request: web.Request) -> str:
    """Returns the name of the conference in the path; one named by sid must be running (20404)."""
    key = request.match_info["conference"]
    if not key.startswith("CF"):
        return key
    conference = find_conference(exchange, key)
    if conference is None or conference.status is ConferenceStatus.COMPLETED:
        raise not_found(request.path)
    return conference.name


def _conference_for(exchange: Exchange, noun: ConferenceNoun) -> Conference:
    """Returns the running conference of that name, or a new one; raises 16025, 16028 or 16020."""
    existing = find_conference(exchange, noun.name)
    participants = {} if existing is None else existing.participants
    if noun.label is not None and any(other.label == noun.label for other in participants.values()):
        raise ApiError(400, 16025, f"The label {noun.label} is already in use in this conference")
    if noun.coach is not None and noun.coach not in participants:
        raise ApiError(400, 16028, "The call to coach is not in this conference")
    if len(participants) >= noun.limit:
        raise ApiError(400, 16020, "The conference is full")
    return open_conference(exchange, noun.name)


def _rejoin(exchange: Exchange, conference: Conference, participant: Participant) -> Conference:
    """Returns the conference to join, a new one of the same name if the old one ended while the telephone rang."""
    if conference.status is ConferenceStatus.COMPLETED:
        conference = open_conference(exchange, conference.name)
    conference.participants[participant.call.sid] = participant
    return conference


async def _remove_unanswered(exchange: Exchange, conference: Conference, participant: Participant) -> None:
    """Removes a participant whose call was not answered, and sends the event."""
    await participant.call.over.wait()
    if participant.call.answered_at is None:
        conference.participants.pop(participant.call.sid, None)
        participant.status = ParticipantStatus.FAILED
        send_event(
            exchange,
            conference,
            "participant-leave",
            participant,
            left_fields(participant, LeaveReason.ADD_FAILED),
        )
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
        participant
        for participant in conference.participants.values()
        if all(value is None or getattr(participant, name) is value for name, value in flags.items())
    ]
    return page_response(
        request,
        "participants",
        found,
        lambda participant: participant.call.sid,
        lambda participant: serialize_participant(exchange, conference, participant),
    )


async def fetch_participant(request: web.Request) -> web.Response:
    conference = requested_conference(request)
    return web.json_response(
        serialize_participant(request.app[EXCHANGE], conference, _participant(request, conference))
    )


async def update_participant(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    conference = requested_conference(request)
    participant = _participant(request, conference)
    form = await read_form(request)
    _change_hold(exchange, conference, participant, form)
    _change_voice(exchange, conference, participant, form)
    announcement = form.url("AnnounceUrl")
    if announcement is not None:
        announce(
            exchange, conference, [participant], DocumentRequest(announcement, form.method("AnnounceMethod"))
        )
    participant.updated = exchange.clock.now()
    exchange.audio_mesh.schedule_update()
    return web.json_response(serialize_participant(exchange, conference, participant))


def _change_hold(
    exchange: Exchange, conference: Conference, participant: Participant, form: RequestForm
) -> None:
    wanted = form.truth("Hold")
    url = form.url("HoldUrl")
    if wanted is None or wanted == participant.hold:
        return
    participant.hold = wanted
    if wanted:
        speech_stopped(exchange, conference, participant)
        hold(
            exchange,
            participant,
            None if url is None else DocumentRequest(url, form.method("HoldMethod", "GET")),
        )
    else:
        unhold(participant)
    send_event(exchange, conference, "participant-hold" if wanted else "participant-unhold", participant)


def _change_voice(
    exchange: Exchange, conference: Conference, participant: Participant, form: RequestForm
) -> None:
    muted, coaching, end = form.truth("Muted"), form.truth("Coaching"), form.truth("EndConferenceOnExit")
    coached = form.text("CallSidToCoach") or participant.coach_to
    if coaching and coached not in conference.participants:
        raise ApiError(400, 16028, "The call to coach is not in this conference")
    if muted is not None and muted != participant.muted:
        participant.muted = muted
        if muted:
            speech_stopped(exchange, conference, participant)
        send_event(exchange, conference, "participant-mute" if muted else "participant-unmute", participant)
    before = (participant.coaching, participant.coach_to, participant.end, participant.beep_out)
    participant.coaching = participant.coaching if coaching is None else coaching
    participant.coach_to = coached if participant.coaching else None
    participant.end = participant.end if end is None else end
    beep_out = form.truth("BeepOnExit")
    participant.beep_out = participant.beep_out if beep_out is None else beep_out
    if before != (participant.coaching, participant.coach_to, participant.end, participant.beep_out):
        send_event(exchange, conference, "participant-modify", participant)


async def remove_participant(request: web.Request) -> web.Response:
    exchange = request.app[EXCHANGE]
    conference = requested_conference(request)
    participant = _participant(request, conference)
    leave(exchange, conference, participant, LeaveReason.VIA_API, kicked=True)
    return web.Response(status=204)
