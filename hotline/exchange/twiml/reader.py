"""Converts a valid TwiML document to the values of `document`. Only this module fills in the carrier's defaults.

Source of the defaults: the carrier's TwiML pages (Gather timeout 5 s and finish key #, Record finish keys all of them,
Dial timeout 30 s, time limit 4 h, Conference up to 250 participants).
"""

from collections.abc import Callable, Mapping
from typing import cast
from xml.etree import ElementTree as ET

from hotline.exchange.twiml.document import (
    ConferenceNoun,
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Leg,
    Pause,
    Play,
    Prompt,
    QueueNoun,
    Record,
    Redirect,
    Reject,
    Say,
    StartRecording,
    StopRecording,
    Verb,
)
from hotline.exchange.twiml.validation import DocumentError, parse_tree, problems
from hotline.exchange.vocabulary.enums import CallEvent, DocumentContext
from hotline.exchange.vocabulary.status_callback import Method, StatusCallback

_ENDLESS_LOOPS = 1000
_AUTO_SECONDS = 5.0
_PAUSE_SECONDS = 1.0


def read_document(document: str, context: DocumentContext, *, narrow: bool = False) -> tuple[Verb, ...]:
    """Returns the document's verbs in order; raises DocumentError with the first problem's code and all problems' text."""
    root = parse_tree(document)
    found = list(problems(root, context, narrow=narrow))
    if found:
        raise DocumentError(int(found[0].partition(":")[0]), "; ".join(found))
    return tuple(_BUILDERS[element.tag](element) for element in root)


def _text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _truth(element: ET.Element, name: str, default: bool) -> bool:
    value = element.get(name)
    return default if value is None else value == "true"


def _method(element: ET.Element, name: str = "method") -> Method:
    return cast("Method", element.get(name, "POST"))


def _loops(element: ET.Element) -> int:
    return int(element.get("loop", "1")) or _ENDLESS_LOOPS


def _recording_callback(element: ET.Element) -> StatusCallback | None:
    url = element.get("recordingStatusCallback")
    if url is None:
        return None
    events = element.get("recordingStatusCallbackEvent", "completed").split()
    return StatusCallback(url, _method(element, "recordingStatusCallbackMethod"), frozenset(events))


def _say(element: ET.Element) -> Say:
    return Say(_text(element), element.get("language", "en-US"), _loops(element))


def _play(element: ET.Element) -> Play:
    return Play(_text(element), _loops(element), element.get("digits", ""))


def _pause(element: ET.Element) -> Pause:
    return Pause(int(element.get("length", "1")))


_PROMPTS: Mapping[str, Callable[[ET.Element], Prompt]] = {"Say": _say, "Play": _play, "Pause": _pause}


def _gather(element: ET.Element) -> Gather:
    kinds = element.get("input", "dtmf").split()
    timeout = element.get("timeout", "5")
    silence = element.get("speechTimeout", timeout)
    digits = element.get("numDigits")
    return Gather(
        keys="dtmf" in kinds,
        speech="speech" in kinds,
        action=element.get("action"),
        method=_method(element),
        timeout=_AUTO_SECONDS if timeout == "auto" else float(timeout),
        speech_timeout=_PAUSE_SECONDS if silence == "auto" else float(silence),
        partial_url=element.get("partialResultCallback"),
        partial_method=_method(element, "partialResultCallbackMethod"),
        finish_on_key=element.get("finishOnKey", "#"),
        num_digits=None if digits is None else int(digits),
        on_empty=_truth(element, "actionOnEmptyResult", default=False),
        language=element.get("language", "en-US"),
        prompts=tuple(_PROMPTS[child.tag](child) for child in element),
    )


def _record(element: ET.Element) -> Record:
    return Record(
        action=element.get("action"),
        method=_method(element),
        timeout=float(element.get("timeout", "5")),
        finish_on_key=element.get("finishOnKey", "1234567890*#"),
        max_length=int(element.get("maxLength", "3600")),
        beep=_truth(element, "playBeep", default=True),
        callback=_recording_callback(element),
        transcribe=_truth(element, "transcribe", default=False),
        transcribed_url=element.get("transcribeCallback"),
    )


def _start(element: ET.Element) -> StartRecording:
    noun = element[0]
    return StartRecording(
        callback=_recording_callback(noun),
        channels=2 if noun.get("channels") == "dual" else 1,
        track=noun.get("track", "both"),
    )


def _enqueue(element: ET.Element) -> Enqueue:
    return Enqueue(
        name=_text(element),
        action=element.get("action"),
        method=_method(element),
        wait_url=element.get("waitUrl"),
        wait_method=_method(element, "waitUrlMethod"),
    )


def _leg(element: ET.Element) -> Leg:
    identity = element.find("Identity")
    name = (element.text or "").strip() if identity is None else _text(identity)
    parameters = ((item.get("name", ""), item.get("value", "")) for item in element.findall("Parameter"))
    events = element.get("statusCallbackEvent", "completed").split()
    return Leg(
        address=f"client:{name}" if element.tag == "Client" else name,
        parameters=tuple(parameters),
        url=element.get("url"),
        method=_method(element),
        status_url=element.get("statusCallback"),
        status_method=_method(element, "statusCallbackMethod"),
        status_events=frozenset(CallEvent(event) for event in events),
    )


def _room(element: ET.Element) -> ConferenceNoun:
    beep = element.get("beep", "true")
    return ConferenceNoun(
        name=_text(element),
        start=_truth(element, "startConferenceOnEnter", default=True),
        end=_truth(element, "endConferenceOnExit", default=False),
        muted=_truth(element, "muted", default=False),
        beep_in=beep in {"true", "onEnter"},
        beep_out=beep in {"true", "onExit"},
        wait_url=element.get("waitUrl"),
        wait_method=_method(element, "waitMethod"),
        limit=int(element.get("maxParticipants", "250")),
        record=element.get("record") == "record-from-start",
        coach=element.get("coach"),
        label=element.get("participantLabel"),
        status_url=element.get("statusCallback"),
        status_method=_method(element, "statusCallbackMethod"),
        status_events=frozenset(element.get("statusCallbackEvent", "start end").split()),
        recording=_recording_callback(element),
    )


def _target(element: ET.Element) -> tuple[Leg, ...] | ConferenceNoun | QueueNoun:
    children = list(element)
    if not children:
        number = Leg((element.text or "").strip(), (), None, "POST", None, "POST", frozenset())
        return (number,)
    first = children[0]
    if first.tag == "Conference":
        return _room(first)
    if first.tag == "Queue":
        return QueueNoun(_text(first), first.get("url"), _method(first))
    return tuple(_leg(child) for child in children)


def _dial(element: ET.Element) -> Dial:
    return Dial(
        target=_target(element),
        action=element.get("action"),
        method=_method(element),
        timeout=float(min(600, max(5, int(element.get("timeout", "30"))))),
        time_limit=float(element.get("timeLimit", "14400")),
        caller_id=element.get("callerId"),
        answer_on_bridge=_truth(element, "answerOnBridge", default=False),
        hangup_on_star=_truth(element, "hangupOnStar", default=False),
        sequential=_truth(element, "sequential", default=False),
        ring_tone=element.get("ringTone"),
        record=element.get("record", "do-not-record") not in {"do-not-record", "false"},
        recording=_recording_callback(element),
    )


_BUILDERS: Mapping[str, Callable[[ET.Element], Verb]] = {
    **_PROMPTS,
    "Gather": _gather,
    "Record": _record,
    "Start": _start,
    "Stop": lambda _: StopRecording(),
    "Enqueue": _enqueue,
    "Leave": lambda _: Leave(),
    "Dial": _dial,
    "Redirect": lambda element: Redirect(_text(element), _method(element)),
    "Reject": lambda element: Reject(busy=element.get("reason") == "busy"),
    "Hangup": lambda _: Hangup(),
}
