"""Text that databases store and carriers speak."""

from urllib.parse import quote
from xml.parsers import expat
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.text import MAX_SPOKEN_BYTES, is_speakable, to_speakable, to_utterance


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
