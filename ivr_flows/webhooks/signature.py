"""Verifies that a webhook comes from the carrier: HMAC-SHA1 over the public URL and the form, in constant time.

The URL is the configured public one plus the raw path and query as they arrived. Decoding them first would refuse
every request with an escaped value in its query. One HMAC decides an honest request.
Source: the carrier's security page; `RequestValidator` of its SDK is the oracle in the tests.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

Fields = list[tuple[str, str]]
MOST_FIELDS = 300
_DEFAULT_PORTS = {"https": 443, "http": 80}


class Unreadable(ValueError):
    """Raised for a body that no carrier sends: not form-encoded UTF-8, or too many fields."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Checks requests to one public address. `bases` are its spellings, the one carriers sign first."""

    token: bytes
    bases: tuple[str, ...]

    @classmethod
    def of(cls, auth_token: str, public_url: str) -> "Signature":
        """Builds the check from the account's auth token and `scheme://host[:port]`."""
        # The carrier drops the port of https URLs and keeps that of http ones, though not always: both are accepted.
        parts = urlsplit(public_url)
        path = parts.path.rstrip("/")
        host = parts.netloc.rpartition("@")[2]
        bare = host.removesuffix(f":{parts.port}") if parts.port else host
        ported = f"{bare}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"
        spellings = (bare, ported) if parts.scheme == "https" or not parts.port else (ported, bare)
        bases = tuple(f"{parts.scheme}://{spelling}{path}" for spelling in spellings)
        return cls(auth_token.encode(), bases)

    def matches(self, target: str, fields: Iterable[tuple[str, str]], given: str) -> bool:
        """Returns whether `given` signs a POST of `fields` to the raw `target` (path and query as they arrived).

        A field sent twice counts once per distinct value, as in the carrier's own validator.
        """
        return any(self._signs(base, target, fields, given) for base in self.bases)

    def signed_address(
        self, host: str, target: str, fields: Iterable[tuple[str, str]], given: str
    ) -> str | None:
        """Returns `scheme://host` if `given` signs the request to that address, which is not the public one.

        The carrier then signs with the right token for another address than PUBLIC_URL, such as http for https.
        """
        bases = (f"{scheme}://{host}" for scheme in ("https", "http"))
        return next((base for base in bases if self._signs(base, target, fields, given)), None)

    def _signs(self, base: str, target: str, fields: Iterable[tuple[str, str]], given: str) -> bool:
        body = "".join(name + value for name, value in sorted(set(fields)))
        signed = base.encode("utf-8", "replace") + target.encode("latin-1", "replace") + body.encode()
        return hmac.compare_digest(sign(self.token, signed), given.encode("utf-8", "replace"))


def sign(token: bytes, text: bytes) -> bytes:
    """Returns the Base64 HMAC-SHA1 of `text`."""
    return b64encode(hmac.digest(token, text, "sha1"))


def read_form(body: bytes) -> Fields:
    """Decodes a form-encoded body, empty values included. Raises Unreadable."""
    try:
        return parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise Unreadable(type(error).__name__) from error


def raw_target(environ: dict[str, object]) -> str:
    """Returns path and query exactly as they arrived, from what the WSGI server kept of them."""
    kept = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if isinstance(kept, str) and kept:
        target = kept.partition("#")[0]
        return target if target.startswith("/") else "/" + target.partition("://")[2].partition("/")[2]
    query = environ.get("QUERY_STRING")
    path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    return f"{path}?{query}" if query else path
