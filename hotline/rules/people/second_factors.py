"""The rules of second factors: the roles that need one, and the form of codes."""

import re

from hotline.rules.enums import Role
from hotline.rules.policies import AccountPolicy

# Digits of a code of an authenticator app, and its seconds (RFC 6238; every app knows these).
TOTP_DIGITS, TOTP_SECONDS = 6, 30
# Intervals before and after the present one whose codes are accepted too: clocks of telephones differ.
TOTP_WINDOW = 1
RECOVERY_CODES = 10
# Characters of base32: 80 bits.
RECOVERY_CODE_LENGTH = 16
# Wrong codes after which a log-in begins anew with the password.
MAX_TRIES = 5

_NO_SIGN = re.compile(r"[\s-]+")


def needs_second_factor(role: Role, policy: AccountPolicy) -> bool:
    return role in policy.second_factor_roles


def normalized_code(typed: str) -> str:
    """Returns a typed code as it is compared: without blanks and hyphens, in upper case, full-width digits as digits."""
    return _NO_SIGN.sub("", typed.translate(_NARROW)).upper()


def is_totp_code(code: str) -> bool:
    """Returns whether a normalized code has the form of an app's code."""
    return len(code) == TOTP_DIGITS and code.isascii() and code.isdigit()


def is_recovery_code(code: str) -> bool:
    """Returns whether a normalized code has the form of a recovery code."""
    return len(code) == RECOVERY_CODE_LENGTH and code.isascii() and code.isalnum()


def shown_code(code: str) -> str:
    """Returns a recovery code in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


_NARROW = {ord("０") + digit: ord("0") + digit for digit in range(10)}
