"""The files of a report: text for a terminal or a mail, JSON for programs, CSV and XLSX for spreadsheets.

Used by the page's downloads and by `hotline report daily`. No cell can become a formula; XLSX keeps counts as numbers.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from agent_console.reports.document import json_of
from agent_console.reports.labels import Translate, translator
from agent_console.reports.tables import Cell, Table, heading, tables_of
from hotline.rules.tickets.cells import safe_cell
from hotline.services.figures.reports import Report

_PERCENT = re.compile(r"\d+\.\d\d")
# The widest column of a spreadsheet, in characters.
_WIDEST = 60


def render(report: Report, fmt: str, locale: str, mark: str = "") -> str | bytes:
    """Returns `report` as "text", "json", "csv" (texts) or "xlsx" (bytes) in `locale` (zh_CN or en).

    `mark` names who takes it out and when; it stands in the last line of a CSV file, and on each sheet and printed page of XLSX.

    Raises KeyError for another format.
    """
    return FORMATS[fmt](report, translator(locale), mark)


def _text(report: Report, speak: Translate, _mark: str) -> str:
    parts = [*heading(report, speak)]
    for table in tables_of(report, speak):
        parts += ["", f"## {table.title}", *_aligned(table)]
    return "\n".join(parts) + "\n"


def _aligned(table: Table) -> list[str]:
    """Returns the table's lines with columns aligned for a terminal, where a Chinese character is two columns wide."""
    shown = [[_written(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(_width(row[column]) for row in shown) for column in range(len(table.header))]
    to_right = [
        any(isinstance(row[column], int) for row in table.rows) for column in range(len(table.header))
    ]
    return ["  ".join(map(_padded, row, widths, to_right)).rstrip() for row in shown]


def _written(cell: Cell) -> str:
    return f"{cell:,}" if isinstance(cell, int) else cell


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, width: int, to_right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if to_right else text + blanks


def _json(report: Report, _speak: Translate, _mark: str) -> str:
    return json_of(report) + "\n"


def _csv(report: Report, speak: Translate, mark: str) -> str:
    """Returns all tables in sequence. Each row starts with the stable name of its table."""
    target = io.StringIO(newline="")
    # Spreadsheets misread Chinese in a CSV file without a byte-order mark.
    target.write("\ufeff")
    out = csv.writer(target)
    for line in heading(report, speak):
        out.writerow(["report", line])
    for table in tables_of(report, speak):
        out.writerow([table.name, *table.header])
        for row in table.rows:
            out.writerow([table.name, *(safe_cell(c) if isinstance(c, str) else c for c in row)])
    if mark:
        out.writerow(["report", safe_cell(mark)])
    return target.getvalue()


def _xlsx(report: Report, speak: Translate, mark: str) -> bytes:
    book = Workbook(write_only=False)
    book.remove(book.active)
    title, as_of = heading(report, speak)
    for table in tables_of(report, speak):
        sheet = book.create_sheet(table.title)
        sheet.append([title])
        sheet.append([as_of])
        sheet.append([safe_cell(mark)] if mark else [])
        sheet.oddFooter.center.text = sheet.evenFooter.center.text = mark.replace("&", "&&") or None
        for row in (table.header, *table.rows):
            sheet.append([_spreadsheet_cell(cell) for cell in row])
        _dress(sheet, table)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _spreadsheet_cell(cell: Cell) -> str | int | float:
    """Returns a percentage as a number, so that it can be sorted, and any other text as a safe cell."""
    if isinstance(cell, int):
        return cell
    return float(cell) if _PERCENT.fullmatch(cell) else safe_cell(cell)


def _dress(sheet: Worksheet, table: Table) -> None:
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    sheet.freeze_panes = "A5"
    for column in range(1, len(table.header) + 1):
        sheet.cell(4, column).font = Font(bold=True)
        widest = max(_width(_written(row[column - 1])) for row in (table.header, *table.rows))
        sheet.column_dimensions[get_column_letter(column)].width = min(widest, _WIDEST) + 2
        for row in range(5, sheet.max_row + 1):
            cell = sheet.cell(row, column)
            cell.alignment = Alignment(wrap_text=widest > _WIDEST, vertical="top")
            cell.number_format = "0.00" if isinstance(cell.value, float) else "#,##0"


# Format by its public name.
FORMATS: dict[str, Callable[[Report, Translate, str], str | bytes]] = {
    "text": _text,
    "json": _json,
    "csv": _csv,
    "xlsx": _xlsx,
}
