"""Reading a CSV file somebody else wrote: lines as lists of cells, numbered, and the ones that are no CSV marked as such.

Bytes that are not UTF-8 become stand-ins, so that one bad line does not cost the file; whoever parses the cells
refuses those. A leading byte-order mark, CRLF and quoted line breaks are ordinary.
"""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CsvLine:
    """`line` is the file's line on which the row begins, from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that no CSV reader can cut into cells."""

    line: int


def read_lines(source: Iterable[bytes]) -> Iterator[CsvLine | BrokenLine]:
    """Return the rows of `source` (lines of bytes, ends included); empty lines are left out."""
    reader = csv.reader(_decoded(source), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            yield BrokenLine(line)
            continue
        if cells is None:
            return
        if cells:
            yield CsvLine(line, cells)


def _decoded(source: Iterable[bytes]) -> Iterator[str]:
    first = True
    for raw in source:
        line = raw.removeprefix(BOM_UTF8) if first else raw
        first = False
        yield line.decode("utf-8", "surrogateescape")
