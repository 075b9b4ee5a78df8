"""Words of failures outside: what a log line or a list may say of them."""

import re

_LONG_NUMBER = re.compile(r"\+?\d{7,}")


def without_numbers(text: str) -> str:
    """Returns `text` with every run of seven digits or more replaced: an outside error may quote a caller's number."""
    return _LONG_NUMBER.sub("…", text)
