"""The kinds of requests between exchange and application, which faults are aimed at.

Webhooks are named after the verb whose action or the noun whose document they are, REST requests after the handler that
serves them. `tests/exchange/test_faults.py` compares the latter with the table of addresses.
"""

from enum import StrEnum


class RequestKind(StrEnum):
    VOICE = "voice"
    GATHER = "gather"
    RECORD = "record"
    ENQUEUE = "enqueue"
    DIAL = "dial"
    REDIRECT = "redirect"
    MOVED = "moved"
    WAIT = "wait"
    LEG = "leg"
    QUEUE_WHISPER = "queue-whisper"
    CONFERENCE_DOCUMENT = "conference-document"
    FALLBACK = "fallback"
    PLAY = "play"
    STATUS = "status"
    CONFERENCE = "conference"
    RECORDING = "recording"
    DETECTION = "detection"
    PARTIAL_SPEECH = "partial-speech"
    TRANSCRIPTION = "transcription"
    CREATE_CALL = "create-call"
    LIST_CALLS = "list-calls"
    FETCH_CALL = "fetch-call"
    UPDATE_CALL = "update-call"
    DELETE_CALL = "delete-call"
    LIST_RECORDINGS = "list-recordings"
    START_RECORDING = "start-recording"
    FETCH_RECORDING = "fetch-recording"
    UPDATE_RECORDING = "update-recording"
    DELETE_RECORDING = "delete-recording"
    CREATE_QUEUE = "create-queue"
    LIST_QUEUES = "list-queues"
    FETCH_QUEUE = "fetch-queue"
    UPDATE_QUEUE = "update-queue"
    DELETE_QUEUE = "delete-queue"
    LIST_MEMBERS = "list-members"
    FETCH_MEMBER = "fetch-member"
    UPDATE_MEMBER = "update-member"
    LIST_CONFERENCES = "list-conferences"
    FETCH_CONFERENCE = "fetch-conference"
    UPDATE_CONFERENCE = "update-conference"
    LIST_PARTICIPANTS = "list-participants"
    CREATE_PARTICIPANT = "create-participant"
    FETCH_PARTICIPANT = "fetch-participant"
    UPDATE_PARTICIPANT = "update-participant"
    REMOVE_PARTICIPANT = "remove-participant"
    MEDIA = "media"
    # The one kind that is no request: the exchange rings a Number noun of a Dial.
    DIAL_NUMBER = "dial-number"


# Synchronous webhooks: a call waits for the document.
DOCUMENTS = frozenset(
    {
        RequestKind.VOICE,
        RequestKind.GATHER,
        RequestKind.RECORD,
        RequestKind.ENQUEUE,
        RequestKind.DIAL,
        RequestKind.REDIRECT,
        RequestKind.MOVED,
        RequestKind.WAIT,
        RequestKind.LEG,
        RequestKind.QUEUE_WHISPER,
        RequestKind.CONFERENCE_DOCUMENT,
        RequestKind.FALLBACK,
    }
)

# Webhooks whose answer no call waits for: events, and actions of a call that has hung up.
BACKGROUND = frozenset(
    {
        RequestKind.STATUS,
        RequestKind.CONFERENCE,
        RequestKind.RECORDING,
        RequestKind.DETECTION,
        RequestKind.PARTIAL_SPEECH,
        RequestKind.TRANSCRIPTION,
        RequestKind.RECORD,
        RequestKind.ENQUEUE,
        RequestKind.DIAL,
    }
)

WEBHOOKS = DOCUMENTS | BACKGROUND | {RequestKind.PLAY}
RINGS = frozenset({RequestKind.CREATE_CALL, RequestKind.CREATE_PARTICIPANT, RequestKind.DIAL_NUMBER})
REST = frozenset(RequestKind) - WEBHOOKS - {RequestKind.DIAL_NUMBER}
