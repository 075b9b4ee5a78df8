"""English is a full translation: every Chinese word of pages and labels has one, and none has lost its blanks."""

import re
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask

import agent_console
from agent_console.web.labels import LABELS, label
from hotline.rules import enums

HERE = Path(agent_console.__file__).parent
METHODS = [
    ("translations/**", "ignore"),
    ("static/**", "ignore"),
    ("**.py", "python"),
    ("templates/**.html", "jinja2"),
]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "N_": None}
ENUMS = [
    kind
    for kind in vars(enums).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
]


@pytest.fixture(scope="module")
def english() -> Catalog:
    with (HERE / "translations/en/LC_MESSAGES/messages.po").open("rb") as source:
        return read_po(source)


def said() -> set[str]:
    found = extract_from_dir(HERE, METHODS, keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _file, _line, message, *_rest in found}


def test_everything_said_in_chinese_is_said_in_english(english: Catalog) -> None:
    everything = said()
    assert len(everything) > 200
    translated = {message.id for message in english if message.id and message.string}
    assert sorted(everything - translated) == []


def test_a_translation_keeps_the_blanks_of_its_original(english: Catalog) -> None:
    for message in english:
        if isinstance(message.id, str) and isinstance(message.string, str):
            blanks = re.findall(r"%\(\w+\)s|\{\w+\}", message.id)
            assert sorted(blanks) == sorted(re.findall(r"%\(\w+\)s|\{\w+\}", message.string)), message.id


def test_no_translation_says_its_sentence_twice(english: Catalog) -> None:
    for message in english:
        assert not re.fullmatch(r"(.{12,})\1+", str(message.string)), message.id


def test_no_translation_is_left_in_chinese(english: Catalog) -> None:
    for message in english:
        assert not re.search(r"[\u4e00-\u9fff]", str(message.string)), message.id


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_every_stored_word_has_a_label(app: Flask, kind: type[StrEnum]) -> None:
    with app.test_request_context("/"):
        assert all(label(value) for value in kind)
    assert set(LABELS[kind]) == {value.value for value in kind}
