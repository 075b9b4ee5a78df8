"""Words: the same sentences in every language, numbers spoken as people speak them, no words left unused."""

import pytest

from hotline.rules.words import Language
from ivr_flows.flow import Argument, Callers, Line, OneByOne, Wait
from ivr_flows.loader import OUR_FILES, load_scripts
from ivr_flows.prompts import DOOR_PROMPTS, arguments_of, speak
from tests.flows.plays import HOTLINE

SCRIPTS = list(load_scripts().values())


def texts(language: Language) -> dict[str, str]:
    """Every prompt that some flow or the door speaks, in one language."""
    return {key: text for script in SCRIPTS for key, text in script.prompts[language].texts.items()}


def test_every_sentence_is_spoken_in_every_language_with_the_same_arguments() -> None:
    chinese, english = texts(Language.ZH_CN), texts(Language.EN)
    assert set(chinese) == set(english)
    assert set(DOOR_PROMPTS) <= set(chinese)
    for key, text in chinese.items():
        assert arguments_of(text) == arguments_of(english[key]), key


@pytest.mark.parametrize("language", list(Language))
def test_no_sentence_in_a_file_is_never_spoken(language: Language) -> None:
    written = (
        (OUR_FILES / "prompts" / f"{language}.toml").read_text(encoding="utf-8").partition("[prompts]")[2]
    )
    keys = {line.partition(" = ")[0] for line in written.splitlines() if " = " in line}
    assert keys == set(texts(language))


@pytest.mark.parametrize(
    ("argument", "chinese", "english"),
    [
        (Callers(1), "一位", "one caller"),
        (Callers(2), "两位", "two callers"),
        (Callers(10), "十位", "ten callers"),
        (Callers(12), "12位", "12 callers"),
        (Wait(0), "不到一分钟", "less than a minute"),
        (Wait(59), "不到一分钟", "less than a minute"),
        (Wait(60), "约一分钟", "about one minute"),
        (Wait(89), "约一分钟", "about one minute"),
        (Wait(90), "约两分钟", "about two minutes"),
        (Wait(3600), "约60分钟", "about 60 minutes"),
        (OneByOne("120"), "幺二零", "one two zero"),
    ],
)
def test_numbers_are_spoken_as_people_speak_them(argument: Argument, chinese: str, english: str) -> None:
    prompts = SCRIPTS[0].prompts
    assert prompts[Language.ZH_CN].speech.say(argument) == chinese
    assert prompts[Language.EN].speech.say(argument) == english


def test_a_waiting_caller_hears_place_and_wait_in_one_sentence() -> None:
    line = Line("place", None, (("ahead", Callers(2)), ("wait", Wait(61))))
    prompts = SCRIPTS[0].prompts
    spoken = speak(prompts, line, Language.ZH_CN, HOTLINE)
    assert spoken.text == "您前面还有两位，预计等候约一分钟，请不要挂机。"
    assert speak(prompts, line, Language.EN, HOTLINE).text == (
        "There is a short queue: two callers before you. Your wait will be about one minute. Please stay on the line."
    )


def test_a_line_may_insist_on_its_own_language_and_voice() -> None:
    main = next(script for script in SCRIPTS if script.flow.name == "main")
    spoken = speak(main.prompts, Line("english_key", Language.EN), Language.ZH_CN, HOTLINE)
    assert (spoken.text, spoken.language) == ("For English, press 9.", "en-US")
    assert spoken.voice.startswith("Polly.")


def test_an_argument_nobody_gave_is_an_error_not_a_gap() -> None:
    with pytest.raises(KeyError, match=r"ahead|wait"):
        speak(SCRIPTS[0].prompts, Line("place"), Language.EN, HOTLINE)
