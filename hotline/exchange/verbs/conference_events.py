"""The events of a conference, sent to the callback of its first participant.

Source: the status callback table of the Conference page. Conference events have a counter of their own, from 1. Speech
(statusCallbackEvent `speaker`) is typed text: it lasts as long as saying it would, and text typed meanwhile prolongs it.
Real sound goes from browser to browser (`audio_mesh`), so the exchange cannot detect speech in it.
"""

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import DocumentRequest
from hotline.exchange.state.conferences import Conference, Participant
from hotline.exchange.vocabulary.enums import ConferenceEndReason, LeaveReason
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import speaking_seconds
from hotline.exchange.webhooks.callbacks import send_callback
from hotline.exchange.webhooks.parameters import rfc2822

# Each event with the word of statusCallbackEvent that asks for it.
_GROUPS = {
    "conference-start": "start",
    "conference-end": "end",
    "participant-join": "join",
    "participant-leave": "leave",
    "participant-mute": "mute",
    "participant-unmute": "mute",
    "participant-hold": "hold",
    "participant-unhold": "hold",
    "participant-modify": "modify",
    "participant-speech-start": "speaker",
    "participant-speech-stop": "speaker",
    "announcement-end": "announcement",
    "announcement-fail": "announcement",
}
_SPEECH_START, _SPEECH_STOP = "participant-speech-start", "participant-speech-stop"


def left_fields(seat: Participant, reason: LeaveReason) -> dict[str, str]:
    """Returns the additional fields of a participant-leave event."""
    return {"ParticipantCallStatus": seat.call.reported_status(), "ReasonParticipantLeft": reason}


def ended_fields(conference: Conference, why: ConferenceEndReason) -> dict[str, str]:
    """Returns the additional fields of a conference-end event."""
    extra = {"ReasonConferenceEnded": why, "Reason": why.replace("-", " ")}
    if conference.ended_by is not None:
        extra["CallSidEndingConference"] = conference.ended_by
    if conference.ended_by_label is not None:
        extra["ParticipantLabelEndingConference"] = conference.ended_by_label
    return extra


def is_subscribed(conference: Conference, event: str) -> bool:
    """Returns True if the first participant requested events of this kind."""
    return conference.callback is not None and _GROUPS[event] in conference.callback.events


def send_event(
    exchange: Exchange,
    conference: Conference,
    event: str,
    seat: Participant | None = None,
    extra: dict[str, str] | None = None,
) -> None:
    """Sends a conference event, if the first participant requested its kind."""
    callback = conference.callback
    if callback is None or not is_subscribed(conference, event):
        return
    form = {
        "AccountSid": exchange.settings.account_sid,
        "ConferenceSid": conference.sid,
        "FriendlyName": conference.name,
        "SequenceNumber": str(next(conference.sequence)),
        "Timestamp": rfc2822(exchange.clock.now()),
        "StatusCallbackEvent": event,
        **(_seat_fields(seat) if seat is not None else {}),
        **(extra or {}),
    }
    fetch = DocumentRequest(callback.url, callback.method, form)
    send_callback(exchange, RequestKind.CONFERENCE, fetch, seat.call if seat else None)


def _seat_fields(seat: Participant) -> dict[str, str]:
    fields = {
        "CallSid": seat.call.sid,
        "Muted": str(seat.muted).lower(),
        "Hold": str(seat.hold).lower(),
        "Coaching": str(seat.coaching).lower(),
        "EndConferenceOnExit": str(seat.end).lower(),
        "StartConferenceOnEnter": str(seat.start).lower(),
    }
    if seat.label is not None:
        fields["ParticipantLabel"] = seat.label
    return fields


def speech_started(exchange: Exchange, conference: Conference, seat: Participant, text: str) -> None:
    """Reports that a participant speaks and, later, that it has stopped; one that is not heard does not speak."""
    if not conference.is_open(seat) or not is_subscribed(conference, _SPEECH_START):
        return
    seat.quiet_at = max(seat.quiet_at, exchange.clock.seconds()) + speaking_seconds(text)
    if seat.speech is None:
        send_event(exchange, conference, _SPEECH_START, seat)
        seat.speech = exchange.spawn(_stop_when_quiet(exchange, conference, seat))


async def _stop_when_quiet(exchange: Exchange, conference: Conference, seat: Participant) -> None:
    while (left := seat.quiet_at - exchange.clock.seconds()) > 0:
        await exchange.clock.sleep(left)
    seat.speech = None
    send_event(exchange, conference, _SPEECH_STOP, seat)


def speech_stopped(exchange: Exchange, conference: Conference, seat: Participant) -> None:
    """Reports that a participant who spoke is no longer heard: muted, on hold or gone."""
    if seat.speech is not None:
        seat.speech.cancel()
        seat.speech, seat.quiet_at = None, 0.0
        send_event(exchange, conference, _SPEECH_STOP, seat)
