"""The city's identity provider, as the console asks it. `openid` speaks to a real one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


class ProviderUnavailable(Exception):
    """Raised when the provider does not answer, or answers what no provider may answer; the argument is the reason."""


class ProviderRefusal(Exception):
    """Raised when the provider or a check of its token refuses the log-in; the argument is the reason."""


@dataclass(frozen=True, slots=True)
class LogInRequest:
    """The values that tie the provider's answer to the browser that asked. `verifier` is that of PKCE."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    # Asks the provider for a new proof, although the person is logged in there.
    asks_again: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the provider knows them. `session_id` names the session at the provider, if it says so."""

    issuer: str
    subject: str
    session_id: str | None
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LogOut:
    """A session, or every session of a person, ended at the provider. `token_id` is the same on a repetition."""

    issuer: str
    token_id: str
    subject: str | None
    session_id: str | None


class IdentityProvider(Protocol):
    def log_in_address(self, request: LogInRequest, at: datetime) -> str:
        """Returns the address at the provider to which the browser is led. Raises ProviderUnavailable."""
        ...

    def fetch_identity(self, request: LogInRequest, code: str, at: datetime) -> Identity:
        """Exchanges the code of the callback. Raises ProviderUnavailable, ProviderRefusal."""
        ...

    def read_log_out(self, token: str, at: datetime) -> LogOut:
        """Checks a logout token. Raises ProviderUnavailable, ProviderRefusal."""
        ...
