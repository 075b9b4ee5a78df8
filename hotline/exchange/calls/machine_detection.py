"""Answering machine detection: the result the carrier derives from the first seconds of an answered call.

Source: "Answering machine detection" in the Call resource. The carrier does not know who answered, it measures speech: a
greeting longer than the speech threshold is a machine (even a talkative person's), a shorter one followed by silence is
a human.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, DocumentSource
from hotline.exchange.vocabulary.answer_modes import (
    AnsweringMachine,
    AnsweringParty,
    FaxMachine,
    Human,
    SilentAnswer,
    StaffedDesk,
)
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import speaking_seconds
from hotline.exchange.webhooks.callbacks import send_callback

_HELLO_SECONDS = 1.0
_TONE_SECONDS = 1.1
_BEEP_SECONDS = 0.4


class AnsweredBy(StrEnum):
    HUMAN = "human"
    MACHINE_START = "machine_start"
    MACHINE_END_BEEP = "machine_end_beep"
    MACHINE_END_SILENCE = "machine_end_silence"
    FAX = "fax"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DetectionOptions:
    """The `MachineDetection…` parameters of a request; times in exchange seconds.

    With `until_end` a machine's greeting is heard to its end. `callback` is used with `in_background` only.
    """

    until_end: bool = False
    timeout: float = 30.0
    speech: float = 2.4
    speech_end: float = 1.2
    silence: float = 5.0
    in_background: bool = False
    callback: DocumentRequest | None = None


@dataclass(frozen=True)
class DetectionResult:
    """`seconds` after the answer, in exchange seconds."""

    by: AnsweredBy
    seconds: float

    def form(self) -> dict[str, str]:
        """Returns the parameters of the webhook that reports it; the duration in milliseconds."""
        return {"AnsweredBy": self.by, "MachineDetectionDuration": str(round(self.seconds * 1000))}


def classify(answerer: AnsweringParty, options: DetectionOptions) -> DetectionResult:
    """Returns the result for `answerer`; `unknown` once the time-out is reached."""
    result = _without_timeout(answerer, options)
    return (
        result if result.seconds <= options.timeout else DetectionResult(AnsweredBy.UNKNOWN, options.timeout)
    )


def _without_timeout(answerer: AnsweringParty, options: DetectionOptions) -> DetectionResult:
    match answerer:
        case FaxMachine():
            return DetectionResult(AnsweredBy.FAX, _TONE_SECONDS)
        case SilentAnswer():
            return DetectionResult(AnsweredBy.UNKNOWN, options.silence)
        case Human():
            return _of_speech(_HELLO_SECONDS, options, beep=False)
        case StaffedDesk(name):
            return _of_speech(speaking_seconds(name), options, beep=False)
        case AnsweringMachine(greeting, beep):
            return _of_speech(speaking_seconds(greeting), options, beep=beep)


def _of_speech(seconds: float, options: DetectionOptions, *, beep: bool) -> DetectionResult:
    """Returns the result for `seconds` of speech, followed by a beep or by silence."""
    is_long = seconds > options.speech
    if is_long and not options.until_end:
        return DetectionResult(AnsweredBy.MACHINE_START, options.speech)
    if beep and options.until_end:
        return DetectionResult(AnsweredBy.MACHINE_END_BEEP, seconds + _BEEP_SECONDS)
    by = AnsweredBy.MACHINE_END_SILENCE if is_long else AnsweredBy.HUMAN
    return DetectionResult(by, seconds + options.speech_end)


async def detect(exchange: Exchange, call: Call, options: DetectionOptions) -> DetectionResult:
    """Waits as long as detection takes and sets the call's `answered_by`."""
    answerer = Human() if call.endpoint is None else call.endpoint.answerer
    result = classify(answerer, options)
    await exchange.clock.sleep(result.seconds)
    if not call.is_over:
        call.answered_by = result.by
    return result


async def before_document(
    exchange: Exchange, call: Call, options: DetectionOptions | None, source: DocumentSource
) -> DocumentSource:
    """Returns the document to request once detection is over; in the background it is requested at once."""
    if options is None:
        return source
    if options.in_background:
        exchange.spawn(in_background(exchange, call, options))
        return source
    result = await detect(exchange, call, options)
    return replace(source, extra=result.form()) if isinstance(source, DocumentRequest) else source


async def in_background(exchange: Exchange, call: Call, options: DetectionOptions) -> None:
    """Detects while the document runs; sends no callback for a call that has ended meanwhile."""
    result = await detect(exchange, call, options)
    if options.callback is None or call.is_over:
        return
    form = {"CallSid": call.sid, "AccountSid": exchange.settings.account_sid, **result.form()}
    callback = DocumentRequest(options.callback.url, options.callback.method, form)
    send_callback(exchange, RequestKind.DETECTION, callback, call)
