"""What a caller said -> the key it stands for. Pure; words that mean nothing here, or two things, are unclear."""

import re
import unicodedata

from ivr_flows.flow import Flow, Input, Menu
from ivr_flows.source.prompts import Catalogue, plain
from ivr_flows.turn import Digits, Position, Unclear


def understand(flow: Flow, position: str, said: str, catalogue: Catalogue) -> Digits | Unclear:
    """Return what `said` means where the call stands, in the language of `catalogue`."""
    node = flow.nodes.get(Position.parse(position).node)
    if isinstance(node, Menu):
        return _choice(node, said, catalogue)
    if isinstance(node, Input):
        digits = _spoken_digits(said, catalogue)
        return Digits(digits) if digits else Unclear()
    return Unclear()


def _choice(menu: Menu, said: str, catalogue: Catalogue) -> Digits | Unclear:
    """Find the one choice whose words were said; failing that, the one key that was named."""
    heard = plain(said)
    meant = {
        key
        for key, choice in menu.keys.items()
        if any(plain(word) in heard for word in catalogue.words.get(choice.words, ()))
    }
    if not meant:
        named = _spoken_digits(said, catalogue)
        meant = {named} & set(menu.keys)
    return Digits(meant.pop()) if len(meant) == 1 else Unclear()


def _spoken_digits(said: str, catalogue: Catalogue) -> str:
    """Return the digits in what was said, in figures or in the language's own words for them; empty if anything else was."""
    text = unicodedata.normalize("NFKC", said).casefold()
    names = {name: str(digit) for digit, name in enumerate(catalogue.speech.calendar.digits)}
    names |= {name: str(digit) for digit, name in enumerate(catalogue.speech.digits)}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    digits = re.sub(r"[\s,.\-，。、]+", "", text)
    return digits if digits.isascii() and digits.isdigit() else ""
