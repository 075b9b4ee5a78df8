"""Who of a caller is seen: by default a masked number and the family name's first sign; in full only by who must call back."""

import re

from hotline.rules.enums import CallbackState, TicketState
from hotline.rules.people.actors import Actor, Machine, Person, Right
from hotline.rules.phone_numbers import parse_number
from hotline.rules.tickets.transitions import OPEN_AT_UNIT


def mask_name(name: str) -> str:
    """Return `张**` for any name, an empty text for none: enough to greet, not enough to find."""
    text = name.strip()
    return f"{text[0]}**" if text else ""


def is_caller_hidden(actor: Actor, *, confidential: bool) -> bool:
    """Say whether even the masked caller is kept from `actor`: a confidential matter names nobody to unit staff."""
    if isinstance(actor, Machine):
        return False
    return confidential and not actor.may(Right.READ_ALL_TICKETS)


def may_see_ticket_number(
    person: Person, state: TicketState, unit_code: str | None, author_id: int | None, *, confidential: bool
) -> bool:
    """Say whether `person` must call back and may therefore ask for a ticket's full number.

    That is the author of a draft (of one that a message opened and nobody has written: whoever writes tickets), and the
    unit from its signature to its close unless the matter is confidential.
    """
    if state is TicketState.DRAFT:
        return author_id == person.id or (author_id is None and person.may(Right.WRITE_TICKETS))
    handles = person.may(Right.HANDLE_TICKETS) and unit_code is not None and unit_code == person.unit_code
    return handles and not confidential and state in OPEN_AT_UNIT - {TicketState.DISPATCHED}


def may_see_callback_number(person: Person, state: CallbackState) -> bool:
    """Say whether `person` works the callback list and the promise is still open."""
    return person.may(Right.PROMISE_CALLBACKS) and state in {CallbackState.WAITING, CallbackState.DIALLING}


def is_number_withheld(raw: str | None) -> bool:
    """Say whether a caller's number is unknown: never given, `anonymous` in any spelling, or not a number at all."""
    if not raw:
        return True
    return parse_number(raw) is None and not re.fullmatch(r"[\d\s-]{3,20}", raw)
