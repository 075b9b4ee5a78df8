"""Every key of the city's files: a value of the wrong type is named with file and key."""

import json
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from config.city.brand import BrandFile
from config.city.callers import CallersFile
from config.city.policies import PoliciesFile
from config.city.published import PublishedFile
from config.city.toml_file import BadFile, TomlTable, read_toml
from config.city.units import UnitsFile
from config.demo.matters import MattersFile

CITY = files("config.city") / "example"
FILES: tuple[tuple[Any, type[TomlTable]], ...] = (
    (CITY / "callers.toml", CallersFile),
    (CITY / "policies.toml", PoliciesFile),
    (CITY / "policies.demo.toml", PoliciesFile),
    (CITY / "published.toml", PublishedFile),
    (CITY / "brand.toml", BrandFile),
    (CITY / "units.toml", UnitsFile),
    (files("config.demo") / "matters.toml", MattersFile),
)
# No key of these files is a number with a fraction.
WRONG = 1.5


def toml(value: object) -> str:
    """Returns `value` as TOML on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(toml(each) for each in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def keys(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yields the path of every key; of an array of tables those of the first table."""
    match value:
        case dict():
            for key, each in value.items():
                yield (*path, key)
                yield from keys(each, (*path, key))
        case [dict() as first, *_]:
            yield from keys(first, (*path, 0))


def with_wrong(content: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    changed = deepcopy(content)
    table: Any = changed
    for step in path[:-1]:
        table = table[step]
    table[path[-1]] = WRONG
    return changed


def shown(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


def named(content: dict[str, Any], path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Returns the path that an error names: of a value with its origin, that of the value itself."""
    table: Any = content
    for step in path[:-1]:
        table = table[step]
    has_origin = "value" in table and set(table) <= {"value", "source", "jurisdiction"}
    return path[:-1] if has_origin and path[-1] == "value" else path


CASES = [
    pytest.param(file, schema, path, id=f"{file.name}-{shown(path)}")
    for file, schema in FILES
    for path in keys(tomllib.loads(file.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize(("file", "schema", "path"), CASES)
def test_a_value_of_the_wrong_type_is_named(
    tmp_path: Path, file: Any, schema: type[TomlTable], path: tuple[str | int, ...]
) -> None:
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    target = tmp_path / file.name
    target.write_text(
        "\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in with_wrong(content, path).items()),
        encoding="utf-8",
    )
    with pytest.raises(BadFile) as refused:
        read_toml(target, schema)
    message = str(refused.value)
    assert message.startswith(f"{file.name}: {shown(named(content, path))}: ")
    assert "\n" not in message


def test_a_line_break_in_a_key_or_a_value_stays_one_line(tmp_path: Path) -> None:
    target = tmp_path / "units.toml"
    for text in ('"new\\nline" = 1', 'department = """\na\nb"""'):
        target.write_text(f"{text}\ntownship = []\nutility = []\ninstitution = []\n", encoding="utf-8")
        with pytest.raises(BadFile) as refused:
            read_toml(target, UnitsFile)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("digits", ["٣٤٥٦٧٨٩", "３４５６７８９"])
def test_a_telephone_number_has_ascii_digits(tmp_path: Path, digits: str) -> None:
    text = (CITY / "callers.toml").read_text(encoding="utf-8")
    target = tmp_path / "callers.toml"
    target.write_text(text.replace('police = "+865372200110"', f'police = "+1{digits}"'), encoding="utf-8")
    with pytest.raises(BadFile, match=r"numbers\.police: must be a full number"):
        read_toml(target, CallersFile)
