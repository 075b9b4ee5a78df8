"""Answering machine detection: what the carrier makes of the first seconds of an answered call.

Source: "Answering machine detection" in the Call resource. It does not know who answered, it measures speech: a greeting
longer than the speech threshold is a machine (even a talkative person's), a shorter one followed by silence a human.
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
from hotline.exchange.webhooks.callbacks import send_aside

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
class Detection:
    """What was asked for; exchange seconds. `until_end`: a machine's greeting is heard out. `told` needs `in_background`."""

    until_end: bool = False
    timeout: float = 30.0
    speech: float = 2.4
    speech_end: float = 1.2
    silence: float = 5.0
    in_background: bool = False
    told: DocumentRequest | None = None


@dataclass(frozen=True)
class Verdict:
    """`seconds` after the answer, in exchange seconds."""

    by: AnsweredBy
    seconds: float

    def form(self) -> dict[str, str]:
        """The parameters of the webhook that tells it; the duration in milliseconds."""
        return {"AnsweredBy": self.by, "MachineDetectionDuration": str(round(self.seconds * 1000))}


def judge(answerer: AnsweringParty, asked: Detection) -> Verdict:
    """What is made of `answerer`; `unknown` once the time-out is reached."""
    verdict = _heard(answerer, asked)
    return verdict if verdict.seconds <= asked.timeout else Verdict(AnsweredBy.UNKNOWN, asked.timeout)


def _heard(answerer: AnsweringParty, asked: Detection) -> Verdict:
    match answerer:
        case FaxMachine():
            return Verdict(AnsweredBy.FAX, _TONE_SECONDS)
        case SilentAnswer():
            return Verdict(AnsweredBy.UNKNOWN, asked.silence)
        case Human():
            return _spoken(_HELLO_SECONDS, asked, beep=False)
        case StaffedDesk(name):
            return _spoken(speaking_seconds(name), asked, beep=False)
        case AnsweringMachine(greeting, beep):
            return _spoken(speaking_seconds(greeting), asked, beep=beep)


def _spoken(seconds: float, asked: Detection, *, beep: bool) -> Verdict:
    """What so many seconds of speech sound like, followed by a beep or by silence."""
    is_long = seconds > asked.speech
    if is_long and not asked.until_end:
        return Verdict(AnsweredBy.MACHINE_START, asked.speech)
    if beep and asked.until_end:
        return Verdict(AnsweredBy.MACHINE_END_BEEP, seconds + _BEEP_SECONDS)
    by = AnsweredBy.MACHINE_END_SILENCE if is_long else AnsweredBy.HUMAN
    return Verdict(by, seconds + asked.speech_end)


async def detect(exchange: Exchange, call: Call, asked: Detection) -> Verdict:
    """Listen for as long as it takes; the call then knows who answered it."""
    answerer = Human() if call.endpoint is None else call.endpoint.answerer
    verdict = judge(answerer, asked)
    await exchange.clock.sleep(verdict.seconds)
    if not call.is_over:
        call.answered_by = verdict.by
    return verdict


async def before_document(
    exchange: Exchange, call: Call, asked: Detection | None, source: DocumentSource
) -> DocumentSource:
    """The document to request once detection is over; in the background it is requested at once."""
    if asked is None:
        return source
    if asked.in_background:
        exchange.spawn(in_background(exchange, call, asked))
        return source
    verdict = await detect(exchange, call, asked)
    return replace(source, extra=verdict.form()) if isinstance(source, DocumentRequest) else source


async def in_background(exchange: Exchange, call: Call, asked: Detection) -> None:
    """Detect beside the running document; a call that has ended meanwhile has nothing to tell."""
    verdict = await detect(exchange, call, asked)
    if asked.told is None or call.is_over:
        return
    form = {"CallSid": call.sid, "AccountSid": exchange.settings.account_sid, **verdict.form()}
    send_aside(
        exchange, RequestKind.DETECTION, DocumentRequest(asked.told.url, asked.told.method, form), call
    )
