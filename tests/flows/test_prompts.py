"""Prompts: the same sentences in every language, natural numbers and moments, and none that is unused."""

import tomllib
from dataclasses import replace
from datetime import datetime

import pytest

from hotline.rules.enums import Language
from ivr_flows.loader import OUR_FILES
from ivr_flows.speech import (
    PROGRAM_PROMPTS,
    Argument,
    CallerCount,
    Catalogue,
    LiteralText,
    PromptLine,
    SpokenDigits,
    SpokenMoment,
    SpokenNotice,
    WaitingTime,
    arguments_of,
    speak,
    spoken_deadline,
)
from tests.flows.simulated_calls import HOTLINE, our_scripts

PROMPTS = our_scripts()["menu"].prompts


def texts(language: Language) -> dict[str, str]:
    """Returns every prompt that some flow or the program speaks, in one language."""
    return {
        key: text for script in our_scripts().values() for key, text in script.prompts[language].texts.items()
    }


def test_every_sentence_is_spoken_in_every_language_with_the_same_arguments() -> None:
    chinese, english = texts(Language.ZH_CN), texts(Language.EN)
    assert set(chinese) == set(english)
    assert set(PROGRAM_PROMPTS) <= set(chinese)
    for key, text in chinese.items():
        assert arguments_of(text) == arguments_of(english[key]), key


@pytest.mark.parametrize("language", list(Language))
def test_no_sentence_and_no_list_of_words_in_a_file_is_left_unused(language: Language) -> None:
    written = tomllib.loads((OUR_FILES / "prompts" / f"{language}.toml").read_text(encoding="utf-8"))
    assert set(written["prompts"]) == set(texts(language))
    heard = {name for script in our_scripts().values() for name in script.prompts[language].words}
    assert set(written["words"]) == heard


@pytest.mark.parametrize(
    ("argument", "chinese", "english"),
    [
        (CallerCount(1), "一位", "one caller"),
        (CallerCount(2), "两位", "two callers"),
        (CallerCount(10), "十位", "ten callers"),
        (CallerCount(12), "12位", "12 callers"),
        (WaitingTime(0), "不到一分钟", "less than a minute"),
        (WaitingTime(59), "不到一分钟", "less than a minute"),
        (WaitingTime(60), "约一分钟", "about one minute"),
        (WaitingTime(89), "约一分钟", "about one minute"),
        (WaitingTime(90), "约两分钟", "about two minutes"),
        (WaitingTime(3600), "约60分钟", "about 60 minutes"),
        (SpokenDigits("120"), "幺二零", "one two zero"),
        (
            SpokenDigits("13900001234"),
            "幺三九零零零零幺二三四",
            "one three nine zero zero zero zero one two three four",
        ),
        (
            LiteralText(((Language.ZH_CN, "供水集团"), (Language.EN, "the water company"))),
            "供水集团",
            "the water company",
        ),
        (LiteralText(((Language.ZH_CN, "供水集团"),)), "供水集团", "供水集团"),
    ],
)
def test_numbers_and_names_are_spoken_as_people_speak_them(
    argument: Argument, chinese: str, english: str
) -> None:
    assert PROMPTS[Language.ZH_CN].speech.say(argument) == chinese
    assert PROMPTS[Language.EN].speech.say(argument) == english


@pytest.mark.parametrize(
    ("moment", "chinese", "english"),
    [
        ("2026-11-26T14:00", "11月26号下午两点钟", "November 26 at 2 p.m."),
        ("2026-11-26T14:05", "11月26号下午两点零五分", "November 26 at 2 oh five p.m."),
        ("2026-11-26T14:30", "11月26号下午两点半", "November 26 at 2 30 p.m."),
        ("2026-11-26T14:45", "11月26号下午两点45分", "November 26 at 2 45 p.m."),
        ("2026-11-26T14:10", "11月26号下午两点10分", "November 26 at 2 10 p.m."),
        ("2026-11-26T12:00", "11月26号中午十二点钟", "November 26 at 12 p.m."),
        ("2026-01-01T00:01", "1月1号凌晨零点零一分", "January 1 at 12 oh one a.m."),
        ("2026-02-28T08:30", "2月28号上午八点半", "February 28 at 8 30 a.m."),
        ("2026-05-04T05:00", "5月4号早上五点钟", "May 4 at 5 a.m."),
        ("2026-12-31T23:59", "12月31号晚上十一点59分", "December 31 at 11 59 p.m."),
    ],
)
def test_moments_are_spoken_as_people_speak_them(moment: str, chinese: str, english: str) -> None:
    spoken = SpokenMoment(datetime.fromisoformat(moment))
    assert PROMPTS[Language.ZH_CN].speech.say(spoken) == chinese
    assert PROMPTS[Language.EN].speech.say(spoken) == english


@pytest.mark.parametrize(
    ("moment", "chinese", "english"),
    [
        ("2026-03-18T00:00", "3月17号24点", "the end of March 17"),
        ("2027-01-01T00:00", "12月31号24点", "the end of December 31"),
        ("2026-03-18T09:30", "3月18号上午九点半", "March 18 at 9 30 a.m."),
    ],
)
def test_a_deadline_at_midnight_is_spoken_as_the_end_of_its_day(
    moment: str, chinese: str, english: str
) -> None:
    due = spoken_deadline(datetime.fromisoformat(moment))
    assert PROMPTS[Language.ZH_CN].speech.say(due) == chinese
    assert PROMPTS[Language.EN].speech.say(due) == english


def test_prompts_published_before_the_pattern_existed_still_name_the_day_that_ends() -> None:
    calendar = replace(PROMPTS[Language.ZH_CN].speech.calendar, day_end="")
    assert calendar.say_end_of_day(datetime.fromisoformat("2026-03-18T00:00")) == "3月17号 24:00"


def test_every_hour_of_the_day_has_its_own_words() -> None:
    for language in Language:
        speech = PROMPTS[language].speech
        said = [
            speech.say(SpokenMoment(datetime.fromisoformat(f"2026-11-26T{hour:02d}:00")))
            for hour in range(24)
        ]
        assert len(set(said)) == 24


def test_a_waiting_caller_hears_place_and_wait_in_one_sentence() -> None:
    line = PromptLine("place", None, (("ahead", CallerCount(2)), ("wait", WaitingTime(61))))
    spoken = speak(PROMPTS, line, Language.ZH_CN, HOTLINE)
    assert spoken.text == "您前面还有两位，预计等候约一分钟，请不要挂机。"
    assert speak(PROMPTS, line, Language.EN, HOTLINE).text == (
        "There is a short queue: two callers before you. Your wait will be about one minute. Please stay on the line."
    )


def test_a_line_may_insist_on_its_own_language_and_voice() -> None:
    spoken = speak(PROMPTS, PromptLine("english_key", Language.EN), Language.ZH_CN, HOTLINE)
    assert (spoken.text, spoken.language) == ("For English, press 9.", "en-US")
    assert spoken.voice.startswith("Polly.")


def test_a_notice_is_spoken_in_the_words_of_whoever_wrote_it() -> None:
    notice = SpokenNotice("7", ((Language.ZH_CN, "城东停水。"),))
    spoken = speak(PROMPTS, notice, Language.EN, HOTLINE)
    assert (spoken.text, spoken.sound) == ("城东停水。", "")


@pytest.mark.parametrize("language", list(Language))
def test_a_notice_is_spoken_by_the_voice_of_the_language_it_was_written_in(language: Language) -> None:
    chinese, english = PROMPTS[Language.ZH_CN].speech, PROMPTS[Language.EN].speech
    assert chinese.voice != english.voice
    only_chinese = SpokenNotice("7", ((Language.ZH_CN, "城东停水。"),))
    spoken = speak(PROMPTS, only_chinese, language, HOTLINE)
    assert (spoken.voice, spoken.language) == (chinese.voice, chinese.language)
    both = SpokenNotice("8", ((Language.ZH_CN, "城东停水。"), (Language.EN, "No water in the east.")))
    own = PROMPTS[language].speech
    spoken = speak(PROMPTS, both, language, HOTLINE)
    assert (spoken.voice, spoken.language) == (own.voice, own.language)


def test_a_recording_is_played_in_place_of_its_sentence() -> None:
    chinese = PROMPTS[Language.ZH_CN]
    recorded = Catalogue(chinese.speech, chinese.texts, {"greeting": "greeting.mp3"})
    spoken = speak({Language.ZH_CN: recorded}, PromptLine("greeting"), Language.ZH_CN, HOTLINE)
    assert (spoken.text, spoken.sound) == ("您好，这里是马上就办一线通。", "greeting.mp3")


def test_an_argument_nobody_gave_is_an_error_not_a_gap() -> None:
    with pytest.raises(KeyError, match=r"ahead|wait"):
        speak(PROMPTS, PromptLine("place"), Language.EN, HOTLINE)
