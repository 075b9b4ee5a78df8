"""Serializes resources to JSON with the fields of the official API description; unknown values are null."""

from typing import Any

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call
from hotline.exchange.state.conferences import Conference, Participant
from hotline.exchange.state.queues import Member, WaitingQueue
from hotline.exchange.state.recordings import Recording
from hotline.exchange.vocabulary.enums import CallStatus, RecordingSource
from hotline.exchange.webhooks.parameters import API_VERSION, rfc2822

Resource = dict[str, Any]
_CALL_PARTS = ("Notifications", "Recordings", "Payments", "Events", "Siprec", "Streams", "Transcriptions")


def _status(call: Call) -> CallStatus:
    """Returns the status of the resource, which has no `initiated`."""
    return CallStatus.QUEUED if call.status is CallStatus.INITIATED else call.status


def serialize_call(exchange: Exchange, call: Call) -> Resource:
    uri = f"{exchange.settings.api_root}/Calls/{call.sid}"
    return {
        "sid": call.sid,
        "account_sid": exchange.settings.account_sid,
        "api_version": API_VERSION,
        "parent_call_sid": call.parent,
        "to": call.to,
        "to_formatted": call.to,
        "from": call.from_,
        "from_formatted": call.from_,
        "phone_number_sid": None,
        "status": _status(call),
        "start_time": rfc2822(call.started) if call.started else None,
        "end_time": rfc2822(call.ended) if call.ended else None,
        "duration": str(call.seconds()) if call.ended else None,
        "price": None,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": call.answered_by,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(round(call.queue_seconds * 1000)),
        "trunk_sid": None,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated or call.created),
        "uri": f"{uri}.json",
        "subresource_uris": {part.lower(): f"{uri}/{part}.json" for part in _CALL_PARTS},
    }


def serialize_queue(exchange: Exchange, queue: WaitingQueue) -> Resource:
    now = exchange.clock.seconds()
    waits = [now - member.joined for member in queue.members]
    return {
        "sid": queue.sid,
        "account_sid": exchange.settings.account_sid,
        "friendly_name": queue.name,
        "current_size": len(queue.members),
        "max_size": queue.limit,
        "average_wait_time": round(sum(waits) / len(waits)) if waits else 0,
        "date_created": rfc2822(queue.created),
        "date_updated": rfc2822(queue.updated),
        "uri": f"{exchange.settings.api_root}/Queues/{queue.sid}.json",
    }


def serialize_member(exchange: Exchange, queue: WaitingQueue, member: Member) -> Resource:
    numbers = queue.position_fields(member, exchange.clock.seconds())
    return {
        "call_sid": member.call.sid,
        "queue_sid": queue.sid,
        "date_enqueued": rfc2822(member.enqueued),
        "position": int(numbers["QueuePosition"]),
        "wait_time": int(numbers["QueueTime"]),
        "uri": f"{exchange.settings.api_root}/Queues/{queue.sid}/Members/{member.call.sid}.json",
    }


def serialize_conference(exchange: Exchange, conference: Conference) -> Resource:
    uri = f"{exchange.settings.api_root}/Conferences/{conference.sid}"
    return {
        "sid": conference.sid,
        "account_sid": exchange.settings.account_sid,
        "api_version": API_VERSION,
        "friendly_name": conference.name,
        "region": "us1",
        "status": conference.status,
        "reason_conference_ended": conference.end_reason,
        "call_sid_ending_conference": conference.ended_by,
        "date_created": rfc2822(conference.created),
        "date_updated": rfc2822(conference.updated),
        "uri": f"{uri}.json",
        "subresource_uris": {
            "participants": f"{uri}/Participants.json",
            "recordings": f"{uri}/Recordings.json",
        },
    }


def serialize_participant(exchange: Exchange, conference: Conference, participant: Participant) -> Resource:
    call = participant.call
    return {
        "account_sid": exchange.settings.account_sid,
        "call_sid": call.sid,
        "label": participant.label,
        "conference_sid": conference.sid,
        "call_sid_to_coach": participant.coach_to,
        "coaching": participant.coaching,
        "muted": participant.muted,
        "hold": participant.hold,
        "start_conference_on_enter": participant.start,
        "end_conference_on_exit": participant.end,
        "status": participant.status,
        "queue_time": str(round(call.queue_seconds * 1000)),
        "date_created": rfc2822(participant.created),
        "date_updated": rfc2822(participant.updated),
        "uri": f"{exchange.settings.api_root}/Conferences/{conference.sid}/Participants/{call.sid}.json",
    }


def serialize_subresource_recording(exchange: Exchange, recording: Recording) -> Resource:
    """Serializes a recording as a subresource of its call or conference, with fewer fields than by itself."""
    of = f"Calls/{recording.call_sid}" if recording.call_sid else f"Conferences/{recording.conference_sid}"
    return {
        "sid": recording.sid,
        "account_sid": exchange.settings.account_sid,
        "api_version": API_VERSION,
        "call_sid": recording.call_sid,
        "conference_sid": recording.conference_sid,
        "channels": recording.channels,
        "source": RecordingSource.CALL_API
        if recording.source is RecordingSource.START_VERB
        else recording.source,
        "status": recording.status,
        "duration": str(recording.seconds) if recording.updated else None,
        "start_time": rfc2822(recording.created),
        "date_created": rfc2822(recording.created),
        "date_updated": rfc2822(recording.updated or recording.created),
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "encryption_details": None,
        "uri": f"{exchange.settings.api_root}/{of}/Recordings/{recording.sid}.json",
    }


def serialize_call_recording(exchange: Exchange, recording: Recording) -> Resource:
    return serialize_subresource_recording(exchange, recording) | {"track": recording.track}


def serialize_recording(exchange: Exchange, recording: Recording) -> Resource:
    uri = f"{exchange.settings.api_root}/Recordings/{recording.sid}"
    return serialize_subresource_recording(exchange, recording) | {
        "media_url": exchange.settings.recording_url(recording.sid),
        "uri": f"{uri}.json",
        "subresource_uris": {
            "add_on_results": f"{uri}/AddOnResults.json",
            "transcriptions": f"{uri}/Transcriptions.json",
        },
    }
