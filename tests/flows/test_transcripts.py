"""Each flow as a play: who presses what hears this. Change the words of a flow, and its play changes here."""

from hotline.rules.wishes import (
    ConfirmPerson,
    JoinQueue,
    NotePressed,
    PromiseCallback,
    RecordAnswer,
    Wish,
)
from hotline.rules.words import CallPurpose, Language, RequestClass
from ivr_flows.turns import Granted, QueueFailed, Refused, TooLate, Verdict
from tests.flows.plays import play

GREETING = """您好，这里是马上就办一线通。
为保证服务质量，本次通话将会录音。
投诉求助请按1，咨询请按2，批评建议请按3，直接转人工请按0或稍候。
For English, press 9."""
FOLLOW_UP_SOLVED = "您反映的问题解决了吗？已解决请按1，没有解决请按2，转人工请按0。"
FOLLOW_UP_SATISFIED = "您对办理过程满意吗？满意请按1，不满意请按2，转人工请按0。"


def test_somebody_complains_and_waits_for_a_person() -> None:
    call = play(CallPurpose.INBOUND)
    assert (call.words, call.then) == (GREETING, "listens")
    assert call.press("1") == "正在为您转接人工坐席，请稍候。"
    assert call.then == "waits"
    assert call.wishes == [NotePressed(RequestClass.COMPLAINT), JoinQueue()]


def test_whoever_presses_nothing_reaches_a_person() -> None:
    call = play(CallPurpose.INBOUND)
    assert call.say_nothing() == "正在为您转接人工坐席，请稍候。"
    assert (call.then, call.wishes) == ("waits", [JoinQueue()])


def test_whoever_presses_a_key_that_was_not_offered_reaches_a_person_too() -> None:
    for key in "4", "8", "*", "#", "12", "D":
        call = play(CallPurpose.INBOUND)
        call.press(key)
        assert (call.then, call.wishes) == ("waits", [JoinQueue()])


def test_nine_switches_to_english_and_repeats_the_recording_notice() -> None:
    call = play(CallPurpose.INBOUND)
    assert call.press("9") == (
        "This call will be recorded for service quality.\nWe are connecting you to an operator. Please hold."
    )
    assert (call.language, call.then) == (Language.EN, "waits")


def test_a_waiting_caller_asks_to_be_called_back() -> None:
    call = play(CallPurpose.INBOUND)
    call.press("2")
    call.press("7")
    assert (call.then, call.words) == ("waits", "")
    assert call.press("1").startswith("好的，您的排队顺序已保留")
    assert call.then == "hangs up"
    assert call.wishes[-1] == PromiseCallback()


def test_a_waiting_caller_without_a_number_stays_in_the_queue() -> None:
    def no_callbacks(wish: Wish) -> Verdict:
        return Refused() if wish == PromiseCallback() else Granted()

    call = play(CallPurpose.INBOUND, answers=no_callbacks)
    call.say_nothing()
    assert call.press("1").startswith("抱歉，我们看不到您的号码，无法给您回电")
    assert call.then == "waits"


def test_a_full_queue_ends_in_a_promise_or_in_honest_words() -> None:
    def full(wish: Wish) -> Verdict:
        return Refused() if wish == JoinQueue() else Granted()

    call = play(CallPurpose.INBOUND, answers=full)
    assert call.say_nothing().startswith(
        "抱歉，现在线路全忙。我们已记下您的来电，会尽快给您回电，请保持电话畅通。再见。"
    )
    withheld = play(CallPurpose.INBOUND, answers=lambda _wish: Refused())
    assert "请您稍后再拨" in withheld.say_nothing()
    assert (call.then, withheld.then) == ("hangs up", "hangs up")


def test_a_queue_the_carrier_could_not_keep_is_a_full_queue() -> None:
    call = play(CallPurpose.INBOUND)
    call.say_nothing()
    assert call.hears(QueueFailed()).startswith("抱歉，现在线路全忙。我们已记下您的来电")


def test_nobody_is_left_to_talk_to() -> None:
    call = play(CallPurpose.INBOUND, answers=lambda _wish: TooLate())
    call.press("1")
    assert call.then == "hangs up"


def test_we_call_back_and_any_key_but_two_proves_a_person() -> None:
    for key in "1", "5", "#":
        call = play(CallPurpose.CALLBACK)
        assert call.words == (
            "您好，这里是马上就办一线通，按约定给您回电。\n接通人工坐席请按1，不再需要请按2。"
        )
        call.press(key)
        assert (call.then, call.wishes) == ("waits", [ConfirmPerson(), JoinQueue()])


def test_we_call_back_in_english_and_the_caller_no_longer_needs_us() -> None:
    call = play(CallPurpose.CALLBACK, language=Language.EN)
    assert call.press("2") == (
        "All right, thank you. You can reach us at any time on "
        "zero five three seven four four one two three four five. Goodbye."
    )
    assert (call.then, call.wishes) == ("hangs up", [ConfirmPerson()])


def test_we_call_back_and_two_silences_are_a_machine() -> None:
    call = play(CallPurpose.CALLBACK)
    assert (
        call.say_nothing()
        == "您好，这里是马上就办一线通，按约定给您回电。\n接通人工坐席请按1，不再需要请按2。"
    )
    assert "我们稍后再拨" in call.say_nothing()
    assert (call.then, call.wishes) == ("hangs up", [])


def test_the_follow_up_of_a_solved_matter() -> None:
    call = play(CallPurpose.FOLLOW_UP)
    assert call.words.endswith(FOLLOW_UP_SOLVED)
    assert call.press("1") == FOLLOW_UP_SATISFIED
    assert call.press("1") == "感谢您的评价。再见。"
    assert call.then == "hangs up"
    assert call.wishes == [RecordAnswer("solved", "yes"), RecordAnswer("satisfied", "yes")]


def test_the_follow_up_of_an_unsolved_matter_says_that_it_is_handled_again() -> None:
    call = play(CallPurpose.FOLLOW_UP)
    assert call.press("2") == f"我们已记下，您的问题将重新办理。\n{FOLLOW_UP_SATISFIED}"
    call.press("2")
    assert call.wishes == [RecordAnswer("solved", "no"), RecordAnswer("satisfied", "no")]


def test_a_follow_up_that_nobody_hears_records_nothing() -> None:
    call = play(CallPurpose.FOLLOW_UP)
    assert call.say_nothing() == FOLLOW_UP_SOLVED
    call.say_nothing()
    assert (call.then, call.wishes) == ("hangs up", [])


def test_the_first_answer_counts_even_if_the_second_question_stays_open() -> None:
    call = play(CallPurpose.FOLLOW_UP)
    call.press("1")
    call.say_nothing()
    assert call.say_nothing() == "感谢您的评价。再见。"
    assert call.wishes == [RecordAnswer("solved", "yes")]


def test_a_follow_up_leads_to_a_person_on_zero_or_after_three_wrong_keys() -> None:
    asked = play(CallPurpose.FOLLOW_UP)
    asked.press("0")
    confused = play(CallPurpose.FOLLOW_UP)
    for key in "7", "*":
        assert confused.press(key) == FOLLOW_UP_SOLVED
    confused.press("#")
    assert (asked.then, confused.then) == ("waits", "waits")
