"""The sound of a recording lasts as long as the time that passed, whatever the browser sends."""

import pytest

from hotline.exchange.state.audio_files import MAX_SECONDS, RATE, AudioFile

LOUD = b"\x00\x10"


def second_of(sample: bytes = LOUD, seconds: float = 1.0) -> bytes:
    return sample * round(RATE * seconds)


def sound(reel: AudioFile) -> bytes:
    return b"".join(reel.chunks())


def test_what_is_fed_in_time_is_kept_as_it_came() -> None:
    reel = AudioFile(began=100.0)
    reel.append(second_of(b"\x01\x00"), 101.0)
    reel.append(second_of(b"\x02\x00"), 102.0)
    reel.close(102.2)
    assert sound(reel) == second_of(b"\x01\x00") + second_of(b"\x02\x00")
    assert (reel.seconds, reel.size) == (2.0, 4 * RATE)


def test_without_any_sound_it_stays_empty() -> None:
    reel = AudioFile(began=0.0)
    reel.close(60.0)
    assert (reel.is_empty, reel.seconds, sound(reel)) == (True, 0.0, b"")


def test_where_no_sound_came_there_is_silence() -> None:
    reel = AudioFile(began=0.0)
    reel.append(second_of(), 3.0)
    reel.close(5.0)
    assert sound(reel) == second_of(b"\0\0", 2) + second_of() + second_of(b"\0\0", 2)


@pytest.mark.parametrize(
    ("skip", "between"), [(True, b""), (False, second_of(b"\0\0", 10))], ids=["left out", "silence"]
)
def test_a_pause_is_left_out_or_is_silence(skip: bool, between: bytes) -> None:
    reel = AudioFile(began=0.0)
    reel.append(second_of(), 1.0)
    reel.pause(1.0, skip=skip)
    reel.append(second_of(), 5.0)
    reel.resume(11.0)
    reel.append(second_of(), 12.0)
    reel.close(12.0)
    assert sound(reel) == second_of() + between + second_of()


def test_a_pause_that_is_never_ended_counts_to_the_end() -> None:
    skipping, keeping = AudioFile(began=0.0), AudioFile(began=0.0)
    for reel, skip in ((skipping, True), (keeping, False)):
        reel.append(second_of(), 1.0)
        reel.pause(1.0, skip=skip)
        reel.close(4.0)
    assert (skipping.seconds, keeping.seconds) == (1.0, 4.0)


def test_more_than_there_was_time_for_is_left_out() -> None:
    reel = AudioFile(began=0.0)
    for _ in range(10):
        reel.append(second_of(), 1.0)
    assert reel.seconds == 2.0


def test_beyond_the_longest_call_nothing_is_kept() -> None:
    reel = AudioFile(began=-MAX_SECONDS + 1.0)
    reel.append(second_of(), 0.5)
    reel.append(second_of(), 1.5)
    reel.close(60.0)
    assert reel.seconds == MAX_SECONDS


def test_somebody_s_voice_is_told_from_a_quiet_room() -> None:
    reel = AudioFile(began=0.0)
    quiet = second_of(b"\x20\x00")
    reel.append(quiet, 1.0)
    reel.append(quiet, 2.0)
    assert reel.loud_at == 1.0, "the first sound has the benefit of the doubt"
    reel.append(second_of(LOUD), 3.0)
    assert reel.loud_at == 3.0


def test_a_dropped_sound_is_gone() -> None:
    reel = AudioFile(began=0.0)
    reel.append(second_of(), 1.0)
    reel.delete()
    assert (reel.is_empty, sound(reel)) == (True, b"")
