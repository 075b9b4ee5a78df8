"""Which names somebody may have meant: all where there are few, the nearest where there are many."""

from dataclasses import dataclass
from difflib import get_close_matches
from heapq import nlargest
from itertools import takewhile

FEW, NEAREST = 8, 3
COMPARED = 100
"""Names compared sign by sign; those that begin and end most alike."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """`known` names, as far as they help who has written `asked`; `owner` says whose they are: "nodes are".

    They are looked for only when the finding is told: a large file can have more findings than anybody is told.
    """

    owner: str
    asked: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        if len(self.known) <= FEW:
            return f"{self.owner} {', '.join(sorted(self.known)) or 'none'}"
        likely = nlargest(COMPARED, self.known, self._same_ends)
        near = get_close_matches(self.asked, likely, NEAREST)
        others = len(self.known) - len(near)
        named = f"{', '.join(near)} and " if near else ""
        return f"{self.owner} {named}{others} others"

    def _same_ends(self, name: str) -> int:
        """Return how many letters `name` begins and ends with that `asked` does, too."""
        begin = takewhile(_is_same, zip(name, self.asked, strict=False))
        end = takewhile(_is_same, zip(reversed(name), reversed(self.asked), strict=False))
        return len([*begin, *end])


def _is_same(letters: tuple[str, str]) -> bool:
    return letters[0] == letters[1]
