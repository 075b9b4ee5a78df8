"""Whatever is pressed, in whatever order: a call goes on, comes to a person or to a last word, and never stands still."""

from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.wishes import Wish
from hotline.rules.words import CallPurpose
from ivr_flows.engine import MAX_TURNS
from ivr_flows.turns import (
    Digits,
    Granted,
    Heard,
    Listen,
    Over,
    QueueFailed,
    Refused,
    Silence,
    Verdict,
    WaitInQueue,
)
from tests.flows.plays import Play, load_scripts

SCRIPTS = list(load_scripts().values())
keys = st.sampled_from(["", *"0123456789*#", "12", "##"]).map(lambda key: Digits(key) if key else Silence())
anything = st.one_of(keys, st.just(Granted()), st.just(Refused()), st.just(QueueFailed()))
verdicts = st.lists(st.sampled_from([Granted(), Refused()]), min_size=1, max_size=12)


@given(st.sampled_from(SCRIPTS), st.lists(anything, max_size=80), verdicts)
def test_every_turn_says_something_or_waits_and_moves_on(script, heard: list[Heard], given_verdicts) -> None:
    answers = iter(given_verdicts * 200)

    def ask(_wish: Wish) -> Verdict:
        return next(answers)

    call = Play(script, answers=ask)
    seen = set()
    for each in heard:
        if isinstance(call.turn.then, Over):
            return
        call.hears(each)
        assert isinstance(call.turn.then, Listen | WaitInQueue | Over)
        assert call.words or not isinstance(call.turn.then, Listen)
        if isinstance(each, Digits | Silence):
            assert (call.turn.position, type(call.turn.then)) not in seen, "a step looked like an earlier one"
        seen.add((call.turn.position, type(call.turn.then)))


@given(st.lists(keys, min_size=MAX_TURNS + 6, max_size=MAX_TURNS + 6))
def test_somebody_who_phones_us_always_ends_up_with_a_person_or_a_promise(heard: list[Heard]) -> None:
    script = next(script for script in SCRIPTS if script.flow.purpose is CallPurpose.INBOUND)
    call = Play(script)
    for each in heard:
        if not isinstance(call.turn.then, Listen):
            break
        call.hears(each)
    assert isinstance(call.turn.then, WaitInQueue)
