"""Numbers and names inside texts: each usual spelling is masked, and what only looks like a number stays."""

import pytest

from hotline.rules.people.private_words import mask_text

NUMBERS = [
    "13800001234",
    "14900001234",
    "19400001234",
    "138 0000 1234",
    "138-0000-1234",
    "138—0000—1234",
    "138.0000.1234",
    "138\u30000000\u30001234",
    "138\u200b0000\u200b1234",
    "１３８００００１２３４",
    "١٣٨٠٠٠٠١٢٣٤",
    "1 3 8 0 0 0 0 1 2 3 4",
    "138 00 00 12 34",
    "+86 138-0000-9966",
    "＋８６13800009966",
    "0086 138 0000 9966",
    "8613800009966",
    "0537-4419876",
    "(0537)4419876",
    "（0537）4419876",
    "05374419876",
    "0537 441 9876",
    "010-62345678",
    "+86 537 4419876",
    "+1 415 555 2671",
    "370881199001011234",
    "37088119900101123X",
    "37088119900101123ｘ",
    "370881 19900101 123X",
    "370881-1990-0101-1234",
    "３７０８８１１９９００１０１１２３Ｘ",
    "370881900101123",
]


def digits_of(text: str) -> str:
    return "".join(sign for sign in text if sign.isdecimal())


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "around", ["请打{}联系", "{}", "来电人：{}，2026-11-23 再来电", "Tel{}.", "家住3号楼，{} {}"]
)
def test_a_number_keeps_at_most_three_digits(number: str, around: str) -> None:
    shown = mask_text(around.format(number, number))
    left = digits_of(shown)
    for kept in digits_of(around.replace("{}", "")):
        left = left.replace(kept, "", 1)
    assert len(left) <= 3 * around.count("{}")
    assert len(shown) == len(around.format(number, number))


@pytest.mark.parametrize(
    "text",
    [
        "电话4419876",
        "联系方式：4419876、4456789",
        "打我座机(8441234)",
        "Tel: 8441 2345",
        "号码是 441-9876",
        "固话 4419876/4456789",
    ],
)
def test_a_local_number_is_masked_beside_a_word_for_telephone(text: str) -> None:
    shown = mask_text(text)
    assert "9876" not in shown
    assert "6789" not in shown
    assert "1234" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "QF20261123000170",
        "QI2026112300000017 和 QF20261123000170",
        "编号12345请处理",
        "2026-11-23 14:30",
        "20261123",
        "2026年11月23日 09:30:00",
        "20261123 0930001",
        "金额13800001234元",
        "15312345678.50",
        "每月1500000元，共1,380,000元",
        "电表12345678，水表号 0012345678",
        "户号13812345678",
        "110 119 120 12345 95598 400-123-4567",
        "13 14 15 16 17 8",
        "第13-14、15-16排",
        "3号楼1503室",
        "116.983456,35.581234",
        "12345-20261123-0001",
        "订单202611230930001",
        "电话打了20次，20261123那天",
        "ISBN 978-7-111-12345-6",
        "2026-2027学年",
    ],
)
def test_what_is_no_private_number_stays(text: str) -> None:
    assert mask_text(text, "王小明") == text


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("王小明", "王小明称楼道灯坏", "***称楼道灯坏"),
        ("王小明", "王 小 明（住户）", "***（住户）"),
        ("王小明先生", "王小明反映", "***反映"),
        ("王先生", "王先生反映，王师傅来过", "***反映，王师傅来过"),
        ("阿卜杜·热合曼", "阿卜杜热合曼反映", "***反映"),
        ("Li Lei", "LI LEI says; Lileith agrees", "*** says; Lileith agrees"),
        ("匿名", "匿名来电", "匿名来电"),
        ("王", "王府路", "王府路"),
        ("", "没有姓名", "没有姓名"),
        (".*", "a .* b and anything", "a *** b and anything"),
    ],
)
def test_the_callers_own_name_is_masked(name: str, text: str, shown: str) -> None:
    assert mask_text(text, name) == shown
