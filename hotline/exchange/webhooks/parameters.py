"""The parameters of webhooks: the standard set every one carries, and dates as the carrier writes them."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from hotline.exchange.state.calls import Call
from hotline.exchange.vocabulary.enums import CallStatus

API_VERSION = "2010-04-01"
_PLACES = ("City", "State", "Zip", "Country")
_PARTIES = ("From", "To", "Caller", "Called")
# Standard parameters that only some calls carry, and no call of a softphone.
_OPTIONAL = frozenset(
    {"ParentCallSid", "ForwardedFrom", "CallerName", "CallToken", "StirVerstat", "StirPassportToken"}
)


def rfc2822(moment: datetime) -> str:
    """Returns `Fri, 20 Aug 2010 01:13:42 +0000`."""
    return format_datetime(moment)


def standard_parameters(account_sid: str, call: Call, status: CallStatus | None = None) -> dict[str, str]:
    """Returns the parameters of every call-related request; `status` replaces the call's own.

    Geography is present but empty, as it often is with the carrier.
    """
    form = {
        "CallSid": call.sid,
        "AccountSid": account_sid,
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


def custom_parameters(account_sid: str, call: Call, given: Mapping[str, str]) -> dict[str, str]:
    """Returns the parameters a softphone gave its call, without the names that only the carrier may send."""
    # The application would believe a forged CallSid or CallStatus, because the request carries a valid signature.
    reserved = standard_parameters(account_sid, call).keys() | _OPTIONAL
    return {name: value for name, value in given.items() if name not in reserved}
