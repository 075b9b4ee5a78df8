"""Decides which caller details a person may see, and masks what they may not.

The default is a masked number and the first character of the name. The full number is for staff who must
call back. `mask_text` hides numbers and the caller's name inside free texts; every output of a text uses it.
"""

import re

from hotline.rules.enums import CallbackState, TicketState
from hotline.rules.people.actors import Actor, Machine, Person, Right
from hotline.rules.people.private_numbers import private_numbers
from hotline.rules.phone_numbers import format_national, is_withheld, parse_number
from hotline.rules.tickets.transitions import OPEN_AT_UNIT

_VISIBLE_HEAD = 3
_VISIBLE_TAIL = 4
_NAME_MASK = "***"
# Words that stand in the name field without naming a person, and forms of address around a name.
_NO_NAMES = {"匿名", "不详", "未知", "市民", "居民", "群众", "来电人", "业主", "保密", "anonymous", "unknown"}
_ADDRESS_FORM = re.compile(r"(?:先生|女士|小姐|同志|师傅|老师|大爷|大妈|阿姨)$")
_GAP = r"[\s·\u200b-\u200f\u2060\ufeff]*"


def mask_number(number: str | None) -> str:
    """Returns `138****5678` for a number, an empty text for none.

    Short or unusual values show at most their last two characters.
    """
    if not number:
        return ""
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


def mask_text(text: str, caller_name: str = "") -> str:
    """Returns `text` with telephone and identity numbers (all but three digits) and the caller's name replaced by stars."""
    masked, last = [], 0
    for start, end in private_numbers(text):
        masked += [text[last:start], _mask_digits(text[start:end])]
        last = end
    whole = "".join([*masked, text[last:]])
    pattern = _name_pattern(caller_name)
    return pattern.sub(_NAME_MASK, whole) if pattern else whole


def _mask_digits(number: str) -> str:
    shown = 0
    signs = []
    for sign in number:
        counts = sign.isdecimal() or sign in "XxＸｘ"
        shown += counts
        signs.append("*" if counts and shown > _VISIBLE_HEAD else sign)
    return "".join(signs)


def _name_pattern(caller_name: str) -> re.Pattern[str] | None:
    """Returns the pattern of a stored name with any blanks inside it, with or without its form of address."""
    name = re.sub(_GAP, "", caller_name)
    bare = _ADDRESS_FORM.sub("", name)
    wanted = bare if len(bare) > 1 else name
    if len(wanted) < 2 or wanted.lower() in _NO_NAMES:
        return None
    pattern = _GAP.join(re.escape(sign) for sign in wanted)
    return re.compile(rf"(?<![a-z]){pattern}(?![a-z])" if wanted.isascii() else pattern, re.IGNORECASE)


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


def may_see_callback_number(person: Person, state: CallbackState) -> bool:
    """Returns whether `person` works the callback list and the callback is still open."""
    return person.may(Right.PROMISE_CALLBACKS) and state in {CallbackState.WAITING, CallbackState.DIALLING}


def is_number_withheld(raw: str | None) -> bool:
    """Returns whether a caller's number is unknown: absent, `anonymous` in any spelling, or not a number."""
    if not raw or is_withheld(raw):
        return True
    return parse_number(raw) is None and not re.fullmatch(r"[\d\s*-]{3,20}", raw)
