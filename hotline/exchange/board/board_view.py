"""The values of the status page: calls, queues, conferences, recordings, devices, requests, alerts and faults.

Durations (`for`) are in exchange seconds. Numbers are masked in the overview; an opened request shows everything that
was sent.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from hotline.exchange.board.fault_api import switch_json
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.faults import APPLICABLE_STEPS, FAULTS
from hotline.exchange.state.calls import Call
from hotline.exchange.state.conferences import Conference, Participant
from hotline.exchange.state.request_log import RequestRecord
from hotline.exchange.vocabulary.enums import ConferenceStatus
from hotline.exchange.vocabulary.numbers import masked

JsonObject = dict[str, Any]
# Calls that are over, and as many conferences, shown beside those that are in progress.
SHOWN_ENDED = 20


def board_json(exchange: Exchange) -> JsonObject:
    """Returns all values of the page, the latest first."""
    board = exchange.registry
    conferences = _latest(board.conferences.values(), lambda one: one.status is ConferenceStatus.COMPLETED)
    return {
        "number": exchange.settings.number,
        "pace": exchange.settings.pace,
        "calls": _calls(exchange),
        "queues": _queues(exchange),
        "conferences": [_conference(exchange, one) for one in conferences],
        "recordings": _recordings(exchange),
        "devices": _devices(exchange),
        "requests": [_request(one) for one in _requests(exchange)],
        "troubles": [
            {
                "id": one.id,
                "at": f"{one.at:%H:%M:%S}",
                "code": one.code,
                "text": one.text,
                "call": one.call_sid,
            }
            for one in board.log.alerts
        ],
        "faults": [switch_json(switch) for switch in exchange.faults.switches.values()],
        "kinds": {fault: sorted(APPLICABLE_STEPS[fault]) for fault in FAULTS},
    }


def _latest(items: Iterable[Any], is_over: Any) -> Sequence[Any]:
    newest_first = list(items)[::-1]
    over = [item for item in newest_first if is_over(item)]
    return [item for item in newest_first if not is_over(item)] + over[:SHOWN_ENDED]


def _calls(exchange: Exchange) -> list[JsonObject]:
    now = exchange.clock.seconds()
    waiting = {
        member.call.sid: {"name": queue.name, "place": place, "for": round(now - member.joined)}
        for queue in exchange.registry.queues.values()
        for place, member in enumerate(queue.members, 1)
    }
    in_conference = {
        participant.call.sid: {"name": conference.name, "for": _seconds_since(exchange, participant)}
        for conference in exchange.registry.conferences.values()
        if conference.status is not ConferenceStatus.COMPLETED
        for participant in conference.connected()
    }
    calls = _latest(exchange.registry.calls.values(), lambda call: call.is_over)
    return [_call(exchange, call, waiting.get(call.sid), in_conference.get(call.sid)) for call in calls]


def _call(
    exchange: Exchange, call: Call, queue: JsonObject | None, conference: JsonObject | None
) -> JsonObject:
    since = call.updated or call.created
    act = call.activities[-1] if call.activities else None
    return {
        "sid": call.sid,
        "parent": call.parent,
        "direction": call.direction,
        "from": _party(exchange, call.from_),
        "to": _party(exchange, call.to.partition("?")[0]),
        "status": call.status,
        "is_over": call.is_over,
        "for": call.seconds() if call.is_over else round((exchange.clock.now() - since).total_seconds()),
        "queue": queue,
        "room": conference,
        "act": None
        if act is None or call.is_over
        else {"what": act.what, "detail": act.detail, "for": round(exchange.clock.seconds() - act.since)},
        "is_kept": call.sid in exchange.registry.transcripts.by_call,
    }


def _party(exchange: Exchange, address: str) -> str:
    """Returns an address as the page shows it."""
    # A softphone that calls through the TwiML application has no `To`.
    if not address:
        return "应用 app"
    return "热线 line" if address == exchange.settings.number else masked(address)


def _seconds_since(exchange: Exchange, participant: Participant) -> int:
    return round((exchange.clock.now() - participant.created).total_seconds())


def _queues(exchange: Exchange) -> list[JsonObject]:
    now = exchange.clock.seconds()
    return [
        {
            "sid": queue.sid,
            "name": queue.name,
            "limit": queue.limit,
            "members": [
                {
                    "call": member.call.sid,
                    "from": masked(member.call.party),
                    "for": round(now - member.joined),
                }
                for member in queue.members
            ],
        }
        for queue in exchange.registry.queues.values()
    ]


def _conference(exchange: Exchange, conference: Conference) -> JsonObject:
    return {
        "sid": conference.sid,
        "name": conference.name,
        "status": conference.status,
        "is_over": conference.status is ConferenceStatus.COMPLETED,
        "why": conference.end_reason,
        "seats": [
            {
                "call": participant.call.sid,
                "who": participant.label or masked(participant.call.party),
                "status": participant.status,
                "muted": participant.muted,
                "hold": participant.hold,
                "coaching": participant.coaching,
                "ends": participant.end,
                "for": _seconds_since(exchange, participant),
            }
            for participant in conference.participants.values()
        ],
    }


def _recordings(exchange: Exchange) -> list[JsonObject]:
    recordings = list(exchange.registry.recordings.values())[::-1]
    return [
        {
            "sid": recording.sid,
            "of": recording.call_sid or recording.conference_sid,
            "source": recording.source,
            "status": recording.status,
            "for": recording.seconds
            if recording.updated
            else round(exchange.clock.seconds() - recording.began),
        }
        for recording in recordings[: 2 * SHOWN_ENDED]
    ]


def _devices(exchange: Exchange) -> list[JsonObject]:
    return [
        {"address": masked(address), "count": len(lines), "busy": any(line.busy for line in lines)}
        for address, lines in exchange.devices.items()
        if lines
    ]


def _requests(exchange: Exchange) -> list[RequestRecord]:
    """Returns webhooks and REST requests together, the latest first."""
    both = [*exchange.registry.log.webhooks, *exchange.registry.log.rest_requests]
    return sorted(both, key=lambda record: record.id, reverse=True)


def _request(record: RequestRecord) -> JsonObject:
    return {
        "id": record.id,
        "at": f"{record.at:%H:%M:%S}",
        "kind": record.kind or "",
        "is_rest": record.is_rest,
        "method": record.method,
        "url": record.url,
        "call": record.call_sid,
        "is_done": record.is_done,
        "status": record.status,
        "error": record.error,
        "milliseconds": record.milliseconds,
        "tries": record.tries,
        "fault": record.fault,
    }


def request_json(exchange: Exchange, number: int) -> JsonObject | None:
    """Returns one request with everything that was sent and answered, or None when it is no longer kept."""
    for record in _requests(exchange):
        if record.id == number:
            whole = {"sent": record.sent, "content_type": record.content_type, "answer": record.answer}
            return _request(record) | whole
    return None
