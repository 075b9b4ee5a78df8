"""Maps recognised speech to keys and digits. Ambiguous or unknown speech is `Unclear`. Pure."""

import re
import unicodedata

from ivr_flows.flow import Flow, InputNode, MenuNode
from ivr_flows.speech import Catalogue, normalized
from ivr_flows.turn import Digits, Position, Unclear


def understand(flow: Flow, position: str, said: str, catalogue: Catalogue) -> Digits | Unclear:
    """Returns what `said` means at `position`, in the language of `catalogue`."""
    node = flow.nodes.get(Position.parse(position).node)
    if isinstance(node, MenuNode):
        return _choice(node, said, catalogue)
    if isinstance(node, InputNode):
        digits = _spoken_digits(said, catalogue)
        return Digits(digits) if digits else Unclear()
    return Unclear()


def _choice(menu: MenuNode, said: str, catalogue: Catalogue) -> Digits | Unclear:
    """Returns the one choice whose words were said or, failing that, the one key that was named."""
    heard = normalized(said)
    meant = {
        key
        for key, choice in menu.keys.items()
        if any(normalized(word) in heard for word in catalogue.words.get(choice.words, ()))
    }
    if not meant:
        named = _spoken_digits(said, catalogue)
        meant = {named} & set(menu.keys)
    return Digits(meant.pop()) if len(meant) == 1 else Unclear()


def _spoken_digits(said: str, catalogue: Catalogue) -> str:
    """Returns the digits in `said`, as figures or in the language's words for them; empty if it has anything else."""
    text = unicodedata.normalize("NFKC", said).casefold()
    names = {name: str(digit) for digit, name in enumerate(catalogue.speech.calendar.digits)}
    names |= {name: str(digit) for digit, name in enumerate(catalogue.speech.digits)}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    digits = re.sub(r"[\s,.\-，。、]+", "", text)
    return digits if digits.isascii() and digits.isdigit() else ""
