"""Estimates the width of text without a font: a Chinese character is as wide as it is high, a Latin one about half."""

from collections.abc import Iterator

_NARROW, _WIDE, _CAPITAL = 0.59, 1.0, 0.7
_FIRST_WIDE = 0x2E80
_NEVER_FIRST = "，。、；：？！）》”"
MORE = "…"


def width(text: str, size: float) -> float:
    """Returns the estimated width in pixels of `text` in letters `size` pixels high."""
    return sum(_share(sign) for sign in text) * size


def _share(sign: str) -> float:
    if ord(sign) >= _FIRST_WIDE:
        return _WIDE
    return _CAPITAL if sign.isupper() or sign in "mw—…" else _NARROW


def shortened(text: str, size: float, room: float) -> str:
    """Returns `text`, or as much of its beginning as fits into `room` pixels."""
    if width(text, size) <= room:
        return text
    while text and width(text + MORE, size) > room:
        text = text[:-1]
    return text.rstrip() + MORE


def wrapped(text: str, size: float, room: float, *, most: int) -> tuple[str, ...]:
    """Returns `text` in at most `most` lines; it may be broken anywhere between Chinese characters.

    A stop or comma may exceed the line by its own width, because no line begins with one.
    """
    if not text:
        return ()
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and piece not in _NEVER_FIRST and width((lines[-1] + piece).rstrip(), size) > room:
            lines.append("")
        lines[-1] += piece
    if len(lines) > most:
        lines = [*lines[: most - 1], "".join(lines[most - 1 :])]
    return tuple(shortened(line.strip(), size, room + size) for line in lines)


def _pieces(text: str) -> Iterator[str]:
    """Yields the unbreakable parts: single wide characters, and Latin words with the space that follows."""
    word = ""
    for sign in text:
        if ord(sign) >= _FIRST_WIDE:
            if word:
                yield word
            word = ""
            yield sign
        else:
            word += sign
            if sign == " ":
                yield word
                word = ""
    if word:
        yield word
