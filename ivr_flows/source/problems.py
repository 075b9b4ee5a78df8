"""What is wrong with a flow or a prompt file, said in Chinese and in English so that whoever wrote it can mend it."""

from dataclasses import dataclass
from typing import Protocol

from hotline.rules.enums import Language
from ivr_flows.exit_labels import Pair

MOST_TOLD = 100
"""Faults that somebody is told at once."""
LAID_OUT = Pair("{where}:{place} {what}（{why}）。{mend}", "{where}:{place} {what} ({why}). {mend}")


class InBoth(Protocol):
    """Words that can be said in Chinese and in English."""

    def in_(self, language: Language) -> str: ...


Said = str | InBoth
"""What is said of a fault; a plain text, such as another program's own words, is the same to every reader."""


def said(words: Said, language: Language) -> str:
    """Return `words` for a reader of `language`."""
    return words if isinstance(words, str) else words.in_(language)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `place` is a node or prompt (empty: the whole file); `line` and `column` count from 1 (0: not known)."""

    file: str
    place: str
    what: Said
    why: Said
    mend: Said
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return self.in_(Language.EN)

    def in_(self, language: Language) -> str:
        """Return it as one line that begins with the place an editor can jump to."""
        what, why, mend = (said(words, language) for words in (self.what, self.why, self.mend))
        where = ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])
        place = f" [{self.place}]" if self.place else ""
        return one_line(
            LAID_OUT.in_(language).format(where=where, place=place, what=what, why=why, mend=mend)
        )


def one_line(text: str) -> str:
    """Return `text` with every sign that cannot be seen written out, as Python would: it stays one line, meant as it was."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


class FlowError(Exception):
    """A flow or prompt file that cannot be used; `faults` holds every fault found, in file order."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.told())

    def told(self) -> tuple[Fault, ...]:
        """Return as many faults as somebody can read, and one that says how many more there are."""
        more = self.faults[MOST_TOLD:]
        if not more:
            return self.faults
        what = Pair(f"还有 {len(more)} 处", f"and {len(more)} more")
        why = Pair(f"先看前 {MOST_TOLD} 处就够了", f"the first {MOST_TOLD} are enough to begin with")
        mend = Pair("改好以后再检查一次。", "Mend those, then check again.")
        return *self.faults[:MOST_TOLD], Fault(more[0].file, "", what, why, mend)
