"""Whom a REST request may call and as whom: To and From, checked with the carrier's codes."""

import re

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.rest.errors import ApiError
from hotline.exchange.rest.forms import RequestForm
from hotline.exchange.vocabulary.answer_modes import Barred
from hotline.exchange.vocabulary.enums import CallEvent
from hotline.exchange.vocabulary.numbers import IDENTITY, is_e164, is_sip
from hotline.exchange.vocabulary.status_callback import StatusCallback

_DIGITS = re.compile(r"\+\d+")
_EVENTS = frozenset(event.value for event in CallEvent)


def to_and_from(exchange: Exchange, form: RequestForm) -> tuple[str, str]:
    """Return (To, From); raises 21201, 21211, 21217, 21213, 21212, 21210 or what the table of answers bars `To` with."""
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
    """Whether this is `client:identity`, possibly with `?name=value` behind it."""
    name = address.partition("?")[0].removeprefix("client:")
    return address.startswith("client:") and IDENTITY.fullmatch(name) is not None


def status_callback(form: RequestForm) -> StatusCallback | None:
    """Return where the progress of the new call is told; only its end unless more is asked for."""
    url = form.url("StatusCallback")
    if url is None:
        return None
    words = form.words("StatusCallbackEvent", _EVENTS, "completed")
    return StatusCallback(
        url, form.method("StatusCallbackMethod"), frozenset(CallEvent(word) for word in words)
    )
