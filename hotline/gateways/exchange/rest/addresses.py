"""Whom a REST request may call and as whom: To and From, checked with the carrier's codes."""

from hotline.gateways.exchange.exchange import Exchange
from hotline.gateways.exchange.numbers import IDENTITY, is_e164
from hotline.gateways.exchange.rest.errors import ApiError
from hotline.gateways.exchange.rest.forms import Form
from hotline.gateways.exchange.state.calls import StatusCallback
from hotline.gateways.exchange.words import CallEvent

_EVENTS = frozenset(event.value for event in CallEvent)


def to_and_from(exchange: Exchange, form: Form) -> tuple[str, str]:
    """Return (To, From); raises 21201, 21211, 21213, 21212 or 21210."""
    to, from_ = form.text("To"), form.text("From")
    if to is None:
        raise ApiError(400, 21201, "No 'To' number is specified")
    if not (is_client(to) or is_e164(to)):
        raise ApiError(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if from_ is None:
        raise ApiError(400, 21213, "Caller phone number is required: 'From' is missing")
    if not (is_client(from_) or is_e164(from_)):
        raise ApiError(400, 21212, f"Invalid 'From' Phone Number: {from_}")
    if to == from_:
        raise ApiError(400, 21211, "'To' and 'From' are the same")
    if not is_client(to) and from_ != exchange.settings.number:
        raise ApiError(
            400, 21210, f"The source phone number provided, {from_}, is not yet verified for your account"
        )
    return to, from_


def is_client(address: str) -> bool:
    """Whether this is `client:identity`, possibly with `?name=value` behind it."""
    name = address.partition("?")[0].removeprefix("client:")
    return address.startswith("client:") and IDENTITY.fullmatch(name) is not None


def status_callback(form: Form) -> StatusCallback | None:
    """Return where the progress of the new call is told; only its end unless more is asked for."""
    url = form.url("StatusCallback")
    if url is None:
        return None
    words = form.words("StatusCallbackEvent", _EVENTS, "completed")
    return StatusCallback(
        url, form.method("StatusCallbackMethod"), frozenset(CallEvent(word) for word in words)
    )
