"""Playing one cell of the matrix: a story with a fault set to strike at one moment, and what is wrong afterwards."""

from dataclasses import dataclass

from hotline.exchange.core.faults import CALLER_FAULTS, Fault, FaultSwitch
from tests.matrix import ledger
from tests.matrix.city import City, Gate, Ground, Played, play
from tests.matrix.moments import BEYOND_US, Cell, Moment
from tests.matrix.stories import Cast, Name, tell

_CLOSED_COUNTRY = "21215"


@dataclass(frozen=True)
class Struck:
    """A story that is over, its people, and every switch that was to strike in it."""

    played: Played
    cast: Cast
    switches: tuple[FaultSwitch, ...]

    def wrongs(self) -> dict[str, object]:
        """Return everything that is not as it must be after every story; empty when all is well."""
        application, exchange = self.played.application, self.played.exchange
        found: dict[str, object] = {
            "doubled": ledger.doubled(application, exchange),
            "half written": ledger.half_written(application, exchange),
            "open": ledger.still_open(application),
            "not struck": [switch.rule for switch in self.switches if not switch.fired],
        }
        return {kind: what for kind, what in found.items() if what}


def strike(ground: Ground, name: Name, *faults: tuple[Fault, Moment], gate: Gate | None = None) -> Struck:
    """Play the story `name`; each fault waits for the citizen's call in which its moment comes."""
    casts: list[Cast] = []
    switches: list[FaultSwitch] = []

    async def story(city: City) -> None:
        cast = await tell(city, name)
        waiting = [(city.exchange.faults.set(moment.rule(fault)), moment) for fault, moment in faults]
        for switch, moment in waiting:
            switch.is_on = moment.call == 0

        def begins(call: int) -> None:
            for switch, moment in waiting:
                switch.is_on = moment.call <= call

        cast.citizen.begins = begins
        switches.extend(switch for switch, _ in waiting)
        casts.append(cast)
        cast.citizen.phone()

    played = play(ground, story, gate)
    return Struck(played, casts[0], tuple(switches))


def strike_cell(ground: Ground, cell: Cell) -> Struck:
    """Play the cell: its fault, after the one it follows from if it follows from one."""
    before = [] if cell.after is None else [(cell.after.first, cell.after.moment)]
    return strike(ground, cell.moment.story, *before, (cell.fault, cell.moment))


def may_be_left(cell: Cell, struck: Struck) -> bool:
    """Say whether nobody need have been reached: who hung up before they waited, and whom no carrier can phone."""
    application = struck.played.application
    if str(cell) in BEYOND_US:
        return True
    if cell.fault in CALLER_FAULTS:
        return not ledger.has_waited(application)
    return cell.fault is Fault.NO_ROUTE and ledger.why_exhausted(application) == _CLOSED_COUNTRY
