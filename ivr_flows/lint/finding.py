"""One finding of the lint, before it is known in which file and line."""

from dataclasses import dataclass

from ivr_flows.source.problems import Fault, InBoth


@dataclass(frozen=True, slots=True)
class Told:
    """Something wrong at `place` (a node or a prompt; empty: the whole flow, or the field of it called `field`)."""

    place: str
    what: InBoth
    why: InBoth
    mend: InBoth
    field: str = ""

    def fault(self, file: str, line: int = 0) -> Fault:
        return Fault(file, self.place, self.what, self.why, self.mend, line)
