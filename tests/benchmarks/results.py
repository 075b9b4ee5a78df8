"""The results of benchmarks: each line holds ours against its floor in the same run, in alternating rounds.

A benchmark prints its lines and, when `BENCH_RESULTS` names a file, appends them to it; `make bench` writes the table of
docs/benchmarks.md from that file.
"""

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

RESULTS_FILE = "BENCH_RESULTS"
_TABLE = re.compile(r"(<!-- results -->\n).*(<!-- /results -->)", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """One measured value. `ours` and `floor` are medians in `unit`; `low` and `high` are the spread of `compared`.

    `compared` is what the target limits: the ratio to the floor, or the value itself where there is no floor.
    `is_met` tells whether the target is met.
    """

    what: str
    database: str
    unit: str
    floor: float | None
    ours: float
    compared: float
    low: float
    high: float
    target: str
    is_met: bool


def compare(
    what: str,
    database: str,
    unit: str,
    floors: Sequence[float],
    ours: Sequence[float],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Line:
    """Returns the line of `ours` against `floors`, the rounds of both in turn; the ratio is the median of neighbouring rounds."""
    # The machine is noisy: neighbouring rounds have the same neighbours.
    ratios = [mine / floor for mine, floor in zip(ours, floors, strict=True)]
    line = _judged(ratios, at_least, at_most)
    return Line(what, database, unit, median(floors), median(ours), *line)


def measure(
    what: str, database: str, unit: str, ours: Sequence[float], *, at_most: float | None = None
) -> Line:
    """Returns the line of a value that has no floor, one item of `ours` a round."""
    return Line(what, database, unit, None, median(ours), *_judged(ours, None, at_most))


def _judged(
    compared: Sequence[float], at_least: float | None, at_most: float | None
) -> tuple[float, float, float, str, bool]:
    """Returns median, lowest, highest, the target in words and whether it is met."""
    middle = median(compared)
    low, high = min(compared), max(compared)
    if at_least is not None:
        return middle, low, high, f">= {at_least:g}", middle >= at_least
    if at_most is not None:
        return middle, low, high, f"<= {at_most:g}", middle <= at_most
    return middle, low, high, "", True


def report(line: Line) -> bool:
    """Prints the line and keeps it for `make bench`; returns whether its target is met."""
    floor = "" if line.floor is None else f"floor {line.floor:10.2f}"
    print(
        f"{line.what:<44}{line.database:<12}{floor:<17} ours {line.ours:10.2f} {line.unit:<8}"
        f" {line.compared:7.2f} ({line.low:.2f}-{line.high:.2f})  {line.target}{'' if line.is_met else '  MISSED'}",
        flush=True,
    )
    if name := os.environ.get(RESULTS_FILE):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(line)) + "\n")
    return line.is_met


def read(path: Path) -> list[Line]:
    """Returns the lines that benchmarks appended to a file."""
    return [Line(**json.loads(text)) for text in path.read_text(encoding="utf-8").splitlines()]


def as_markdown(lines: Sequence[Line]) -> str:
    """Returns the lines as a table."""
    rows = [
        "| what | database | unit | floor | ours | ratio (spread) | target |",
        "|---|---|---|---:|---:|---:|---|",
    ]
    for line in lines:
        floor = "–" if line.floor is None else f"{line.floor:.2f}"
        ratio = (
            f"{line.low:.2f}–{line.high:.2f}"
            if line.floor is None
            else f"{line.compared:.2f} ({line.low:.2f}–{line.high:.2f})"
        )
        target = line.target.replace(">=", "≥").replace("<=", "≤")
        rows.append(
            f"| {line.what} | {line.database} | {line.unit} | {floor} | {line.ours:.2f} | {ratio}"
            f" | {target}{'' if line.is_met or not target else ' **missed**'} |"
        )
    return "\n".join(rows) + "\n"


def write_document(results: Path, document: Path) -> None:
    """Replaces the table of `document` by the lines of all files in the folder `results`."""
    lines = [line for path in sorted(results.glob("*.jsonl")) for line in read(path)]
    text = document.read_text(encoding="utf-8")
    document.write_text(
        _TABLE.sub(lambda found: found[1] + as_markdown(lines) + found[2], text), encoding="utf-8"
    )


if __name__ == "__main__":
    write_document(Path(sys.argv[1]), Path(sys.argv[2]))
