"""Reads a CSV file of another system: numbered rows of cells, and a mark for each line that is no CSV.

A leading byte-order mark, CRLF and quoted line breaks are accepted.
"""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CsvLine:
    """`line` is the line of the file on which the row begins, counted from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that cannot be split into cells."""

    line: int


def read_lines(source: Iterable[bytes]) -> Iterator[CsvLine | BrokenLine]:
    """Yields the rows of `source` (lines of bytes with their ends); empty lines are left out."""
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
        # Bytes that are not UTF-8 become surrogates, which the parser of the cells refuses: one bad line does not make
        # the whole file unreadable.
        yield line.decode("utf-8", "surrogateescape")
