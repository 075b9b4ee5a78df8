"""What is wrong with a flow or a prompt file, said so that whoever wrote it can mend it."""

from dataclasses import dataclass

from ivr_flows.nearest import Nearest

MOST_TOLD = 100
"""Faults that somebody is told at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `place` is a node or prompt (empty: the whole file); `line` and `column` count from 1 (0: not known)."""

    file: str
    place: str
    what: str
    why: str | Nearest
    mend: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        where = ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])
        place = f" [{self.place}]" if self.place else ""
        return one_line(f"{where}:{place} {self.what} ({self.why}). {self.mend}")


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
        what, why = f"and {len(more)} more", f"the first {MOST_TOLD} are enough to begin with"
        return *self.faults[:MOST_TOLD], Fault(more[0].file, "", what, why, "Mend those, then check again.")
