"""Signatures of the requests that the hotline sends to systems of the city and of its units.

A unit's system checks `X-Hotline-Signature: sha256=<hex>` = HMAC-SHA256(secret, body). A system of the city that is
looked up checks `t=<unix seconds>,v1=<hex>` = HMAC-SHA256(secret, "<t>.<body>").
"""

import hashlib
import hmac


def sign_body(secret: str, body: bytes) -> str:
    """Returns the value of `X-Hotline-Signature` for a notification of a unit."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def sign(secret: str, unix_seconds: int, body: bytes) -> str:
    """Returns the value of `X-Hotline-Signature` for `body`."""
    signed = f"{unix_seconds}.".encode() + body
    return f"t={unix_seconds},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
