"""Reads a table that another program wrote, as numbered rows of texts: CSV in any usual encoding, or an XLSX workbook.

No line is lost without a word. A quotation mark that is never closed, or is closed many lines later, makes a CSV parser
put whole lines into one cell; such a row is reported as broken, and the lines that it swallowed are read again.
"""

import csv
import shutil
import tempfile
import zipfile
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import TextIOWrapper
from typing import BinaryIO, Protocol, cast
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DELIMITERS = ",\t;"
# A workbook that unpacks to more is refused: a small file can hold gigabytes of zeros.
MAX_UNPACKED = 1 << 29
# A workbook keeps 15 digits of a number; the further ones of a longer number are lost.
_EXACT = 10**15
_BROKEN_WORKBOOK = (
    InvalidFileException,
    ParseError,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
)


class UnreadableFile(Exception):
    """The file as a whole is no table; services turn it into their own error. `code`: old_excel, broken_workbook, too_large or second_sheet."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class TableRow:
    """`line` is the line of the file (the row of the sheet) on which the row begins, counted from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be read. `code`: broken_csv, open_quote (never closed), swallowed_lines or wrong_cell_count."""

    line: int
    code: str


# Tells whether the cells of one line are a row of the table by themselves.
RowTest = Callable[[Sequence[str]], bool]


class FileTable(Protocol):
    """A table whose header was read first, then its rows. Empty rows are left out."""

    def header(self) -> TableRow | BrokenRow | None: ...

    def rows(self, is_row: RowTest) -> Iterator[TableRow | BrokenRow]: ...


def open_table(source: BinaryIO) -> FileTable:
    """Returns the table in `source`, whose kind and encoding its content shows. Raises UnreadableFile."""
    file = _seekable(source)
    start = file.read(4)
    file.seek(0)
    if start == _OLE:
        raise UnreadableFile("old_excel")
    return _Workbook(file) if start == _ZIP else _CsvFile(file)


def _seekable(source: BinaryIO) -> BinaryIO:
    if source.seekable():
        return source
    # Standard input: the encoding is recognised in a first reading.
    copy = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - it lives as long as its table
    shutil.copyfileobj(source, copy)
    copy.seek(0)
    return copy


class _Lines(Iterator[str]):
    """The lines of a file, which may be put back."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._returned: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []
        self.ended = False

    def __next__(self) -> str:
        try:
            line = self._returned.popleft() if self._returned else next(self._text)
        except StopIteration:
            self.ended = True
            raise
        self.number += 1
        self.taken.append(line)
        return line

    def put_back_all_but_first(self) -> None:
        later = self.taken[1:]
        self._returned.extendleft(reversed(later))
        self.number -= len(later)
        self.ended = False


class _CsvFile:
    def __init__(self, file: BinaryIO) -> None:
        encoding = _encoding(file)
        file.seek(0)
        # Bytes of no character become surrogates, which the parsers of cells refuse: one bad line does not make the whole
        # file unreadable. The decoder of UTF-16 cannot do that.
        errors = "replace" if encoding == "utf-16" else "surrogateescape"
        self._lines = _Lines(TextIOWrapper(file, encoding, errors=errors, newline=""))
        self._delimiter = ","
        self._width = 0

    def header(self) -> TableRow | BrokenRow | None:
        first = next(self._lines, "")
        while first and not first.strip():
            first = next(self._lines, "")
        self._delimiter = max(_DELIMITERS, key=first.count)
        self._lines.number -= 1
        self._lines = _continued(first, self._lines)
        header = next(self.rows(lambda _cells: False), None)
        if isinstance(header, TableRow):
            self._width = max(place for place, cell in enumerate(header.cells, 1) if cell.strip())
        return header

    def rows(self, is_row: RowTest) -> Iterator[TableRow | BrokenRow]:
        lines = self._lines
        reader = self._reader(lines)
        while True:
            lines.taken = []
            line = lines.number + 1
            try:
                cells = next(reader, None)
            except csv.Error:
                cells, code = [], "open_quote" if lines.ended else "broken_csv"
            else:
                if cells is None:
                    return
                code = ""
            if len(lines.taken) > 1:
                if any(is_row(self._cells(later)) for later in lines.taken[1:]):
                    code = code if code == "open_quote" else "swallowed_lines"
                elif not code and not self._fits(cells):
                    code = "wrong_cell_count"
            if code:
                # Every further line is judged as a row of its own, so that none is lost in this one.
                lines.put_back_all_but_first()
                reader = self._reader(lines)
                yield BrokenRow(line, code)
            elif any(cell.strip() for cell in cells):
                yield TableRow(line, cells)

    def _fits(self, cells: Sequence[str]) -> bool:
        return len(cells) >= self._width and not any(cell.strip() for cell in cells[self._width :])

    def _reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def _cells(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self._delimiter), [])
        except csv.Error:
            return []


def _continued(first: str, rest: _Lines) -> _Lines:
    lines = _Lines(_chained(first, rest))
    lines.number = rest.number
    return lines


def _chained(first: str, rest: Iterable[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _encoding(file: BinaryIO) -> str:
    """Returns the encoding: by its mark, else UTF-8, else GB18030 where more lines fit it than UTF-8."""
    start = file.read(3)
    file.seek(0)
    if start == BOM_UTF8:
        return "utf-8-sig"
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    utf8 = gb18030 = 0
    for line in file:
        if line.isascii():
            continue
        if _decodes(line, "utf-8"):
            utf8 += 1
        elif _decodes(line, "gb18030"):
            gb18030 += 1
    # A short word of GB18030 can be valid UTF-8 by accident, and one pasted line does not change a file's encoding.
    return "gb18030" if gb18030 > utf8 else "utf-8"


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


class _Workbook:
    """The first sheet of an XLSX workbook that is not empty; cells with types are written as texts."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            with zipfile.ZipFile(file) as packed:
                if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                    raise UnreadableFile("too_large")
            file.seek(0)
            self._book = load_workbook(file, read_only=True, data_only=True)
        except _BROKEN_WORKBOOK as error:
            raise UnreadableFile("broken_workbook") from error
        self._rows: Iterator[TableRow] = iter(())

    def header(self) -> TableRow | None:
        sheets = [self._read(sheet) for sheet in self._book.worksheets]
        header: TableRow | None = None
        for rows in sheets:
            first = next(rows, None)
            if first is None:
                continue
            if header is None:
                header, self._rows = first, rows
            elif first.cells == header.cells:
                raise UnreadableFile("second_sheet")
        return header

    def rows(self, is_row: RowTest) -> Iterator[TableRow]:  # noqa: ARG002 - a sheet has no quotation marks
        return self._rows

    def _read(self, sheet: object) -> Iterator[TableRow]:
        try:
            # Some programs write the wrong extent of a sheet.
            sheet.reset_dimensions()  # type: ignore[attr-defined]
            width = 0
            for line, values in enumerate(sheet.iter_rows(values_only=True), 1):  # type: ignore[attr-defined]
                cells = [_text(value) for value in values]
                if any(cell.strip() for cell in cells):
                    width = width or len(cells)
                    # A row ends with its last cell that is not empty.
                    yield TableRow(line, cells + [""] * (width - len(cells)))
        except _BROKEN_WORKBOOK as error:
            raise UnreadableFile("broken_workbook") from error


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float() if abs(value) >= _EXACT:
            return f"{value:.5E}"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime():
            # The day is stored as a fraction, which is seldom a whole second.
            return (value + timedelta(milliseconds=500)).replace(microsecond=0).isoformat(" ")
        case date() | time():
            return value.isoformat()
        case _:
            # The escape of a carriage return in the parts of a workbook.
            return str(value).replace("_x000D_", "")
