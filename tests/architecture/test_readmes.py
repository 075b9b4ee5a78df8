"""The two READMEs say the same: sections, steps, links, names, commands and settings, each in its own language."""

import re
from collections.abc import Callable

import pytest

from tests.architecture.sources import ROOT

ENGLISH, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
# Each README links to the other one.
EACH_OTHER = {"README.md", "README.zh-CN.md"}


def _prose(text: str) -> str:
    return re.sub(r"```.*?```|<!-- settings -->.*?<!-- /settings -->", "", text, flags=re.DOTALL)


def headings(text: str) -> list[str]:
    return re.findall(r"^#+(?= )", _prose(text), re.MULTILINE)


def lists(text: str) -> list[str]:
    return re.findall(r"^(?:\d+\.|-)(?= )", _prose(text), re.MULTILINE)


def links(text: str) -> set[str]:
    found = re.findall(r"\]\(([^)]+)\)", text) + re.findall(r"<(https?://[^>]+)>", text)
    return set(found) - EACH_OTHER


def names(text: str) -> list[str]:
    """Returns files, variables, commands, keys and log-ins, in any order: the word order of the languages differs."""
    return sorted(set(re.findall(r"`([^`]+)`", _prose(text))))


def commands(text: str) -> list[str]:
    """Returns the commands of the examples without their comments; words in quotation marks may be translated."""
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    return [re.sub(r'"[^"$]*"', '""', re.sub(r"\s+#.*", "", line)) for line in lines]


def settings(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^\| `([A-Z_]+)`( \*)?", text, re.MULTILINE)


@pytest.mark.parametrize("part", [headings, lists, links, names, commands, settings])
def test_both_languages_name_the_same(part: Callable[[str], object]) -> None:
    assert part(CHINESE) == part(ENGLISH)
    assert part(ENGLISH), "a part that finds nothing compares nothing"
