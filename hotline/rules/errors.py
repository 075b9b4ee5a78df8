"""Domain errors: the ordinary ways in which a use case is refused; nothing was changed.

Adapters map each class to a response.
"""

from collections.abc import Iterable, Mapping

from hotline.rules.enums import TicketAction


class DomainError(Exception):
    """Base class of refused use cases; when it is raised nothing was changed."""


class NoSuchCall(DomainError):
    """Raised when no call has this id or sid; the argument is the id or sid as text."""


class NoSuchTicket(DomainError):
    """Raised when no ticket has this id or number; the argument is the id or number as text."""


class NoSuchCallback(DomainError):
    """Raised when no callback has this id; the argument is the id as text."""


class NoSuchDial(DomainError):
    """Raised when no dial attempt has this reference or id; the argument is the reference or id as text."""


class NoSuchPerson(DomainError):
    """Raised when no active user has this log-in name; the argument is the name."""


class NoSuchLink(DomainError):
    """Raised when a link that sets a password is unknown, used, replaced or over."""


class NoSuchToken(DomainError):
    """Raised when no API token has this id; the argument is the id as text."""


class UnreadableSecret(DomainError):
    """Raised when a stored secret cannot be decrypted: SECRET_KEY is not that of its writing."""


class UnmappedClaims(DomainError):
    """Raised when the identity provider's claims settle no role or no unit; the argument names which."""


class NoProviderAccount(DomainError):
    """Raised when a person of the identity provider has no account here, or none that they may use."""


class NoSuchRecording(DomainError):
    """Raised when no recording has this id; the argument is the id as text."""


class NoSuchOutage(DomainError):
    """Raised when no outage has this id; the argument is the id as text."""


class NoSuchDelivery(DomainError):
    """Raised when no delivery has this id; the argument is the id as text."""


class ReasonNeeded(DomainError):
    """Raised when a person must choose a reason first, because what they want to see is not their own open work."""


class NoSuchEscalation(DomainError):
    """Raised when no escalation has this id; the argument is the id as text."""


class NoSuchFlow(DomainError):
    """Raised when a publication or the source of a flow version is unknown; the argument names it."""


class NoSuchCityVersion(DomainError):
    """Raised when no published version of the city's data has this id; the argument is the id as text."""


class UnitInUse(DomainError):
    """Raised when a unit is closed without a successor while `tickets` are open there, or `people` belong to it."""

    def __init__(self, code: str, tickets: int, people: int) -> None:
        super().__init__(f"{code}: {tickets} open tickets, {people} people")
        self.code, self.tickets, self.people = code, tickets, people


class UnknownUnit(DomainError):
    """Raised when no unit has the code `code`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnknownSkill(DomainError):
    """Raised when `skill` is not one of `known`, the skills of the city's file."""

    def __init__(self, skill: str, known: Iterable[str]) -> None:
        super().__init__(skill)
        self.known = tuple(known)


class NotAllowed(DomainError):
    """Raised when the actor's role, unit or situation does not permit the action; the argument is the reason."""


class ActionNotAllowed(DomainError):
    """Raised when the ticket's state does not permit `action`; `allowed` lists the actions this actor may perform."""

    def __init__(self, action: TicketAction, allowed: Iterable[TicketAction]) -> None:
        super().__init__(action.value)
        self.action = action
        self.allowed = tuple(allowed)


class MissingFields(DomainError):
    """Raised when an action requires more fields; `fields` names the empty ones."""

    def __init__(self, fields: Iterable[str]) -> None:
        self.fields = tuple(fields)
        super().__init__(", ".join(self.fields))


class InvalidFields(DomainError):
    """Raised for values that cannot be accepted; `errors` maps a field name to a code (unknown_value, too_long, …)."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(", ".join(f"{name}: {code}" for name, code in self.errors.items()))


class StaleRevision(DomainError):
    """Raised when the ticket was saved in the meantime; `current` is the revision to read again."""

    def __init__(self, current: int) -> None:
        super().__init__(str(current))
        self.current = current


class LostRace(DomainError):
    """Raised when another request changed the row first; the argument is the reason. Read the row again."""


class BadNumber(DomainError):
    """Raised when the number is not a telephone number that can be called; the argument names what it was for."""


class UnfinishedCall(DomainError):
    """Raised when the operator's call `call_id` has neither a ticket nor a reason for having none."""

    def __init__(self, call_id: int) -> None:
        super().__init__(str(call_id))
        self.call_id = call_id


class LastAdministrator(DomainError):
    """Raised when nobody would be left who may manage people."""


class NameTaken(DomainError):
    """Raised when the log-in name or work number exists already; the argument says which, with its value."""


class KeyReused(DomainError):
    """Raised when an idempotency key was used for a request with another body."""
