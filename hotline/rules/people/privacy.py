"""Decides which caller details a person may see, and masks what they may not.

The default is a masked number and the first character of the name. The full number is for staff who must
call back. Inside free texts `private_words.mask_text` hides numbers and the caller's name.
"""

import re

from hotline.rules.enums import OPEN_AT_UNIT, CallbackState, TicketState
from hotline.rules.people.actors import Actor, Machine, Person, Right
from hotline.rules.phone_numbers import format_national, is_masked, is_withheld, parse_number

_VISIBLE_HEAD = 3
_VISIBLE_TAIL = 4


def mask_number(number: str | None) -> str:
    """Returns `138****5678` for a number, an empty text for none.

    Short or unusual values show at most their last two characters. A number that was masked already, in a file that this
    system exported, stays as it is.
    """
    if not number:
        return ""
    if is_masked(number):
        return number
    text = "".join(sign for sign in format_national(number) if sign.isalnum())
    if len(text) < _VISIBLE_HEAD + _VISIBLE_TAIL + 3:
        shown = text[-2:] if len(text) > _VISIBLE_TAIL else ""
        return shown.rjust(len(text), "*") or "*"
    hidden = len(text) - _VISIBLE_HEAD - _VISIBLE_TAIL
    return f"{text[:_VISIBLE_HEAD]}{'*' * hidden}{text[-_VISIBLE_TAIL:]}"


def mask_name(name: str) -> str:
    """Returns `张**` for any name, an empty text for none."""
    text = name.strip()
    # The first character is enough to greet the caller and not enough to search for them.
    return f"{text[0]}**" if text else ""


def may_read_in_full(
    person: Actor, state: TicketState, unit_code: str | None, author_id: int | None, *, confidential: bool
) -> bool:
    """Returns whether `person` may read numbers and names inside a ticket's texts.

    That is whoever may see the number itself, and staff who write tickets: they talk with callers and edit the texts. A
    confidential ticket that has left the desk is masked for them too.
    """
    if isinstance(person, Machine):
        return True
    if person.may(Right.WRITE_TICKETS) and (state is TicketState.DRAFT or not confidential):
        return True
    return may_see_ticket_number(person, state, unit_code, author_id, confidential=confidential)


def is_caller_hidden(actor: Actor, *, confidential: bool) -> bool:
    """Returns whether even the masked caller is hidden: unit staff see no caller of a confidential ticket."""
    if isinstance(actor, Machine):
        return False
    return confidential and not actor.may(Right.READ_ALL_TICKETS)


def may_see_ticket_number(
    person: Person, state: TicketState, unit_code: str | None, author_id: int | None, *, confidential: bool
) -> bool:
    """Returns whether `person` must call back and may therefore see a ticket's full number.

    That is the author of a draft, or any writer of tickets for a draft that a voice message opened. It is
    also the unit, from its signature to the closing, unless the ticket is confidential.
    """
    if state is TicketState.DRAFT:
        return author_id == person.id or (author_id is None and person.may(Right.WRITE_TICKETS))
    handles = person.may(Right.HANDLE_TICKETS) and unit_code is not None and unit_code == person.unit_code
    return handles and not confidential and state in OPEN_AT_UNIT - {TicketState.DISPATCHED}


def may_ask_for_number(person: Person, *, confidential: bool) -> bool:
    """Returns whether `person` may see a ticket's full number outside their own open work, with a reason."""
    return person.may(Right.SEE_NUMBERS) and not confidential


def is_own_open_work(
    person: Person, state: TicketState, unit_code: str | None, author_id: int | None
) -> bool:
    """Returns whether a ticket that is not over is the person's to work on: written by them, waiting for any writer, or at their unit."""
    if state in {TicketState.CLOSED, TicketState.DISCARDED}:
        return False
    if author_id == person.id:
        return True
    if state is TicketState.DRAFT:
        return author_id is None and person.may(Right.WRITE_TICKETS)
    handles = person.may(Right.HANDLE_TICKETS) and unit_code is not None and unit_code == person.unit_code
    return handles and state in OPEN_AT_UNIT


def needs_look_reason(
    person: Person, state: TicketState, unit_code: str | None, author_id: int | None, *, confidential: bool
) -> bool:
    """Returns whether `person` states a reason before a ticket is opened: a confidential one outside their own open work."""
    return confidential and not is_own_open_work(person, state, unit_code, author_id)


def may_see_callback_number(person: Person, state: CallbackState) -> bool:
    """Returns whether `person` works the callback list and the callback is still open."""
    return person.may(Right.PROMISE_CALLBACKS) and state in {CallbackState.WAITING, CallbackState.DIALLING}


def is_number_withheld(raw: str | None) -> bool:
    """Returns whether a caller's number is unknown: absent, `anonymous` in any spelling, or not a number."""
    if not raw or is_withheld(raw):
        return True
    return parse_number(raw) is None and not re.fullmatch(r"[\d\s*-]{3,20}", raw)
