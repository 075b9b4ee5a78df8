"""What the board shows, as plain values: every live leg and what it is doing, who waits where, what was sent and answered.

Durations (`for`) are exchange seconds. Numbers are masked in the overview; a request that is opened shows what was sent.
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
SHOWN_ENDED = 20
"""How many of the calls and conferences that are over are shown beside those that live."""


def board_json(exchange: Exchange) -> JsonObject:
    """Return everything the page shows, the latest first."""
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
    seated = {
        seat.call.sid: {"name": room.name, "for": _seconds_since(exchange, seat)}
        for room in exchange.registry.conferences.values()
        if room.status is not ConferenceStatus.COMPLETED
        for seat in room.connected()
    }
    calls = _latest(exchange.registry.calls.values(), lambda call: call.is_over)
    return [_call(exchange, call, waiting.get(call.sid), seated.get(call.sid)) for call in calls]


def _call(exchange: Exchange, call: Call, queue: JsonObject | None, room: JsonObject | None) -> JsonObject:
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
        "room": room,
        "act": None
        if act is None or call.is_over
        else {"what": act.what, "detail": act.detail, "for": round(exchange.clock.seconds() - act.since)},
        "is_kept": call.sid in exchange.registry.transcripts.by_call,
    }


def _party(exchange: Exchange, address: str) -> str:
    """Return an address as it is shown; a softphone that calls the application need not name anybody."""
    if not address:
        return "应用 app"
    return "热线 line" if address == exchange.settings.number else masked(address)


def _seconds_since(exchange: Exchange, seat: Participant) -> int:
    return round((exchange.clock.now() - seat.created).total_seconds())


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


def _conference(exchange: Exchange, room: Conference) -> JsonObject:
    return {
        "sid": room.sid,
        "name": room.name,
        "status": room.status,
        "is_over": room.status is ConferenceStatus.COMPLETED,
        "why": room.end_reason,
        "seats": [
            {
                "call": seat.call.sid,
                "who": seat.label or masked(seat.call.party),
                "status": seat.status,
                "muted": seat.muted,
                "hold": seat.hold,
                "coaching": seat.coaching,
                "ends": seat.end,
                "for": _seconds_since(exchange, seat),
            }
            for seat in room.participants.values()
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
    """Return webhooks and REST requests together, the latest first."""
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
    """Return one request with everything that was sent and answered; None when it is no longer kept."""
    for record in _requests(exchange):
        if record.id == number:
            whole = {"sent": record.sent, "content_type": record.content_type, "answer": record.answer}
            return _request(record) | whole
    return None
