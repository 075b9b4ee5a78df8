"""callers.toml: the shipped file is valid, and an error names file, key and remedy."""

from importlib.resources import files
from pathlib import Path

import pytest

from config.city.callers import read_callers
from config.city.toml_file import BadFile
from config.demo.auto_answer import ANSWERS
from hotline.exchange.vocabulary.answer_modes import StaffedDesk
from hotline.rules.policies import OpeningHours
from tests.city_texts import source

SHIPPED = files("config.city") / "example" / "callers.toml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "callers.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_line_is_staffed_round_the_clock_and_offices_have_a_lunch_break() -> None:
    callers = read_callers(source(SHIPPED))
    assert callers.schedules["staffed"].holidays == (OpeningHours(0, 1440),)
    assert callers.schedules["office"].workdays == (OpeningHours(510, 720), OpeningHours(810, 1050))


def test_every_emergency_number_of_the_demonstration_is_answered_there() -> None:
    for number in read_callers(source(SHIPPED)).numbers.values():
        assert isinstance(ANSWERS[number], StaffedDesk)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"08:30-12:00"', '"8:30-12:00"', 'office.workdays: "8:30-12:00" must read like'),
        ('"08:30-12:00"', '"12:00-08:30"', "ends before it begins"),
        ('"08:30-12:00", "13:30-17:30"', '"08:30-14:00", "13:30-17:30"', "laps over the one before"),
        ('"13:30-17:30"', '"13:30-24:30"', 'must read like "08:30-12:00"'),
        ("[schedules.office]", "[schedules.Office]", "names are small letters"),
        ("days_off = []", "weekends = []", "days_off: is missing"),
        ('police = "+865372200110"', 'police = "110"', "numbers.police: must be a full number"),
        ("calls_per_hour = 20", "calls_per_hour = 0", "must be a whole number from 1"),
        (
            "shared_numbers = []",
            'shared_numbers = ["0537-4412999"]',
            "shared_numbers[1]: must be a telephone number",
        ),
        ("shared_numbers = []", 'shared_numbers = ["+86120"]', 'such as "+865374400000", not "+86120"'),
        ("shared_numbers = []", 'shared_numbers = "+865374400000"', "shared_numbers: must be a list"),
        (
            "shared_numbers = []",
            "shared_numbers = [4400000]",
            "shared_numbers[1]: must be a telephone number",
        ),
        ("record_talks = true", 'record_talks = "yes"', "must be true or false"),
        ('inbound = "menu"', "", "inbound: is missing"),
        ("[lookups]", '[lookups.water]\nurl = "ftp://x"\nsecret = "s"\nseconds = 5', "must begin with https"),
        ("hear_words = true", "hear_words = true\nvolume = 11", "volume: is not known here"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(BadFile, match=r"callers\.toml: ") as caught:
        read_callers(source(changed(tmp_path, old, new)))
    assert complaint in str(caught.value)


def test_numbers_that_several_people_phone_from_are_listed_or_none(tmp_path: Path) -> None:
    listed = changed(tmp_path, "shared_numbers = []", 'shared_numbers = ["+865374400000", "+865374400000"]')
    assert read_callers(source(listed)).shared_numbers == {"+865374400000"}
    assert read_callers(source(changed(tmp_path, "shared_numbers = []", ""))).shared_numbers == frozenset()
