"""Which names somebody may have meant: all where there are few, the nearest where there are many."""

from dataclasses import dataclass
from difflib import get_close_matches
from heapq import nlargest
from itertools import takewhile

from hotline.rules.enums import Language
from ivr_flows.exit_labels import Pair

FEW, NEAREST = 8, 3
COMMA, AND = Pair("、", ", "), Pair("，", " and ")
NONE, OTHERS = Pair("无", "none"), Pair("另外 {} 个", "{} others")
FAR = Pair("{} 个，没有名字相近的", "{}, none with a name like it")
COMPARED = 100
"""Names compared sign by sign; those that begin and end most alike."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """`known` names, as far as they help who has written `asked`; `owner` says whose they are: 节点有, "nodes are".

    They are looked for only when the finding is told: a large file can have more findings than anybody is told.
    """

    owner: Pair
    asked: str
    known: tuple[str, ...]

    def in_(self, language: Language) -> str:
        """Return them as they are listed in `language`."""
        owner = self.owner.in_(language)
        if len(self.known) <= FEW:
            return f"{owner} {COMMA.in_(language).join(sorted(self.known)) or NONE.in_(language)}"
        likely = nlargest(COMPARED, self.known, self._same_ends)
        near = get_close_matches(self.asked, likely, NEAREST)
        if not near:
            return f"{owner} {FAR.in_(language).format(len(self.known))}"
        others = OTHERS.in_(language).format(len(self.known) - len(near))
        return f"{owner} {COMMA.in_(language).join(near)}{AND.in_(language)}{others}"

    def _same_ends(self, name: str) -> int:
        """Return how many letters `name` begins and ends with that `asked` does, too."""
        begin = takewhile(_is_same, zip(name, self.asked, strict=False))
        end = takewhile(_is_same, zip(reversed(name), reversed(self.asked), strict=False))
        return len([*begin, *end])


def _is_same(letters: tuple[str, str]) -> bool:
    return letters[0] == letters[1]
