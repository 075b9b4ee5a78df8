"""X-Twilio-Signature, computed independently of the SDK so that the two can be held against each other.

Source: the carrier's "Security" page. HMAC-SHA1 with the primary auth token over the URL exactly as configured (no
fragment, no userinfo), followed, for form posts, by every name and value sorted by name, without delimiters.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

_USERINFO = re.compile(r"^(https?://)[^/?]*@", re.IGNORECASE)
_HTTPS_PORT = re.compile(r"^(https://[^/?:]+):\d+", re.IGNORECASE)


def signed_url(url: str) -> str:
    """The URL a receiver must reproduce: no fragment, no user:password@, and for https no port."""
    bare = _USERINFO.sub(r"\1", url.partition("#")[0])
    return _HTTPS_PORT.sub(r"\1", bare)


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """Base64 of the HMAC-SHA1; `form` is empty for GET requests, whose parameters already stand in the URL."""
    text = signed_url(url) + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")
