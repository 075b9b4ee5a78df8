"""Wrong prompts never reach a caller: what a prompt file says and understands is checked in every language."""

from dataclasses import replace
from pathlib import Path

import pytest

from hotline.rules.enums import Language
from ivr_flows.lint.prompts import check_prompts
from ivr_flows.loader import load_scripts
from tests.flows.city_files import edit, problems
from tests.flows.simulated_calls import our_scripts
from tests.policies import city_policies

WORDS = [
    ("a missing sentence", "en", "queue_full = ", "queue_fulll = ", "prompt 'queue_full' is missing in en"),
    (
        "a missing sentence of the program's own",
        "zh-CN",
        'apology = "',
        'apologie = "',
        "prompt 'apology' is missing in zh-CN",
    ),
    ("missing words", "en", 'fire = ["fire"]\n', "", "[fire] the words 'fire' are missing in en"),
    ("broken braces", "zh-CN", "您前面还有{ahead}，请", "您前面还有{ahead，请", "[place_only] broken braces"),
    ("too few digits", "zh-CN", '"零", "幺", ', '"幺", ', "speech.digits"),
    ("eleven months", "en", '"January", ', "", "speech.calendar.months"),
    (
        "an empty sentence",
        "en",
        '"This call will be recorded for service quality."',
        '""',
        "prompts.recording_notice",
    ),
    (
        "a voice that is missing",
        "en",
        'voice = "Polly.Joanna-Neural"\n',
        "",
        "speech.voice (Field required). Add it.",
    ),
    (
        "an argument the program does not give",
        "zh-CN",
        "已于{closed}办结",
        "已于{due}办结",
        "speaks 'status_closed' with {due}, which is not known there",
    ),
    (
        "a layout of an argument",
        "zh-CN",
        "您前面还有{ahead}，请",
        "您前面还有{ahead:>100000}，请",
        "[place_only] lays out {ahead} as ':>100000' (what is spoken has no layout). Write {name}",
    ),
    ("a conversion", "en", "{ahead}", "{ahead!x}", "[place] lays out {ahead} as '!x'"),
    ("a layout within a layout", "en", "{ahead}", "{ahead:{wait}}", "[place] lays out {ahead} as ':{wait}'"),
    (
        "a part of an argument",
        "zh-CN",
        "{closed}",
        "{closed.year}",
        "with {closed.year}, which is not known there",
    ),
    (
        "an hour that is spoken with what no hour has",
        "zh-CN",
        'on_the_hour = "{period}{hour}钟"',
        'on_the_hour = "{foo}"',
        "[speech.calendar.on_the_hour] speaks {foo}, which is not known there (known are hour, n, nn, period).",
    ),
    (
        "a day that is spoken without a name",
        "en",
        '"{month} {day}"',
        '"{month} {}"',
        "calendar.day] speaks {}",
    ),
    ("a broken pattern", "en", '"{month} {day}"', '"{month} {day"', "[speech.calendar.day] broken braces"),
    (
        "a number laid out",
        "en",
        '" at {hour} {nn} ',
        '" at {hour} {nn:d} ',
        "half_past] lays out {nn} as ':d'",
    ),
    (
        "a sign no document can hold",
        "en",
        '"Hello, this',
        '"Hello,\\u001b this',
        "[greeting] holds the control character U+001B (no document with it could be read by the carrier). Remove it.",
    ),
    (
        "one that is no character at all",
        "zh-CN",
        '"您好，',
        '"\\uFFFE您好，',
        "[greeting] holds the control character U+FFFE",
    ),
    (
        "one in a digit",
        "zh-CN",
        '"零", "幺", ',
        '"零\\u0000", "幺", ',
        "[speech.digits] holds the control character U+0000",
    ),
    (
        "one in a pattern",
        "en",
        '"{n} callers"',
        '"{n}\\u0008 callers"',
        "[speech.callers.other] holds the control character",
    ),
    ("one in a word", "en", '["fire"]', '["fire\\u0001"]', "[words.fire] holds the control character U+0001"),
    (
        "a word that cannot be said",
        "zh-CN",
        "fire = [",
        'fire = ["。 ", ',
        "[fire] the word '。 ' has no letter (whatever a caller says would mean it).",
    ),
    ("a number of other things", "en", '"{n} callers"', '"{x} callers"', "[speech.callers.other] speaks {x}"),
]


@pytest.mark.parametrize(
    ("language", "old", "new", "said"), [each[1:] for each in WORDS], ids=[each[0] for each in WORDS]
)
def test_wrong_words_are_refused_in_the_file_of_their_language(
    city: Path, language: str, old: str, new: str, said: str
) -> None:
    edit(city, f"prompts/{language}.toml", old, new)
    assert any(
        said in line and line.startswith(f"CITY/prompts/{language}.toml")
        for line in problems(city).splitlines()
    )


@pytest.mark.parametrize(
    "sound",
    [
        " ",
        "../../x",
        "../x.wav",
        "a b.wav",
        "file:///x.wav",
        "javascript://x",
        "http://",
        "https://a b/x",
        "x.exe",
    ],
)
def test_what_is_no_recording_is_not_played(city: Path, sound: str) -> None:
    greeting = '"Hello, this is the city hotline."'
    edit(city, "prompts/en.toml", greeting, f"{{ text = {greeting}, play = {sound!r} }}")
    assert f"[greeting] plays {sound!r}, which is no recording" in problems(city)


def test_a_recording_must_lie_where_recordings_lie_or_elsewhere_on_the_network(tmp_path: Path) -> None:
    (tmp_path / "here.wav").write_bytes(b"RIFF")
    prompts = our_scripts()["menu"].prompts
    sounds = {
        "greeting": "here.wav",
        "connecting": "https://cdn.example:8443/connecting.mp3?v=1",
        "apology": "nope.wav",
    }
    played = {language: replace(catalogue, sounds=sounds) for language, catalogue in prompts.items()}
    told = {told.place: told.what.in_(Language.EN) for _, told in check_prompts(played, tmp_path)}
    assert told == {"apology": "plays 'nope.wav', which does not exist"}


def test_words_that_differ_in_signs_and_width_alone_are_the_same(city: Path) -> None:
    edit(city, "prompts/en.toml", 'consultation = ["question"', 'consultation = ["Ｃom-plaint!"')
    assert "[menu] 'complaint' (en) is said for 1 and for 2" in problems(city)


def test_the_keys_star_and_pound_need_a_name_in_every_language(city: Path) -> None:
    edit(city, "prompts/en.toml", '"#" = ["pound", "hash"]\n', "")
    assert "[speech.keys] en has no name for the key #" in problems(city)


def test_a_sentence_too_long_to_be_spoken_at_once_is_refused(city: Path) -> None:
    edit(city, "prompts/zh-CN.toml", "您好，这里是马上就办一线通。", "好" * 451)
    assert "[greeting] 451 characters are too long to be spoken at once" in problems(city)
    edit(city, "prompts/zh-CN.toml", "好" * 451, "好" * 450)
    assert load_scripts(city_policies(), city)
