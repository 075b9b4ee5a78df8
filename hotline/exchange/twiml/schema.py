"""The TwiML that the exchange accepts: verbs, attributes, values, children, and the verbs of each kind of document.

The real carrier only logs a warning (12200) for an unknown verb; the exchange refuses the document, so that the mistake
is found in development. The exchange runs documents by this table, and the product's tests check rendered documents
with it. Sources: the TwiML pages of the carrier's documentation and its error dictionary. Attributes that are valid
there but have no effect here (voice, jitterBufferSize, trim …) are accepted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from hotline.exchange.vocabulary.enums import DocumentContext

_BOOL = r"true|false"
_METHOD = r"GET|POST"
_NUMBER = r"\d{1,5}"
_ANY = r"(?s:.*)"
_URL = r"[^\s]+"
_URL_OR_NONE = r"[^\s]*"
_RECORDING = {
    "recordingStatusCallback": _URL,
    "recordingStatusCallbackMethod": _METHOD,
    "recordingStatusCallbackEvent": r"(in-progress|completed|absent)( (in-progress|completed|absent))*",
    "recordingTrack": r"inbound|outbound|both",
    "trim": r"trim-silence|do-not-trim",
}
_RECORDING_NOUN = {
    **{name: value for name, value in _RECORDING.items() if name != "recordingTrack"},
    "track": _RECORDING["recordingTrack"],
}
_RING_TONES = (
    "at|au|bg|br|be|ch|cl|cn|cz|de|dk|ee|es|fi|fr|gr|hu|il|in|it|lt|jp|mx|my|nl|no|nz|ph|pl|pt|ru|se|sg|th|uk|us|"
    "us-old|tw|ve|za"
)
_CALL_EVENTS = r"(initiated|ringing|answered|completed)( (initiated|ringing|answered|completed))*"
_CONFERENCE_WORD = r"(start|end|join|leave|mute|hold|modify|speaker|announcement)"
_LEG = {
    "url": _URL,
    "method": _METHOD,
    "statusCallback": _URL,
    "statusCallbackMethod": _METHOD,
    "statusCallbackEvent": _CALL_EVENTS,
}
SSML = ("break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w")


@dataclass(frozen=True)
class ElementSchema:
    """One element: the pattern of each attribute's whole value, the allowed children, and whether it carries text."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    text: bool = False
    must_have_text: bool = False


ELEMENTS: Mapping[str, ElementSchema] = {
    "Say": ElementSchema(
        {"voice": r".+", "language": r"[A-Za-z]{2,3}(-[A-Za-z]+)*", "loop": _NUMBER},
        frozenset(SSML),
        text=True,
        must_have_text=True,
    ),
    "Play": ElementSchema({"loop": _NUMBER, "digits": r"[0-9wW*#]+"}, text=True),
    "Pause": ElementSchema({"length": _NUMBER}),
    "Gather": ElementSchema(
        {
            "input": r"dtmf|speech|dtmf speech|speech dtmf",
            "action": _URL,
            "method": _METHOD,
            "timeout": r"\d{1,5}|auto",
            "finishOnKey": r"[0-9*#]?",
            "numDigits": r"[1-9]\d{0,3}",
            "speechTimeout": r"\d{1,3}|auto",
            "speechModel": r"[\w-]+",
            "language": r"[A-Za-z-]{2,12}",
            "hints": _ANY,
            "profanityFilter": _BOOL,
            "enhanced": _BOOL,
            "actionOnEmptyResult": _BOOL,
            "partialResultCallback": _URL,
            "partialResultCallbackMethod": _METHOD,
        },
        frozenset({"Say", "Play", "Pause"}),
    ),
    "Record": ElementSchema(
        {
            "action": _URL,
            "method": _METHOD,
            "timeout": _NUMBER,
            "finishOnKey": r"[0-9*#]*",
            "maxLength": _NUMBER,
            "playBeep": _BOOL,
            "transcribe": _BOOL,
            "transcribeCallback": _URL,
            **_RECORDING,
        }
    ),
    "Enqueue": ElementSchema(
        {"action": _URL, "method": _METHOD, "waitUrl": _URL_OR_NONE, "waitUrlMethod": _METHOD},
        text=True,
        must_have_text=True,
    ),
    "Leave": ElementSchema(),
    "Dial": ElementSchema(
        {
            "action": _URL,
            "method": _METHOD,
            "timeout": _NUMBER,
            "timeLimit": _NUMBER,
            "callerId": r"\S+",
            "answerOnBridge": _BOOL,
            "hangupOnStar": _BOOL,
            "ringTone": _RING_TONES,
            "sequential": _BOOL,
            "record": r"do-not-record|record-from-(answer|ringing)(-dual)?|true|false",
            **_RECORDING,
        },
        frozenset({"Number", "Client", "Sip", "Conference", "Queue"}),
        text=True,
    ),
    "Number": ElementSchema(
        {**_LEG, "sendDigits": r"[0-9wW*#]+", "byoc": r"BY\w{32}"}, text=True, must_have_text=True
    ),
    "Client": ElementSchema(
        {**_LEG, "clientNotificationUrl": _URL}, frozenset({"Identity", "Parameter"}), text=True
    ),
    "Sip": ElementSchema({**_LEG, "username": r".+", "password": r".+"}, text=True, must_have_text=True),
    "Identity": ElementSchema(text=True, must_have_text=True),
    "Parameter": ElementSchema({"name": r".+", "value": _ANY}),
    "Queue": ElementSchema({"url": _URL, "method": _METHOD}, text=True, must_have_text=True),
    "Conference": ElementSchema(
        {
            "startConferenceOnEnter": _BOOL,
            "endConferenceOnExit": _BOOL,
            "muted": _BOOL,
            "beep": r"true|false|onEnter|onExit",
            "waitUrl": _URL_OR_NONE,
            "waitMethod": _METHOD,
            "maxParticipants": r"\d{1,3}",
            "record": r"do-not-record|record-from-start",
            "coach": r"CA\w{32}",
            "participantLabel": r"\S{1,128}",
            "jitterBufferSize": r"small|medium|large|off",
            "region": r"[a-z0-9]+",
            "statusCallback": _URL,
            "statusCallbackMethod": _METHOD,
            "statusCallbackEvent": rf"{_CONFERENCE_WORD}( {_CONFERENCE_WORD})*",
            **_RECORDING,
        },
        text=True,
        must_have_text=True,
    ),
    "Start": ElementSchema(children=frozenset({"Recording"})),
    "Stop": ElementSchema(children=frozenset({"Recording"})),
    "Recording": ElementSchema({**_RECORDING_NOUN, "channels": r"mono|dual"}),
    "Redirect": ElementSchema({"method": _METHOD}, text=True),
    "Reject": ElementSchema({"reason": r"rejected|busy"}),
    "Hangup": ElementSchema(),
}

ALLOWED_VERBS: Mapping[DocumentContext, frozenset[str]] = {
    DocumentContext.CALL: frozenset(
        {
            "Enqueue",
            "Dial",
            "Reject",
            "Say",
            "Play",
            "Pause",
            "Gather",
            "Record",
            "Start",
            "Stop",
            "Redirect",
            "Hangup",
        }
    ),
    DocumentContext.LEG: frozenset(
        {
            "Enqueue",
            "Reject",
            "Say",
            "Play",
            "Pause",
            "Gather",
            "Record",
            "Start",
            "Stop",
            "Redirect",
            "Hangup",
        }
    ),
    DocumentContext.WAIT: frozenset({"Say", "Play", "Pause", "Gather", "Redirect", "Leave", "Hangup"}),
    DocumentContext.QUEUE_WHISPER: frozenset({"Say", "Play", "Pause", "Redirect"}),
    DocumentContext.CONFERENCE: frozenset({"Say", "Play", "Pause", "Redirect"}),
}

# The narrow profile: elements, attributes and children of a self-hosted engine, as Somleng's source and documentation name
# them. That engine ignores other attributes; here they are refused, so that no document relies on one. Sip and Number
# have no `url`: nothing tells that a dialled party has answered before the Dial is over.
NARROW: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "Say": (frozenset({"voice", "language", "loop"}), frozenset()),
    "Play": (frozenset({"loop"}), frozenset()),
    "Gather": (
        frozenset({"action", "method", "timeout", "numDigits", "finishOnKey", "actionOnEmptyResult"}),
        frozenset({"Say", "Play"}),
    ),
    "Redirect": (frozenset({"method"}), frozenset()),
    "Record": (
        frozenset(
            {
                "action",
                "method",
                "timeout",
                "finishOnKey",
                "maxLength",
                "playBeep",
                "recordingStatusCallback",
                "recordingStatusCallbackMethod",
            }
        ),
        frozenset(),
    ),
    "Dial": (frozenset({"action", "method", "callerId", "timeout"}), frozenset({"Number", "Sip"})),
    "Number": (frozenset(), frozenset()),
    "Sip": (frozenset(), frozenset()),
    "Reject": (frozenset({"reason"}), frozenset()),
    "Hangup": (frozenset(), frozenset()),
}


def is_invalid_value(verb: str, attribute: str, value: str) -> bool:
    """Returns whether a known attribute of a known verb has a value outside its pattern."""
    return re.fullmatch(ELEMENTS[verb].attributes[attribute], value) is None
