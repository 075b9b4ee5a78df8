"""Selects the cells that every run of the suite plays; `make matrix` plays the whole matrix."""

from collections import Counter
from collections.abc import Iterable

from tests.matrix.moments import Cell

LEAST = 2
"""Every fault and every step is played at least so often."""
ONCE_WRONG = frozenset(
    {
        "drop-dial-talk-ended",
        "lost-answer-voice-desk-answers",
        "time-out-voice-desk-answers",
        "hang-up-when-sent-moved-talk",
        "hang-up-when-answered-moved-talk",
        "hang-up-when-sent-gather-wants-callback",
        "hang-up-when-answered-gather-wants-callback",
        "hang-up-when-sent-enqueue-lets-go",
        "hang-up-when-answered-enqueue-lets-go",
        "hang-up-when-sent-gather-confirms",
        "hang-up-when-answered-gather-confirms",
    }
)
"""Cells that have found a mistake of ours: they are always played."""


def covering(cells: Iterable[Cell]) -> list[Cell]:
    """Return cells that cover every fault and every step `LEAST` times, and all that were ever wrong."""
    faults: Counter[object] = Counter()
    steps: Counter[object] = Counter()
    chosen = []
    for cell in _spread(list(cells)):
        needed = faults[cell.fault] < LEAST or steps[cell.moment.step] < LEAST
        if needed or str(cell) in ONCE_WRONG:
            chosen.append(cell)
            faults[cell.fault] += 1
            steps[cell.moment.step] += 1
    return chosen


def _spread(cells: list[Cell]) -> list[Cell]:
    """Return the cells so that neighbours differ in fault and moment: each fault begins one moment later."""
    known = sorted({cell.fault for cell in cells})
    places: Counter[object] = Counter()

    def turn(cell: Cell) -> tuple[int, int]:
        places[cell.moment] += 1
        return (places[cell.moment] + known.index(cell.fault) * 5) % len(known), known.index(cell.fault)

    return [cell for _, cell in sorted(((turn(cell), cell) for cell in cells), key=lambda pair: pair[0])]
