"""Text that databases store and carriers speak."""

from urllib.parse import quote
from xml.parsers import expat
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.text import (
    MAX_SPOKEN_BYTES,
    clean,
    close_directions,
    is_blank,
    is_speakable,
    normalise,
    to_speakable,
    to_utterance,
)


def is_well_formed(text: str) -> bool:
    try:
        expat.ParserCreate().Parse(f"<Say>{escape(text)}</Say>".encode(), True)
    except (expat.ExpatError, UnicodeEncodeError):
        return False
    return True


@given(st.text(st.characters(exclude_categories=())) | st.text(st.characters(max_codepoint=0xA0)))
def test_exactly_the_speakable_text_may_stand_in_a_document(text: str) -> None:
    assert is_speakable(text) == is_well_formed(text)
    assert is_well_formed(to_speakable(text))


@pytest.mark.parametrize(
    "sign", ["\x00", "\x01", "\x08", "\x0b", "\x1b", "\x1f", "\ud800", "\ufffe", "\uffff"]
)
def test_characters_no_document_may_hold_are_left_out_of_speech(sign: str) -> None:
    assert not is_speakable(f"停{sign}水")
    assert to_speakable(f"停{sign}水。", 2) == "停水"


def test_lines_tabs_and_rare_characters_are_speakable() -> None:
    text = "一\t二\r\n三\x7f\ue000\ufffd\U0001f4a7"
    assert is_speakable(text)
    assert to_speakable(text) == text


@pytest.mark.parametrize(("text", "left"), [("w" * 1501, 1500), ("水" * 600, 500), ("\U0001f4a7" * 600, 375)])
def test_a_text_too_long_for_one_verb_is_cut_between_characters(text: str, left: int) -> None:
    assert to_utterance(text) == text[:left]
    assert len(quote(to_utterance(text))) <= 3 * MAX_SPOKEN_BYTES


INVISIBLE = [
    "\u200b",
    "\u2060",
    "\ufeff",
    "\xad",
    "ㅤ",
    "ᅟ",
    "ᅠ",
    "ﾠ",
    "⠀",
    "️",
    "󠄀",
    "\u202e",
    "\u2066",
    "\u200f",
    "\u061c",
    "\U000e0041",
    "͏",
    "\u180e",
    "឴",
    "\u3000",
    "\x00",
    "\x85",
    "\u2028",
    "\u206a",
]


@pytest.mark.parametrize("sign", [*INVISIBLE, "\u200b\u2060", " \u3164 \n", ""])
def test_a_text_of_invisible_signs_is_empty(sign: str) -> None:
    assert is_blank(sign)
    assert clean(sign) == ""
    assert clean(f"{sign} \u3000{sign}") == ""


@pytest.mark.parametrize(
    "text", ["0", ".", "路", "ياخشى", "ئۇيغۇر", "❤️", "👨\u200d👩\u200d👧", "𠮷", "\ue000", "a\u200bb", "—"]
)
def test_a_text_with_one_visible_sign_is_kept(text: str) -> None:
    assert not is_blank(text)
    assert clean(text) == text


def test_signs_without_a_shape_go_from_the_edges_only() -> None:
    assert clean("\ufeff\u3000 路灯\u200b不亮\r\n二楼\u2060 \u3164") == "路灯\u200b不亮\n二楼"


@pytest.mark.parametrize(
    ("text", "closers"),
    [
        ("路灯\u202e不亮", "\u202c"),
        ("\u2067a\u202eb", "\u202c\u2069"),
        ("\u2067a\u202eb\u2069", ""),
        ("\u202aa\u202c", ""),
        ("a\u202cb\u2069", ""),
        ("قۇم\u200f", ""),
        ("plain", ""),
    ],
)
def test_a_direction_left_open_is_closed(text: str, closers: str) -> None:
    assert close_directions(text) == text + closers
    assert close_directions(close_directions(text)) == close_directions(text)


def test_each_line_is_closed_by_itself() -> None:
    assert close_directions("\u202e一\n二") == "\u202e一\u202c\n二"


@pytest.mark.parametrize(
    "text",
    ["ＱＦ２０２６", "qf 2026", "Q\u3000f\u200b2026", "\u202eQF2026\u202c", "qf２０２６", "ＱＦ\u00ad2026"],
)
def test_spellings_of_one_word_compare_equal(text: str) -> None:
    assert normalise(text) == "qf2026"
