"""The city's rules for passwords."""

from datetime import datetime, timedelta

from hotline.rules.policies import AccountPolicy
from hotline.rules.text import is_blank, is_storable

# Characters; a longer text is no password but a mistake.
MAX_PASSWORD_LENGTH = 1024
# Shorter names occur in words by chance.
_SHORTEST_NAME = 4


def password_problem(password: str, policy: AccountPolicy, names: tuple[str | None, ...] = ()) -> str | None:
    """Returns the code of the first rule that `password` breaks, or None.

    `names` are the log-in name, the name and the work number of its owner: a password must not contain them.
    """
    if is_blank(password):
        return "missing"
    if not is_storable(password):
        return "unknown_value"
    if len(password) < policy.min_password_length:
        return "too_short"
    if len(password) > MAX_PASSWORD_LENGTH:
        return "too_long"
    if kinds_of(password) < policy.password_kinds:
        return "too_simple"
    folded = password.casefold()
    long_names = (name.casefold() for name in names if name and len(name) >= _SHORTEST_NAME)
    if any(name in folded for name in long_names) or len(set(folded)) < _SHORTEST_NAME:
        return "too_simple"
    return None


def kinds_of(password: str) -> int:
    """Returns how many kinds of characters a password holds: lower case, upper case, digits, others (such as 汉字)."""
    return len({_kind(sign) for sign in password})


def _kind(sign: str) -> str:
    if sign.isascii() and sign.isdigit():
        return "digit"
    if sign.isascii() and sign.isalpha():
        return "upper" if sign.isupper() else "lower"
    return "other"


def is_password_old(changed_at: datetime, at: datetime, policy: AccountPolicy) -> bool:
    """Returns whether a password that was set at `changed_at` must be changed."""
    return policy.password_days > 0 and at >= changed_at + timedelta(days=policy.password_days)
