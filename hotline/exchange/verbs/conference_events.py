"""What is told about a conference, to the callback its first participant named.

Source: the status callback table of the Conference page. Conference events have a counter of their own, from 1.
"""

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import DocumentRequest
from hotline.exchange.state.conferences import Conference, Participant
from hotline.exchange.vocabulary.enums import ConferenceEndReason, LeaveReason
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.callbacks import send_aside
from hotline.exchange.webhooks.parameters import rfc2822

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


def left_fields(seat: Participant, reason: LeaveReason) -> dict[str, str]:
    """Return what a participant-leave event adds."""
    return {"ParticipantCallStatus": seat.call.reported_status(), "ReasonParticipantLeft": reason}


def ended_fields(conference: Conference, why: ConferenceEndReason) -> dict[str, str]:
    """Return what a conference-end event adds."""
    extra = {"ReasonConferenceEnded": why, "Reason": why.replace("-", " ")}
    if conference.ended_by is not None:
        extra["CallSidEndingConference"] = conference.ended_by
    if conference.ended_by_label is not None:
        extra["ParticipantLabelEndingConference"] = conference.ended_by_label
    return extra


def is_asked_for(conference: Conference, event: str) -> bool:
    """Whether the first participant asked to be told of such events."""
    return conference.callback is not None and _GROUPS[event] in conference.callback.events


def tell(
    exchange: Exchange,
    conference: Conference,
    event: str,
    seat: Participant | None = None,
    extra: dict[str, str] | None = None,
) -> None:
    """Send a conference event, if the first participant asked for its kind."""
    callback = conference.callback
    if callback is None or not is_asked_for(conference, event):
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
    send_aside(
        exchange,
        RequestKind.CONFERENCE,
        DocumentRequest(callback.url, callback.method, form),
        seat.call if seat else None,
    )


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
