"""Asks an identity provider by OpenID Connect (OpenID Connect Core 1.0 with PKCE, Back-Channel Logout 1.0).

Nothing that the provider says is believed before its signature, issuer, audience, times and nonce are checked. Requests are
sent outside of every transaction, take some seconds at most and follow no redirect.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.claims import JWTClaims
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from urllib3.exceptions import HTTPError

from hotline.gateways.identity_provider import (
    Identity,
    LogInRequest,
    LogOut,
    ProviderRefusal,
    ProviderUnavailable,
)

SECONDS = 5
# Metadata, keys and claims are a few kilobytes.
MAX_BYTES = 256 * 1024
# Keys change seldom; a token with an unknown key asks for them again.
METADATA_AGE = timedelta(minutes=10)
# A forged token names unknown keys at will: they are asked for at most this often.
NEW_KEYS_AGE = timedelta(seconds=20)
# While the provider is away, people who try at the same time do not wait for each other.
RETRY_AGE = timedelta(seconds=5)
LEEWAY_SECONDS = 60
# Signatures with the provider's private key. With `none` or a shared secret a token would prove nothing.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
LOG_OUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# A foreign answer raises these: errors of the network, of JSON and types, of OAuth and of signatures.
_NONSENSE = (
    requests.RequestException,
    HTTPError,
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AuthlibBaseError,
    JoseError,
)


@dataclass(slots=True)
class _Known:
    """The provider's metadata and keys, and when they were read."""

    metadata: OpenIDProviderMetadata
    keys: KeySet
    read_at: datetime


class OpenIdProvider:
    """Implements `IdentityProvider` with Authlib."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, scope: str) -> None:
        self._issuer, self._client_id, self._client_secret = issuer, client_id, client_secret
        self._scope = scope
        self._known: _Known | None = None
        self._failed_at: datetime | None = None
        self._lock = threading.Lock()

    def log_in_address(self, request: LogInRequest, at: datetime) -> str:
        endpoint = self._read(at).metadata["authorization_endpoint"]
        more = {"prompt": "login", "max_age": 0} if request.asks_again else {}
        with self._session(request.redirect_uri) as session:
            address, _ = session.create_authorization_url(
                endpoint, state=request.state, code_verifier=request.verifier, nonce=request.nonce, **more
            )
        return str(address)

    def fetch_identity(self, request: LogInRequest, code: str, at: datetime) -> Identity:
        known = self._read(at)
        try:
            with self._session(request.redirect_uri) as session:
                token = session.fetch_token(
                    known.metadata["token_endpoint"],
                    code=code,
                    code_verifier=request.verifier,
                    allow_redirects=False,
                )
                claims = self._id_token_claims(token, request.nonce, at)
                claims |= self._user_info(session, known.metadata, claims)
        except (AuthlibBaseError, JoseError) as error:
            # Authlib's and joserfc's messages name the broken rule, never a token.
            raise ProviderRefusal(str(error)) from error
        except _NONSENSE as error:
            raise ProviderUnavailable(_reason(error)) from error
        session_id = claims.get("sid")
        return Identity(
            self._issuer, str(claims["sub"]), session_id if isinstance(session_id, str) else None, claims
        )

    def read_log_out(self, token: str, at: datetime) -> LogOut:
        try:
            decoded = self._decode(token, at)
            expected = self._expected(exp={"essential": True}, jti={"essential": True})
            JWTClaims(decoded.claims, decoded.header, expected).validate(_seconds(at), LEEWAY_SECONDS)
        except JoseError as error:
            raise ProviderRefusal(str(error)) from error
        except (ValueError, TypeError, KeyError) as error:
            raise ProviderRefusal(type(error).__name__) from error
        claims = decoded.claims
        subject, session_id = (_text_or_none(claims.get(name)) for name in ("sub", "sid"))
        happened = claims.get("events")
        if not isinstance(happened, dict) or LOG_OUT_EVENT not in happened:
            raise ProviderRefusal("the token announces no log-out")
        if "nonce" in claims:
            # An ID token must not serve as a logout token (Back-Channel Logout 1.0, 2.4).
            raise ProviderRefusal("the token has a nonce")
        if subject is None and session_id is None:
            raise ProviderRefusal("the token names neither a person nor a session")
        return LogOut(self._issuer, str(claims["jti"]), subject, session_id)

    def _session(self, redirect_uri: str) -> OAuth2Session:
        return OAuth2Session(
            self._client_id,
            self._client_secret,
            scope=self._scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            default_timeout=SECONDS,
        )

    def _id_token_claims(self, token: Mapping[str, Any], nonce: str, at: datetime) -> dict[str, Any]:
        """Returns the checked claims of the ID token."""
        decoded = self._decode(token["id_token"], at)
        given = {
            "nonce": nonce,
            "client_id": self._client_id,
            "access_token": token.get("access_token"),
        }
        checked = CodeIDToken(decoded.claims, decoded.header, self._expected(), given)
        checked.validate(_seconds(at), LEEWAY_SECONDS)
        if _text_or_none(decoded.claims["sub"]) is None:
            raise ProviderRefusal("the token names no person")
        return dict(decoded.claims)

    def _user_info(
        self, session: OAuth2Session, metadata: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Returns the claims of the userinfo endpoint that the ID token lacks; none if there is no such endpoint."""
        endpoint = metadata.get("userinfo_endpoint")
        if endpoint is None:
            return {}
        answer = session.get(endpoint, allow_redirects=False, stream=True)
        info = _json_object(answer)
        if info.get("sub") != claims["sub"]:
            # Core 1.0, 5.3.2: the answer may belong to another person.
            raise ProviderRefusal("the user's claims belong to another person")
        return {name: value for name, value in info.items() if name not in claims}

    def _expected(self, **more: object) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client_id},
            "iat": {"essential": True},
            **more,
        }

    def _decode(self, token: str, at: datetime) -> jwt.Token:
        """Returns a token whose signature is right. Keys that are not known yet are asked for once."""
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            return jwt.decode(token, self._read(at).keys, registry=registry)
        except InvalidKeyIdError:
            return jwt.decode(token, self._read(at, anew=True).keys, registry=registry)

    def _read(self, at: datetime, *, anew: bool = False) -> _Known:
        """Returns metadata and keys, read at most every ten minutes, or `anew`. Raises ProviderUnavailable."""
        with self._lock:
            known = self._known
            if self._failed_at is not None and at - self._failed_at < RETRY_AGE:
                raise ProviderUnavailable("it did not answer a moment ago")
            age = METADATA_AGE if not anew else NEW_KEYS_AGE
            if known is None or at - known.read_at > age:
                try:
                    known = self._known = self._fetch(at)
                except _NONSENSE as error:
                    self._failed_at = at
                    raise ProviderUnavailable(_reason(error)) from error
                self._failed_at = None
            return known

    def _fetch(self, at: datetime) -> _Known:
        with requests.Session() as session:

            def get(address: str) -> dict[str, Any]:
                return _json_object(session.get(address, timeout=SECONDS, allow_redirects=False, stream=True))

            metadata = OpenIDProviderMetadata(get(get_well_known_url(self._issuer, external=True)))
            if metadata.get("issuer") != self._issuer:
                raise ValueError("the metadata name another issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
                if name != "userinfo_endpoint" or name in metadata:
                    _require_safe(metadata[name])
            keys = KeySet.import_key_set(cast("Any", get(metadata["jwks_uri"])))
        return _Known(metadata, keys, at)


def _require_safe(address: object) -> None:
    """Raises ValueError for an address of metadata that is neither https nor on this machine."""
    parts = urlsplit(address if isinstance(address, str) else "")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("an endpoint of the provider is not https")


def _json_object(answer: requests.Response) -> dict[str, Any]:
    """Returns the JSON object of an answer. Raises ValueError for another answer, and for a long one."""
    with answer:
        if answer.status_code != requests.codes.ok:
            raise ValueError(f"status {answer.status_code}")
        content = answer.raw.read(MAX_BYTES + 1, decode_content=True)
    if len(content) > MAX_BYTES:
        raise ValueError("the answer is too long")
    parsed = json.loads(content)
    if not isinstance(parsed, dict):
        raise TypeError("the answer is no JSON object")
    return parsed


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _reason(error: Exception) -> str:
    """Returns a reason for the log: our own words, or the kind of the error, whose text may repeat what was sent."""
    own = isinstance(error, ValueError | TypeError) and not isinstance(
        error, requests.RequestException | json.JSONDecodeError
    )
    return str(error) if own else type(error).__name__
