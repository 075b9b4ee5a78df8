"""What may be seen of a caller's number by default: enough to recognise, not enough to call."""

from hotline.rules.phone_numbers import format_national

_VISIBLE_HEAD = 3
_VISIBLE_TAIL = 4


def mask_number(number: str | None) -> str:
    """Return `138****5678` for a number, an empty text for none. Short or odd values show their last two signs at most."""
    if not number:
        return ""
    text = "".join(sign for sign in format_national(number) if sign.isalnum())
    if len(text) < _VISIBLE_HEAD + _VISIBLE_TAIL + 3:
        shown = text[-2:] if len(text) > _VISIBLE_TAIL else ""
        return shown.rjust(len(text), "*") or "*"
    hidden = len(text) - _VISIBLE_HEAD - _VISIBLE_TAIL
    return f"{text[:_VISIBLE_HEAD]}{'*' * hidden}{text[-_VISIBLE_TAIL:]}"
