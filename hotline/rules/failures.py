"""Words of failures outside: what a log line or a list may say of them."""

import re

from hotline.rules.text import one_line

# Characters of a reason in a log line.
MAX_REASON = 300
# Classes of SQLSTATE that are about the connection, not about a statement (PostgreSQL, appendix A).
_CONNECTION_STATES = ("08", "28", "3D", "53", "57", "58")
# How Redis refuses a client that names no password; its words do not say so.
_REDIS_UNAUTHENTICATED = "HELLO must be called with the client already authenticated"
_LONG_NUMBER = re.compile(r"\+?\d{7,}")


def without_numbers(text: str) -> str:
    """Returns `text` with every run of seven digits or more replaced: an outside error may quote a caller's number."""
    return _LONG_NUMBER.sub("…", text)


def failure_reason(error: BaseException) -> str:
    """Returns why a component did not answer, as one line: the words of its driver, without numbers of callers.

    Drivers never quote a password. An error about a statement, which may quote the values of a row, gives its SQLSTATE alone.
    """
    cause = getattr(error, "orig", None) or error
    if str(cause).startswith(_REDIS_UNAUTHENTICATED):
        return "NOAUTH Authentication required: the URL has no password"
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate is not None and not str(sqlstate).startswith(_CONNECTION_STATES):
        return f"SQLSTATE {sqlstate}"
    return without_numbers(one_line(" ".join(str(cause).split())))[:MAX_REASON]
