"""Tables of other programs: encodings, delimiters, workbooks, and quotation marks that swallow lines."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from hotline.services.table_file import BrokenRow, TableRow, UnreadableFile, open_table

HEADER = "number,title,text"


def read(content: bytes) -> list[tuple[int, Any]]:
    """Returns line and cells, or line and code, of each row after the header."""

    def is_row(cells: Sequence[str]) -> bool:
        return len(cells) == 3 and cells[0].startswith("A-")

    table = open_table(io.BytesIO(content))
    header = table.header()
    assert isinstance(header, TableRow)
    assert [cell.strip() for cell in header.cells[:3]] == HEADER.split(",")
    rows = table.rows(is_row)
    return [(row.line, row.code if isinstance(row, BrokenRow) else row.cells) for row in rows]


def csv_of(*lines: str) -> str:
    return "\r\n".join((HEADER, *lines)) + "\r\n"


CHINESE = csv_of("A-1,路灯不亮,弘道路口三盏路灯不亮", "A-2,噪声,夜间施工")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "gbk"])
def test_the_encoding_is_recognised(encoding: str) -> None:
    assert read(CHINESE.encode(encoding))[0] == (2, ["A-1", "路灯不亮", "弘道路口三盏路灯不亮"])


def test_a_word_that_is_utf8_by_accident_does_not_change_the_encoding() -> None:
    content = csv_of("A-1,联通,联通", "A-2,路灯不亮,春秋路口")
    assert "联通".encode("gbk").decode("utf-8", "replace").isprintable()
    assert [cells[1] for _line, cells in read(content.encode("gbk"))] == ["联通", "路灯不亮"]


def test_one_line_in_another_encoding_does_not_change_the_others() -> None:
    content = CHINESE.encode() + "A-3,旧,旧系统".encode("gbk")
    assert read(content)[1] == (3, ["A-2", "噪声", "夜间施工"])


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_the_delimiter_of_the_header_is_that_of_the_rows(delimiter: str) -> None:
    content = CHINESE.replace(",", delimiter).encode("utf-16")
    assert read(content)[1] == (3, ["A-2", "噪声", "夜间施工"])


def test_empty_rows_are_left_out_and_lines_stay_those_of_the_file() -> None:
    content = f"\n\n{HEADER}\n\n,,\nA-1,甲,乙\n , ,\nA-2,甲,乙\n,,,,\n".encode()
    assert read(content) == [(6, ["A-1", "甲", "乙"]), (8, ["A-2", "甲", "乙"])]


def test_line_breaks_and_quotation_marks_in_cells_are_text() -> None:
    content = csv_of('A-1,"一,二","他说""好""\n第二行"', 'A-2,灯"不亮,完').encode()
    assert read(content) == [(2, ["A-1", "一,二", '他说"好"\n第二行']), (4, ["A-2", '灯"不亮', "完"])]


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        pytest.param(
            ["A-1,甲,乙", 'A-2,"甲,乙', "A-3,甲,乙", "A-4,甲,乙"],
            [(2, "A-1"), (3, "open_quote"), (4, "A-3"), (5, "A-4")],
            id="never closed",
        ),
        pytest.param(
            ["A-1,甲,乙", "A-2,甲,乙", 'A-3,甲,"乙'],
            [(2, "A-1"), (3, "A-2"), (4, "open_quote")],
            id="never closed in the last line",
        ),
        pytest.param(
            ['A-1,甲,"乙', "A-2,甲,乙", 'A-3,甲,乙"'],
            [(2, "swallowed_lines"), (3, "A-2"), (4, "A-3")],
            id="closed two lines later",
        ),
        pytest.param(
            ['A-1,"甲,乙', 'A-2,甲",乙', "A-3,甲,乙"],
            [(2, "swallowed_lines"), (3, "A-2"), (4, "A-3")],
            id="closed in the next line",
        ),
        pytest.param(
            ['A-1,甲,"乙', 'A-2,甲,"乙,丙"', "A-3,甲,乙"],
            [(2, "swallowed_lines"), (3, "A-2"), (4, "A-3")],
            id="ended by the mark of the next line's cell",
        ),
        pytest.param(
            ['A-1,甲,"乙', 'A-2,"甲,乙', 'A-3,甲,"乙'],
            [(2, "broken_csv"), (3, "swallowed_lines"), (4, "open_quote")],
            id="one in every line",
        ),
        pytest.param(
            ['A-1,"甲,乙', 'A-2,"甲",乙,"丙', 'A-3,甲",乙'],
            [(2, "broken_csv"), (3, "swallowed_lines"), (4, "A-3")],
            id="marks in three lines",
        ),
        pytest.param(
            ['A-1,甲,"乙', 'A-2,甲,乙,",丙', "A-3,甲,乙"],
            [(2, "wrong_cell_count"), (3, "open_quote"), (4, "A-3")],
            id="too many cells in two lines",
        ),
        pytest.param(
            ['A-1,"甲"x,乙', "A-2,甲,乙"], [(2, "broken_csv"), (3, "A-2")], id="text after the closing mark"
        ),
    ],
)
def test_a_stray_quotation_mark_spoils_its_own_row_only(
    lines: list[str], rows: list[tuple[int, str]]
) -> None:
    found = read(csv_of(*lines).encode())
    assert [(line, row if isinstance(row, str) else row[0]) for line, row in found] == rows


def test_a_mark_that_swallows_very_many_lines_loses_none() -> None:
    lines = [f"A-{number},甲,{'乙' * 40}" for number in range(9_000)]
    lines[10] = lines[10].replace("甲", '"甲')
    found = read(csv_of(*lines).encode())
    assert len(found) == 9_000
    assert [row for row in found if isinstance(row[1], str)] == [(12, "swallowed_lines")]


def book_of(*rows: Sequence[object], more: Sequence[Sequence[object]] = ()) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if more:
        sheet = book.create_sheet("第二页")
        for row in more:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


NAMES = HEADER.split(",")


def test_the_cells_of_a_workbook_are_written_as_texts() -> None:
    row = (13800001234, datetime.fromisoformat("2026-11-05T09:30"), "路灯\n不亮")
    other = (20261105.0, date(2026, 11, 5), True)
    long = (202611051234567890, 1.38e10, 0.5)
    found = read(book_of(NAMES, row, (None, None, None), other, long, ("A-1",)))
    assert found == [
        (2, ["13800001234", "2026-11-05 09:30:00", "路灯\n不亮"]),
        (4, ["20261105", "2026-11-05 00:00:00", "yes"]),
        (5, ["2.02611E+17", "13800000000", "0.5"]),
        (6, ["A-1", "", ""]),
    ]


def test_a_second_sheet_is_refused_only_if_it_holds_rows_too() -> None:
    assert read(book_of(NAMES, ("A-1", "甲", "乙"), more=[("说明",)]))[0][1][0] == "A-1"
    with pytest.raises(UnreadableFile) as refused:
        read(book_of(NAMES, ("A-1", "甲", "乙"), more=[NAMES, ("A-2", "甲", "乙")]))
    assert refused.value.code == "second_sheet"


def packed(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04 and then nothing", "broken_workbook"),
        (packed("readme.txt", b"no workbook"), "broken_workbook"),
        (book_of(NAMES)[:-200], "broken_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"),
    ],
    ids=["a scrap", "another archive", "a part of a workbook", "an old workbook"],
)
def test_a_file_that_is_no_table_is_refused_with_its_reason(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        open_table(io.BytesIO(content))
    assert refused.value.code == code


def test_standard_input_that_cannot_be_rewound_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    table = open_table(Pipe(CHINESE.encode("gb18030")))
    header = table.header()
    assert isinstance(header, TableRow)
    assert len(list(table.rows(lambda _cells: False))) == 2
