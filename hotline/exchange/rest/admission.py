"""What every call placed over REST has in common: whether the account may place one more, for how long, who is listened for.

Sources: the Call and Participant resources (MachineDetection*, TimeLimit), the error dictionary (10004 call concurrency,
22005 more than 24 hours of calls waiting for their turn).
"""

from hotline.exchange.calls.machine_detection import DetectionOptions
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.rest.errors import ApiError, invalid
from hotline.exchange.rest.forms import RequestForm
from hotline.exchange.state.calls import DocumentRequest

LONGEST_BACKLOG_SECONDS = 24 * 3600
DEFAULT_TIME_LIMIT, LONGEST_TIME_LIMIT = 4 * 3600, 24 * 3600
_KINDS = frozenset({"Enable", "DetectMessageEnd"})


def check_capacity(exchange: Exchange) -> None:
    """Let one more call in; raises 10004 (too many at once) or 22005 (a day of them waits already)."""
    if exchange.has_most_calls():
        raise ApiError(429, 10004, "Call concurrency limit exceeded")
    if exchange.call_rate.next_at - exchange.clock.seconds() > LONGEST_BACKLOG_SECONDS:
        raise ApiError(429, 22005, "More than 24 hours of calls are queued")


def time_limit(form: RequestForm) -> float:
    """How long the call may last once answered, in exchange seconds."""
    return form.integer("TimeLimit", DEFAULT_TIME_LIMIT, 1, LONGEST_TIME_LIMIT)


def machine_detection(form: RequestForm, callback: str) -> DetectionOptions | None:
    """The detection asked for, with the field that names its callback; digits to be sent (SendDigits) switch it off."""
    kind = form.text("MachineDetection")
    if kind is not None and kind not in _KINDS:
        raise invalid("MachineDetection", f"must be one of {sorted(_KINDS)}")
    told = form.url(callback)
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
        callback=None if told is None else DocumentRequest(told, form.method(f"{callback}Method")),
    )
