"""Telephone numbers in every spelling that trunks and people use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.phone_numbers import format_national, is_withheld, parse_caller_number, parse_number

LINE = "+865374412345"


@pytest.mark.parametrize(
    "raw",
    [
        "+865374412345",
        "05374412345",
        "0537-4412345",
        "(0537) 4412345",
        "+86 537 441 2345",
        "0086 537 4412345",
        "sip:05374412345@trunk.example",
        "SIP:+865374412345@10.0.0.1:5060",
        "sips:05374412345;phone-context=+86@trunk.example;transport=tls",
        "tel:+86-537-4412345",
        "tel:+865374412345;ext=1",
        "０５３７４４１２３４５",
        " 05374412345 ",
        "（0537）4412345",
        "〔0537〕4412345",
        "＋８６（５３７）４４１２３４５",
        "+86 (0)537 441 2345",
        "+05374412345",
        "00865374412345",
        "008605374412345",
        "865374412345",
        "5374412345",
        "sip:%2B865374412345@trunk.example",
        *(f"0537{dash}4412345" for dash in "-‐‑‒–—―−－ーｰ─﹣⁃"),
        *(f"0537{blank}441{blank}2345" for blank in "\t\u00a0\u2009\u202f\u3000"),
        *(f"{sign}0537{sign}4412345" for sign in "\u200b\u200e\u2060\ufeff\u202d\u00ad\u3164\ufe0f"),
    ],
)
def test_the_line_in_any_spelling_is_one_number(raw: str) -> None:
    assert parse_number(raw) == "+865374412345"


@pytest.mark.parametrize(
    "raw",
    [
        "13800001234",
        "+8613800001234",
        "+86 138 0000 1234",
        "+86-138-0000-1234",
        "86 13800001234",
        "008613800001234",
        "013800001234",
        "0086 013800001234",
        "１３８　００００　１２３４",
        "(+86)138.0000.1234",
        "➕86 13800001234",
        "١٣٨٠٠٠٠١٢٣٤",
    ],
)
def test_a_mobile_in_any_spelling_is_one_number(raw: str) -> None:
    assert parse_number(raw) == "+8613800001234"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "anonymous",
        "Restricted",
        "unknown",
        "110",
        "119",
        "12345",
        "+266696687",
        "+86266696687",
        "+7378742833",
        "+2562533",
        "+8656696",
        "+464",
        "client:op_7",
        "sip:kiosk@city.example",
        "sip:",
        "tel:",
        "4412345",
        "7378742833",
        "266696687",
        "86282452253",
        "+86282452253",
        "RESTRICTED",
        "95588",
        "10086",
        "0537-95588",
        "1380000123",
        "138000012345",
        "12800001234",
        "+86 5374412345678",
        "021123456",
        "211234567",
        "0086 4412345",
        "13800001234/4412345",
        "13800001234+86",
        "1.38E+10",
        "1.38E10",
        "+1 555 0100",
        "+999 12345678",
        "05374412345转801",
        "0537-4412345-8",
        "0537 4412345 801",
        "1" * 40,
        "+",
        "+++++",
        "138 0000 123a",
        "0537-441-CITY",
        "05374412345 ext. 5",
        "请勿打扰",
    ],
)
def test_what_cannot_be_phoned_back_is_no_number(raw: str) -> None:
    assert parse_number(raw) is None


def test_a_number_abroad_is_kept() -> None:
    assert parse_number("+4369912345678") == "+4369912345678"


@pytest.mark.parametrize("segment", [f"{prefix}" for prefix in range(130, 200)])
def test_every_segment_of_mobiles_is_a_mobile(segment: str) -> None:
    for written in (f"{segment}00001234", f"+86{segment}00001234", f"0086{segment}00001234"):
        assert parse_number(written) == f"+86{segment}00001234"
    assert format_national(f"+86{segment}00001234") == f"{segment}00001234"


@pytest.mark.parametrize(
    ("line", "raw", "number"),
    [
        (LINE, "4412348", "+865374412348"),
        (LINE, "441 2348", "+865374412348"),
        (LINE, "４４１－２３４８", "+865374412348"),
        (LINE, "44123489", "+8653744123489"),
        (LINE, "sip:4412348@trunk.example", "+865374412348"),
        (LINE, "86123456", "+8653786123456"),
        ("+861065512345", "8888 1234", "+861088881234"),
        ("+862155512345", "6543210", "+86216543210"),
        (LINE, "021-6543 2101", "+862165432101"),
        (LINE, "95131234", None),
        (LINE, "1234567", None),
        (LINE, "441234", None),
        (LINE, "4412348-8", None),
        (LINE, "2562533", None),
        (LINE, "8656696", None),
        (LINE, "0537 2562533", "+865372562533"),
        ("+8613800001234", "4412348", None),
        ("+43123456789", "4412348", None),
    ],
)
def test_a_number_of_the_same_town_has_the_area_of_the_line(line: str, raw: str, number: str | None) -> None:
    assert parse_number(raw, line) == number


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("86 10 8888 1234", "+861088881234"),
        ("+8653744123456", "+8653744123456"),
        ("0701 8123456", "+867018123456"),
        ("0902-2312345", "+869022312345"),
        ("400-812-3456", "+864008123456"),
        ("+86 800 810 1234", "+868008101234"),
        ("+85261234567", "+85261234567"),
        ("00852 6123 4567", "+85261234567"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("001 212 555 0100", "+12125550100"),
        ("+867378742833", "+867378742833"),
    ],
)
def test_other_areas_services_and_countries_keep_their_own_number(raw: str, number: str) -> None:
    assert parse_number(raw, LINE) == number


@pytest.mark.parametrize(
    "raw",
    [
        "anonymous",
        "ANONYMOUS",
        "sip:anonymous@anonymous.invalid",
        "Restricted",
        "BLOCKED",
        "Unavailable",
        "unknown",
        "Private Number",
        "out-of-area",
        "匿名",
        "未显示号码",
        "+266696687",
        "266696687",
        "+7378742833",
        "7378742833",
        "+2562533",
        "2562533",
        "+86282452253",
        "86282452253",
        "+8566",
        "8656696",
        "+7748483",
    ],
)
def test_a_withheld_number_is_recognised_in_any_spelling(raw: str) -> None:
    assert is_withheld(raw)
    assert parse_number(raw, LINE) is None
    assert parse_caller_number(raw, LINE) == raw


@pytest.mark.parametrize(
    "raw", ["4412345", "+867378742833", "13800001234", "110", "client:op_7", "请勿打扰", ""]
)
def test_other_texts_are_not_withheld(raw: str) -> None:
    assert not is_withheld(raw)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("", None),
        ("  ", None),
        ("138 0000 1234", "+8613800001234"),
        ("4412348", "+865374412348"),
        ("１１０", "110"),
        ("12345", "12345"),
        ("9 55 88", "95588"),
        ("139****5678", "139****5678"),
        ("138xxxx5678", "138xxxx5678"),
    ],
)
def test_a_ticket_keeps_its_caller_in_one_form(text: str, stored: str | None) -> None:
    assert parse_caller_number(text, LINE) == stored


@pytest.mark.parametrize(
    "text", ["1", "1.38E+10", "1380000123", "0537-4412345-8", "王先生", "op_7", "xx", "8001"]
)
def test_a_ticket_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a telephone number"):
        parse_caller_number(text, LINE)


@given(st.one_of(st.text(), st.text("+0123456789 ()-.sipte:@;", max_size=40)))
def test_nothing_a_carrier_may_say_is_a_crash_and_what_is_accepted_stays_itself(raw: str) -> None:
    number = parse_number(raw)
    if number is not None:
        assert number.startswith("+")
        assert len(number) <= 16
        assert parse_number(number) == number


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+8613800001234", "13800001234"),
        ("+865374412345", "0537 441 2345"),
        ("+4369912345678", "+43 699 12345678"),
        ("+861088881234", "010 8888 1234"),
        ("+8653744123489", "0537 4412 3489"),
        ("+864008123456", "400 812 3456"),
        ("+861490000123", "+861490000123"),
        ("12345", "12345"),
        ("op_7", "op_7"),
        ("anonymous", "anonymous"),
    ],
)
def test_a_number_is_written_as_at_home(number: str, written: str) -> None:
    assert format_national(number) == written


@given(st.text())
def test_writing_any_text_as_a_number_never_fails(text: str) -> None:
    assert isinstance(format_national(text), str)


@pytest.mark.parametrize(
    "raw",
    [
        "sip:05374412345@one@two",
        "sip:05374412345;user=phone;x=1@trunk.example",
        "sip:05374412345@trunk.example:5060",
        "tel:05374412345;a=1;b=2",
    ],
)
def test_an_address_ends_at_its_first_mark(raw: str) -> None:
    assert parse_number(raw) == "+865374412345"


@pytest.mark.parametrize("number", ["05374412345", "+865374412345"])
def test_a_number_without_its_country_is_one_of_ours(number: str) -> None:
    assert format_national(number) == "0537 441 2345"


def test_what_cannot_be_parsed_is_shown_as_it_is() -> None:
    assert format_national("anonymous") == "anonymous"
