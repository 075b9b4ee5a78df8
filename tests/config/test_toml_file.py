"""Errors of TOML files: one line that names file, key and what to write instead."""

import re
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from config.city.toml_file import BadFile, TomlInteger, TomlTable, TomlText, Truth, read_toml


class Inner(TomlTable):
    name: Annotated[str, TomlText(5)]


class Schema(TomlTable):
    count: Annotated[int, TomlInteger(1, 9)]
    flag: Truth = False
    one: Inner | None = None
    several: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = Field(default_factory=dict)


def read(tmp_path: Path, text: str) -> Schema:
    path = tmp_path / "some.toml"
    path.write_text(text, encoding="utf-8")
    return read_toml(path, Schema)


def test_a_file_that_fits_is_read(tmp_path: Path) -> None:
    content = read(tmp_path, 'count = 3\n[by_name.a]\nname = "x"\n[[several]]\nname = "y"\n')
    assert (content.count, content.by_name["a"].name, content.several[0].name) == (3, "x", "y")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "count: is missing"),
        ("count = 10", "count: must be a whole number from 1 to 9, not 10"),
        ("count = true", "count: must be a whole number from 1 to 9, not True"),
        ("count = 1.5", "count: must be a whole number from 1 to 9, not 1.5"),
        ("count = '1'", 'count: must be a whole number from 1 to 9, not "1"'),
        ("count = 1\nflag = 1", "flag: must be true or false, not 1"),
        ("count = 1\none = 2", "one: must be a table [one], not 2"),
        ("count = 1\n[one]\nname = ''", 'one.name: must be a text of 1 to 5 characters, not ""'),
        ("count = 1\n[one]\nname = ' a'", 'one.name: must be a text of 1 to 5 characters, not " a"'),
        ("count = 1\n[one]\nname = 'a'\nage = 2", "one.age: is not known here; known: name"),
        ("count = 1\nseveral = 2", "several: must be a list of tables [[several]]"),
        ("count = 1\n[[several]]\nname = 'a'\n[[several]]", "several[2].name: is missing"),
        ("count = 1\n[by_name.x]\nname = 7", "by_name.x.name: must be a text of 1 to 5 characters, not 7"),
        ("count = 1\ncolour = 1", "colour: is not known here; known: by_name, count, flag, one, several"),
    ],
)
def test_an_error_is_one_line_with_file_key_and_reason(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadFile) as refused:
        read(tmp_path, text)
    assert re.sub(r" \(line \d+\)$", "", str(refused.value)) == f"some.toml: {message}"


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "some.toml").write_bytes(b"\xff")
    with pytest.raises(BadFile, match=r"^some\.toml: .*decode"):
        read_toml(tmp_path / "some.toml", Schema)
