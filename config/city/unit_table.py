"""Reads units from a table (CSV or XLSX)."""

from typing import BinaryIO

from hotline.rules.city import UnitEntry, UnitKind
from hotline.rules.text import clean
from hotline.services.table_file import BrokenRow, UnreadableFile, open_table

COLUMNS = ("code", "name_zh", "name_en", "kind", "webhook_url", "closed", "successor")
CHINESE_COLUMNS = {
    "代码": "code",
    "中文名称": "name_zh",
    "单位名称": "name_zh",
    "英文名称": "name_en",
    "类别": "kind",
    "通知地址": "webhook_url",
    "已撤销": "closed",
    "承接单位": "successor",
}
_KINDS = {"部门": "department", "乡镇街道": "township", "公用企业": "utility", "事业单位": "institution"}
_YES = {"是", "yes", "true", "1"}


class UnitsRefused(Exception):
    """The table has errors; `problems` are line and code of each: wrong_header, empty_file, missing, unknown_kind, unit_twice, or a code of `services.table_file`."""

    def __init__(self, problems: tuple[tuple[int, str], ...]) -> None:
        super().__init__(f"{len(problems)} bad lines")
        self.problems = problems


def read_unit_table(source: BinaryIO) -> tuple[UnitEntry, ...]:
    """Returns the units of a table whose header names the columns in any order; the first four are required. Raises UnitsRefused."""
    problems: list[tuple[int, str]] = []
    found: dict[str, UnitEntry] = {}
    try:
        table = open_table(source)
        header = table.header()
        if header is None:
            raise UnitsRefused(((1, "empty_file"),))
        names = (
            []
            if isinstance(header, BrokenRow)
            else [CHINESE_COLUMNS.get(clean(cell), clean(cell)) for cell in header.cells]
        )
        if not set(COLUMNS[:4]) <= set(names) or set(names) - {*COLUMNS, ""}:
            raise UnitsRefused(((1, "wrong_header"),))
        for row in table.rows(lambda cells: len(cells) == len(names)):
            read = (
                row.code
                if isinstance(row, BrokenRow)
                else _entry(dict(zip(names, map(clean, row.cells), strict=False)))
            )
            if isinstance(read, str):
                problems.append((row.line, read))
            elif read.code in found:
                problems.append((row.line, "unit_twice"))
            else:
                found[read.code] = read
    except UnreadableFile as unreadable:
        raise UnitsRefused(((1, unreadable.code),)) from unreadable
    if problems or not found:
        raise UnitsRefused(tuple(problems) or ((1, "empty_file"),))
    return tuple(found.values())


def _entry(cells: dict[str, str]) -> UnitEntry | str:
    if any(not cells.get(name) for name in COLUMNS[:4]):
        return "missing"
    kind = _KINDS.get(cells["kind"], cells["kind"])
    if kind not in set(UnitKind):
        return "unknown_kind"
    return UnitEntry(
        cells["code"],
        cells["name_zh"],
        cells["name_en"],
        UnitKind(kind),
        cells.get("webhook_url") or None,
        cells.get("closed", "").lower() in _YES,
        cells.get("successor") or None,
    )
