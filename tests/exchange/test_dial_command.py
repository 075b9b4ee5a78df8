"""The telephone in the terminal."""

import io
import threading
from collections.abc import Callable, Iterator

import pytest

from hotline.exchange.clients.dial import BadKeysError, HangUpStep, PressStep, WaitStep, dial, read_script
from tests.exchange.application import Application
from tests.exchange.line import Line
from tests.ports import free_port


def test_a_script_of_keys_is_read() -> None:
    assert read_script("1,w5, 2,#,w0.5,h") == [
        PressStep("1"),
        WaitStep(5),
        PressStep("2"),
        PressStep("#"),
        WaitStep(0.5),
        HangUpStep(),
    ]


@pytest.mark.parametrize("keys", ["", "1,,2", "x", "h,1", "w", "w-1", "1;2", "wx"])
def test_a_script_that_cannot_be_followed_is_refused(keys: str) -> None:
    with pytest.raises(BadKeysError):
        read_script(keys)
    out = io.StringIO()
    assert dial("http://127.0.0.1:1", "13800001234", "4412345", keys, out) == 2
    assert "keys are" in out.getvalue()


def test_each_key_waits_for_its_prompt_and_everything_is_stamped(
    line: Line, application: Application
) -> None:
    application.on(
        "/voice", '<Say>欢迎致电</Say><Gather numDigits="1" action="/one"><Say>投诉请按1</Say></Gather>'
    )
    application.on("/one", '<Gather action="/two"><Say>请输入单号，按#结束</Say></Gather>')
    application.on("/two", "<Say>好的</Say><Pause length='70'/><Say>再见</Say>")
    out = io.StringIO()
    assert dial(line.url, "13800001234", "05374412345", "1,20,#", out) == 0
    assert application.wait_for("/one")[0]["Digits"] == "1"
    assert application.wait_for("/two")[0]["Digits"] == "20"
    lines = out.getvalue().splitlines()
    assert [text[7:] for text in lines] == [
        "(接通 answered)",
        "欢迎致电",
        "投诉请按1",
        "[1]",
        "请输入单号，按#结束",
        "[2]",
        "[0]",
        "[#]",
        "好的",
        "再见",
        "(结束 ended: completed)",
    ]
    assert all(text[2] == ":" for text in lines)
    assert lines[-2] >= "01:10"


def test_h_hangs_up_and_the_call_was_completed(line: Line, application: Application) -> None:
    application.on("/voice", "<Say>你好</Say><Pause length='3000'/>")
    out = io.StringIO()
    assert dial(line.url, "13800001234", "4412345", "w3,h", out) == 0
    assert application.wait_for("/status")[0]["CallStatus"] == "completed"


class Paper(io.StringIO):
    """An output stream that can wait for a line."""

    def __init__(self) -> None:
        super().__init__()
        self._written = threading.Condition()

    def write(self, text: str) -> int:
        with self._written:
            self._written.notify_all()
            return super().write(text)

    def wait_for(self, text: str) -> None:
        with self._written:
            assert self._written.wait_for(lambda: text in self.getvalue(), 8), self.getvalue()


def test_typed_lines_are_said_or_pressed_and_h_hangs_up(line: Line, application: Application) -> None:
    application.on("/voice", '<Gather input="speech" action="/said" timeout="600"><Say>请讲</Say></Gather>')
    application.on(
        "/said", '<Gather numDigits="1" action="/pressed" timeout="600"><Say>请按键</Say></Gather>'
    )
    application.on("/pressed", "<Say>好的</Say><Pause length='3000'/>")
    out = Paper()

    def lines() -> Iterator[str]:
        for awaited, typed in (("请讲", "路灯坏了\n"), ("请按键", "5\n"), ("好的", "h\n")):
            out.wait_for(awaited)
            yield typed

    assert dial(line.url, "13800001234", "4412345", None, out, read_keys=lines()) == 0
    assert application.wait_for("/said")[0]["SpeechResult"] == "路灯坏了"
    assert application.wait_for("/pressed")[0]["Digits"] == "5"
    assert out.getvalue().splitlines()[-1].endswith("ended: completed)")


@pytest.mark.parametrize(
    ("inside", "status"), [('<Reject reason="busy"/>', "busy"), ("<Reject/>", "no-answer")]
)
def test_a_call_that_comes_to_nothing_is_exit_status_one(
    line: Line, application: Application, inside: str, status: str
) -> None:
    application.on("/voice", inside)
    out = io.StringIO()
    assert dial(line.url, "13800001234", "4412345", "w1", out) == 1
    assert status in out.getvalue()


def test_an_exchange_that_is_not_there_is_exit_status_one() -> None:
    out = io.StringIO()
    assert dial(f"http://127.0.0.1:{free_port()}", "13800001234", "4412345", "1", out) == 1
    assert "no connection" in out.getvalue()


def test_a_wrong_number_is_exit_status_one(make_line: Callable[..., Line]) -> None:
    out = io.StringIO()
    assert dial(make_line().url, "13800001234", "114", "1", out) == 1
