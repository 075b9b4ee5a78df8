"""Verifies the access tokens of softphones, independently of the SDK that writes them.

Source: "Access tokens": JWT, HS256 with the API key's secret (not the auth token), iss = key sid, sub = account sid,
grants = {identity, voice: {incoming: {allow: true}, outgoing: {application_sid}}}, at most 24 hours long. Validity is
checked against the wall clock.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hotline.exchange.vocabulary.numbers import IDENTITY
from hotline.exchange.vocabulary.settings import ExchangeSettings

_LONGEST_SECONDS = 24 * 3600
_TOLERANCE_SECONDS = 30


EXPIRED = 20104


class TokenError(Exception):
    """A token is not accepted; the text starts with the carrier's error code."""


@dataclass(frozen=True)
class VoiceGrant:
    """The right to be called as `identity`, and to call through `application` (None = no right to call).

    `expires` is in seconds since 1970.
    """

    identity: str
    application: str | None
    expires: float


def verify_token(token: str, settings: ExchangeSettings, now: datetime) -> VoiceGrant:
    """Returns the grant of a valid token; raises TokenError."""
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenError("20101: not a token")
    head, body, signature = parts
    if _json(head).get("alg") != "HS256":
        raise TokenError("20103: algorithm must be HS256")
    expected = hmac.new(settings.api_secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(expected, _bytes(signature)):
        raise TokenError("20107: signature does not fit the API key's secret")
    claims = _json(body)
    _check_claims(claims, settings, now.timestamp())
    return _granted(claims)


def _check_claims(claims: dict[str, Any], settings: ExchangeSettings, now: float) -> None:
    if claims.get("iss") != settings.api_key or claims.get("sub") != settings.account_sid:
        raise TokenError("20102: issuer or account is not this exchange's")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires <= now:
        raise TokenError("20104: token expired")
    begins = claims.get("nbf", now)
    if not isinstance(begins, int | float) or begins > now + _TOLERANCE_SECONDS:
        raise TokenError("20105: token not valid yet")
    if expires - begins > _LONGEST_SECONDS + _TOLERANCE_SECONDS:
        raise TokenError("31207: token valid for more than 24 hours")


def _granted(claims: dict[str, Any]) -> VoiceGrant:
    grants = claims.get("grants")
    voice = grants.get("voice") if isinstance(grants, dict) else None
    incoming = voice.get("incoming") if isinstance(voice, dict) else None
    if not isinstance(grants, dict) or not isinstance(incoming, dict) or incoming.get("allow") is not True:
        raise TokenError("20106: no grant to receive calls")
    identity = grants.get("identity")
    if not isinstance(identity, str) or IDENTITY.fullmatch(identity) is None:
        raise TokenError("20106: identity must be 1 to 121 letters, digits and underscores")
    outgoing = voice.get("outgoing") if isinstance(voice, dict) else None
    application = outgoing.get("application_sid") if isinstance(outgoing, dict) else None
    return VoiceGrant(identity, application if isinstance(application, str) else None, float(claims["exp"]))


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError) as error:
        raise TokenError("20101: not base64") from error


def _json(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(part))
    except ValueError as error:
        raise TokenError("20101: not JSON") from error
    if not isinstance(value, dict):
        raise TokenError("20101: not a JSON object")
    return value
