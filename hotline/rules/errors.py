"""The ordinary ways in which an intention is refused. Doors turn each into words for their visitor; none is a fault."""

from collections.abc import Iterable, Mapping

from hotline.rules.enums import TicketAction


class DomainError(Exception):
    """An intention that could not be carried out; nothing was changed."""


class NoSuchCall(DomainError):
    pass


class NoSuchTicket(DomainError):
    pass


class NoSuchCallback(DomainError):
    pass


class NoSuchDial(DomainError):
    pass


class NoSuchPerson(DomainError):
    pass


class NoSuchRecording(DomainError):
    pass


class NoSuchOutage(DomainError):
    pass


class NoSuchFlow(DomainError):
    pass


class UnknownUnit(DomainError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnknownSkill(DomainError):
    """Not one of the skills the city's file names; `known` are those."""

    def __init__(self, skill: str, known: Iterable[str]) -> None:
        super().__init__(skill)
        self.known = tuple(known)


class NotAllowed(DomainError):
    """The actor's role, unit or situation does not permit it."""


class ActionNotAllowed(DomainError):
    """The ticket's state does not permit the action; `allowed` says what it does permit this actor."""

    def __init__(self, action: TicketAction, allowed: Iterable[TicketAction]) -> None:
        super().__init__(action.value)
        self.action = action
        self.allowed = tuple(allowed)


class MissingFields(DomainError):
    """A finished action needs more; `fields` names what is empty."""

    def __init__(self, fields: Iterable[str]) -> None:
        self.fields = tuple(fields)
        super().__init__(", ".join(self.fields))


class InvalidFields(DomainError):
    """Values that cannot be accepted: field name -> code (unknown_value, too_long, not_text, unknown_field)."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(", ".join(f"{name}: {code}" for name, code in self.errors.items()))


class StaleRevision(DomainError):
    """Somebody (or another tab) saved in between; `current` is the revision to read again."""

    def __init__(self, current: int) -> None:
        super().__init__(str(current))
        self.current = current


class LostRace(DomainError):
    """Another hand was faster. Look again."""


class BadNumber(DomainError):
    """Not a telephone number that can be called."""


class UnfinishedCall(DomainError):
    """The last call has neither a ticket nor a reasoned no-matter yet."""

    def __init__(self, call_id: int) -> None:
        super().__init__(str(call_id))
        self.call_id = call_id


class NameTaken(DomainError):
    """The log-in or work number exists already."""
