"""One finding of the lint, before it is known in which file and line."""

from dataclasses import dataclass

from ivr_flows.faults import Fault
from ivr_flows.nearest import Nearest


@dataclass(frozen=True, slots=True)
class Told:
    """Something wrong at `place` (a node or a prompt; empty: the whole flow, or the field of it called `field`)."""

    place: str
    what: str
    why: str | Nearest
    mend: str
    field: str = ""

    def fault(self, file: str, line: int = 0) -> Fault:
        return Fault(file, self.place, self.what, self.why, self.mend, line)
