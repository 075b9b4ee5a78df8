"""Signature of the requests that the hotline sends to systems of the city and of its units.

The receiver checks `X-Hotline-Signature: t=<unix seconds>,v1=<hex>` = HMAC-SHA256(secret, "<t>.<body>").
"""

import hashlib
import hmac


def sign(secret: str, unix_seconds: int, body: bytes) -> str:
    """Returns the value of `X-Hotline-Signature` for `body`."""
    signed = f"{unix_seconds}.".encode() + body
    return f"t={unix_seconds},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
