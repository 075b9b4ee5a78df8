"""The parameters of webhooks: the standard set every one carries, and dates as the carrier writes them."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call
from hotline.exchange.vocabulary.enums import CallStatus

API_VERSION = "2010-04-01"
_PLACES = ("City", "State", "Zip", "Country")
_PARTIES = ("From", "To", "Caller", "Called")
_SOMETIMES = frozenset(
    {"ParentCallSid", "ForwardedFrom", "CallerName", "CallToken", "StirVerstat", "StirPassportToken"}
)
"""Standard parameters that only some calls carry, and none of a softphone."""


def rfc2822(moment: datetime) -> str:
    """`Fri, 20 Aug 2010 01:13:42 +0000`."""
    return format_datetime(moment)


def standard(exchange: Exchange, call: Call, status: CallStatus | None = None) -> dict[str, str]:
    """What every call-related request carries; geography is present but empty, as it often is."""
    form = {
        "CallSid": call.sid,
        "AccountSid": exchange.settings.account_sid,
        "From": call.from_,
        "To": call.to,
        "Caller": call.from_,
        "Called": call.to,
        "CallStatus": status or call.status,
        "ApiVersion": API_VERSION,
        "Direction": call.direction,
    }
    if call.parent is not None:
        form["ParentCallSid"] = call.parent
    if call.application is not None:
        form["ApplicationSid"] = call.application
    form.update({party + place: "" for party in _PARTIES for place in _PLACES})
    return form


def custom(exchange: Exchange, call: Call, given: Mapping[str, str]) -> dict[str, str]:
    """What a softphone gave its call to carry, without what only the carrier may say: that would be believed."""
    reserved = standard(exchange, call).keys() | _SOMETIMES
    return {name: value for name, value in given.items() if name not in reserved}
