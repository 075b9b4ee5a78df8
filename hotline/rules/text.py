"""Free text: how long it may be, and which characters the databases and the carrier accept."""

import re

LONG_TEXT, SHORT_TEXT = 20_000, 200

# Carriers refuse a text that is longer than 4,500 characters once it is URL-encoded; a byte of UTF-8 takes up to three.
MAX_SPOKEN_BYTES = 1500

# PostgreSQL stores no NUL, and no database stores half a surrogate pair; JSON can bring both.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Everything outside the characters of XML 1.0, section 2.2: TwiML is XML.
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_storable(text: str) -> bool:
    """Returns whether every database can store `text`."""
    return _UNSTORABLE.search(text) is None


def to_storable(text: str, limit: int) -> str:
    """Returns the first `limit` storable characters of `text`. Used for remarks, which are never refused."""
    return _UNSTORABLE.sub("", text)[:limit]


def is_speakable(text: str) -> bool:
    """Returns whether every character of `text` may stand in a TwiML document."""
    return _UNSPEAKABLE.search(text) is None


def to_speakable(text: str, limit: int | None = None) -> str:
    """Returns the first `limit` characters of `text` (None: all) that may stand in a TwiML document."""
    return _UNSPEAKABLE.sub("", text)[:limit]


def to_utterance(text: str) -> str:
    """Returns as much of the speakable `text` as a carrier speaks in one verb: at most MAX_SPOKEN_BYTES."""
    return to_speakable(text).encode()[:MAX_SPOKEN_BYTES].decode(errors="ignore")


def one_line(text: str) -> str:
    """Returns `text` as one line, with every character that cannot be printed written as an escape."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
