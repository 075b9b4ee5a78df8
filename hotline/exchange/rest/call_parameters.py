"""The parameters and limits of every call placed over REST, checked with the carrier's codes.

Sources: the Call and Participant resources (MachineDetection*, TimeLimit), the error dictionary (10004 call concurrency,
22005 more than 24 hours of calls waiting for their turn).
"""

import re

from hotline.exchange.calls.machine_detection import DetectionOptions
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.rest.errors import ApiError, invalid
from hotline.exchange.rest.forms import RequestForm
from hotline.exchange.state.calls import DocumentRequest
from hotline.exchange.vocabulary.answer_modes import Barred
from hotline.exchange.vocabulary.enums import CallEvent
from hotline.exchange.vocabulary.numbers import IDENTITY, is_e164, is_sip
from hotline.exchange.vocabulary.status_callback import StatusCallback

LONGEST_BACKLOG_SECONDS = 24 * 3600
DEFAULT_TIME_LIMIT, LONGEST_TIME_LIMIT = 4 * 3600, 24 * 3600
_KINDS = frozenset({"Enable", "DetectMessageEnd"})
_DIGITS = re.compile(r"\+\d+")
_EVENTS = frozenset(event.value for event in CallEvent)


def to_and_from(exchange: Exchange, form: RequestForm) -> tuple[str, str]:
    """Returns (To, From).

    Raises ApiError 21201, 21211, 21217, 21213, 21212, 21210, or the code of the restriction that bars `To`.
    """
    to, from_ = form.text("To"), form.text("From")
    if to is None:
        raise ApiError(400, 21201, "No 'To' number is specified")
    if not _is_address(to):
        raise ApiError(400, 21217 if _DIGITS.fullmatch(to) else 21211, f"Invalid 'To' Phone Number: {to}")
    if from_ is None:
        raise ApiError(400, 21213, "Caller phone number is required: 'From' is missing")
    if not _is_address(from_):
        raise ApiError(400, 21212, f"Invalid 'From' Phone Number: {from_}")
    if to == from_:
        raise ApiError(400, 21211, "'To' and 'From' are the same")
    barred = exchange.settings.answers.get(to)
    if isinstance(barred, Barred):
        raise ApiError(
            400,
            barred.restriction.rest_code,
            f"Calls to {to} are not possible: {barred.restriction.name.lower()}",
        )
    if is_e164(to) and from_ != exchange.settings.number:
        raise ApiError(
            400, 21210, f"The source phone number provided, {from_}, is not yet verified for your account"
        )
    return to, from_


def _is_address(text: str) -> bool:
    return is_client(text) or is_e164(text) or is_sip(text)


def is_client(address: str) -> bool:
    """Returns whether `address` is `client:identity`, possibly followed by `?name=value`."""
    name = address.partition("?")[0].removeprefix("client:")
    return address.startswith("client:") and IDENTITY.fullmatch(name) is not None


def status_callback(form: RequestForm) -> StatusCallback | None:
    """Returns the status callback of the new call, by default for its end only."""
    url = form.url("StatusCallback")
    if url is None:
        return None
    words = form.words("StatusCallbackEvent", _EVENTS, "completed")
    return StatusCallback(
        url, form.method("StatusCallbackMethod"), frozenset(CallEvent(word) for word in words)
    )


def check_capacity(exchange: Exchange) -> None:
    """Raises ApiError 10004 (too many calls at once) or 22005 (more than 24 hours of calls are queued)."""
    if exchange.has_most_calls():
        raise ApiError(429, 10004, "Call concurrency limit exceeded")
    if exchange.call_rate.next_at - exchange.clock.seconds() > LONGEST_BACKLOG_SECONDS:
        raise ApiError(429, 22005, "More than 24 hours of calls are queued")


def time_limit(form: RequestForm) -> float:
    """Returns the longest duration of the call after its answer, in exchange seconds."""
    return form.integer("TimeLimit", DEFAULT_TIME_LIMIT, 1, LONGEST_TIME_LIMIT)


def machine_detection(form: RequestForm, callback: str) -> DetectionOptions | None:
    """Returns the requested machine detection, or None; `callback` is the field that names its callback."""
    kind = form.text("MachineDetection")
    if kind is not None and kind not in _KINDS:
        raise invalid("MachineDetection", f"must be one of {sorted(_KINDS)}")
    url = form.url(callback)
    # Digits to be sent after the answer (SendDigits) switch detection off.
    if kind is None or form.text("SendDigits") is not None:
        return None

    def seconds(name: str, default: int, low: int, high: int) -> float:
        return form.integer(f"MachineDetection{name}", default, low, high) / 1000

    return DetectionOptions(
        until_end=kind == "DetectMessageEnd",
        timeout=float(form.integer("MachineDetectionTimeout", 30, 3, 59)),
        speech=seconds("SpeechThreshold", 2400, 1000, 6000),
        speech_end=seconds("SpeechEndThreshold", 1200, 500, 5000),
        silence=seconds("SilenceTimeout", 5000, 2000, 10000),
        in_background=form.truth("AsyncAmd") or callback == "AmdStatusCallback",
        callback=None if url is None else DocumentRequest(url, form.method(f"{callback}Method")),
    )
