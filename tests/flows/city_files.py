"""Helpers that edit a city's own flows and prompts and return the problems found in them."""

from pathlib import Path

import pytest

from ivr_flows.loader import load_scripts
from ivr_flows.source.problems import FlowError
from tests.policies import city_policies


def edit(city: Path, file: str, old: str, new: str) -> None:
    path = city / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(city: Path) -> str:
    with pytest.raises(FlowError) as caught:
        load_scripts(city_policies(), city)
    assert all(problem.what and problem.why and problem.remedy for problem in caught.value.problems)
    return str(caught.value).replace(str(city), "CITY")
