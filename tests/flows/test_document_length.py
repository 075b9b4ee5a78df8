"""The length of a document: the time until the next webhook is due."""

import pytest

from ivr_flows.webhooks.document_length import PLAYED_SECONDS, longest_seconds


@pytest.mark.parametrize(
    ("verbs", "seconds"),
    [
        ("", 0),
        ("<Hangup/>", 0),
        ("<Pause length='7'/><Pause/><Redirect>/x</Redirect>", 8),
        ("<Say>您好您好</Say>", 1),
        ("<Say>good morning, caller.</Say>", 21 * 0.08),
        ("<Play>/a.wav</Play>", PLAYED_SECONDS),
        ("<Gather timeout='4' numDigits='1'><Say>您好您好</Say></Gather>", 5),
        ("<Gather timeout='10' numDigits='14'/>", 36),
        ("<Gather/>", 5),
        ("<Record maxLength='180' timeout='6'/>", 186),
        ("<Enqueue waitUrl='/w'>line</Enqueue>", 0),
    ],
)
def test_the_longest_time_of_a_document(verbs: str, seconds: float) -> None:
    assert longest_seconds(f"<Response>{verbs}</Response>") == pytest.approx(seconds)


@pytest.mark.parametrize("noun", ["<Conference>call-1</Conference>", "<Number>+86110</Number>"])
def test_two_people_may_talk_for_hours(noun: str) -> None:
    assert longest_seconds(f"<Response><Say>您好</Say><Dial timeout='20'>{noun}</Dial></Response>") is None
