"""Free text: its length, its invisible signs, its direction marks, and the characters that databases and carrier accept.

Lengths count code points, on the server and in the browser (`static/js/lengths.js`), with line ends as one sign.
"""

import re
import unicodedata

LONG_TEXT, SHORT_TEXT = 20_000, 200

# Carriers refuse a text that is longer than 4,500 characters once it is URL-encoded; a byte of UTF-8 takes up to three.
MAX_SPOKEN_BYTES = 1500

# PostgreSQL stores no NUL, and no database stores half a surrogate pair; JSON can bring both.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Everything outside the characters of XML 1.0, section 2.2: TwiML is XML.
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Spaces, and signs without a shape that people paste by accident around a text.
_EDGE = " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
_EDGE += "\xad\u115f\u1160\u180e\u2800\u3164\uffa0"
# All spaces, controls and signs that are drawn as nothing: Unicode's Default_Ignorable_Code_Point, the format and
# control categories, and the empty braille pattern.
_INVISIBLE = re.compile(
    f"[{_EDGE}\x00-\x1f\x7f-\x9f\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200e\u200f\u202a-\u202e"
    "\u2061-\u206f\ufe00-\ufe0f\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_AROUND = re.compile(f"^[{_EDGE}]+|[{_EDGE}]+$")
# Unicode Standard Annex 9: what opens an embedding, an override or an isolate, and what closes it.
_POP_EMBEDDING, _POP_ISOLATE = "\u202c", "\u2069"
_CLOSER = dict.fromkeys("\u202a\u202b\u202d\u202e", _POP_EMBEDDING) | dict.fromkeys(
    "\u2066\u2067\u2068", _POP_ISOLATE
)


def is_blank(text: str) -> bool:
    """Returns whether `text` shows nothing: it is empty, or holds only spaces and invisible signs."""
    return not _INVISIBLE.sub("", text)


def clean(text: str) -> str:
    """Returns a typed text as it is kept: one kind of line end, no spaces around it, empty if it shows nothing."""
    kept = _AROUND.sub("", text.replace("\r\n", "\n"))
    return "" if is_blank(kept) else kept


def normalise(text: str) -> str:
    """Returns `text` for comparing: without spaces and invisible signs, in half-width forms, without letter case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", folded))


def without_format_signs(text: str) -> str:
    """Returns `text` without signs of no width, such as direction marks: two numbers that look the same are the same."""
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def close_directions(text: str) -> str:
    """Returns `text` with every direction that it leaves open closed, so that the text after it is not turned.

    HTML isolates texts by elements; this is for files and terminals.
    """
    lines = text.split("\n")
    return text if text.isascii() else "\n".join(line + _closers_of(line) for line in lines)


def _closers_of(line: str) -> str:
    # A direction ends with its paragraph, so each line is closed by itself.
    open_ones: list[str] = []
    for sign in line:
        if sign in _CLOSER:
            open_ones.append(_CLOSER[sign])
        elif sign == _POP_EMBEDDING and open_ones and open_ones[-1] == _POP_EMBEDDING:
            open_ones.pop()
        elif sign == _POP_ISOLATE and _POP_ISOLATE in open_ones:
            # Closing an isolate closes the embeddings inside it as well.
            while open_ones.pop() != _POP_ISOLATE:
                pass
    return "".join(reversed(open_ones))


def is_storable(text: str) -> bool:
    """Returns whether every database can store `text`."""
    return _UNSTORABLE.search(text) is None


def to_storable(text: str, limit: int) -> str:
    """Returns the first `limit` storable characters of `text`. Used for remarks, which are never refused."""
    return clean(_UNSTORABLE.sub("", text))[:limit]


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
