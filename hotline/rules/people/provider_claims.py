"""The claims of the city's identity provider, read as name, role and unit of an account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hotline.rules.enums import Role
from hotline.rules.errors import UnmappedClaims
from hotline.rules.people.accounts import MAX_DISPLAY_NAME, MAX_NAME
from hotline.rules.text import clean


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """The names of the claims, and the roles that the values of the role claim stand for, the most important first.

    Without a role claim roles and units are those of the local account.
    """

    name_claim: str
    role_claim: str = ""
    unit_claim: str = ""
    roles: Mapping[str, Role] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClaimedAccount:
    """A person as the claims describe them. `role` is None where the local account keeps its own."""

    name: str
    display_name: str
    role: Role | None
    unit_code: str | None


def read_claims(claims: Mapping[str, Any], mapping: ClaimMapping) -> ClaimedAccount:
    """Returns the account that the claims describe. Raises UnmappedClaims for a role or unit that they do not settle."""
    name = _text(claims.get(mapping.name_claim))[:MAX_NAME]
    shown = _text(claims.get("name"))[:MAX_DISPLAY_NAME] or name
    if not mapping.role_claim:
        return ClaimedAccount(name, shown, None, None)
    values = _values(claims.get(mapping.role_claim))
    role = next((role for value, role in mapping.roles.items() if value in values), None)
    if role is None:
        raise UnmappedClaims("role")
    unit_code = None
    if role is Role.HANDLER:
        unit_code = _text(claims.get(mapping.unit_claim)) or None
        if unit_code is None:
            raise UnmappedClaims("unit")
    return ClaimedAccount(name, shown, role, unit_code)


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _values(value: object) -> frozenset[str]:
    """Returns the values of a claim that is a text or a list of texts."""
    if isinstance(value, str):
        return frozenset({value})
    return (
        frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()
    )
