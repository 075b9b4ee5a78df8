"""A telephone in the terminal, the body of the product's `dial` command.

What the telephone hears is printed as it is said; keys are typed or come from a script. A scripted key is pressed once
the exchange listens for keys, as a person would wait for the prompt, and after half a minute in any case.
"""

import re
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from hotline.exchange.clients.telephone import NotHeardError, Telephone
from hotline.exchange.clients.websocket_client import LineError, Message
from hotline.exchange.vocabulary.numbers import KEYS

COMPLETED, FAILED, BAD_KEYS = 0, 1, 2
_LONGEST_CALL_SECONDS = 24 * 3600.0
_LISTENING_SECONDS = 30.0
_CLOSING_SECONDS = 10.0


@dataclass(frozen=True)
class PressStep:
    digits: str


@dataclass(frozen=True)
class WaitStep:
    seconds: float  # of exchange time


@dataclass(frozen=True)
class HangUpStep:
    pass


ScriptStep = PressStep | WaitStep | HangUpStep


class BadKeysError(ValueError):
    """A script of keys that cannot be read; the text names the part."""


def read_script(keys: str) -> list[ScriptStep]:
    """Reads a script such as `1,w5,2,#,h`: keys, waiting in seconds, and at the very end hanging up.

    Raises BadKeysError.
    """
    parts = [part.strip() for part in keys.split(",")]
    steps: list[ScriptStep] = []
    for place, part in enumerate(parts):
        if part and KEYS.issuperset(part):
            steps.append(PressStep(part))
        elif re.fullmatch(r"w\d{1,5}(\.\d+)?", part):
            steps.append(WaitStep(float(part[1:])))
        elif part == "h" and place == len(parts) - 1:
            steps.append(HangUpStep())
        else:
            raise BadKeysError(f"{part!r}: keys are 0-9, * and #, wN waits N seconds, a final h hangs up")
    return steps


class TerminalTelephone(Telephone):
    """A telephone that prints what it hears, each line with the exchange time since dialling."""

    def __init__(self, base_url: str, number: str, out: TextIO) -> None:
        super().__init__(base_url, number)
        self._out = out

    def show(self, text: str) -> None:
        minutes, seconds = divmod(int(self.at), 60)
        print(f"{minutes:02d}:{seconds:02d}  {text}", file=self._out, flush=True)

    def receive(self, message: Message) -> None:
        before = len(self._lines)
        super().receive(message)
        for heard in self._lines[before:]:
            self.show(heard)
        match message["type"]:
            case "state" if message["state"] == "talking":
                self.show("(接通 answered)")
            case "party" if message["names"]:
                self.show(f"(在线 on the line: {', '.join(message['names'])})")
            case "ended":
                self.show(f"(结束 ended: {message['status']})")
            case "error":
                self.show(f"(! {message['message']})")
            case _:
                pass


def dial(
    base_url: str,
    number_from: str,
    number_to: str,
    keys: str | None,
    out: TextIO,
    *,
    read_keys: Iterable[str] | None = None,
) -> int:
    """Makes one call; returns 0 when it was completed, 1 when it failed, 2 when `keys` cannot be read.

    With `keys` None each line of `read_keys` (standard input by default) is a line of keys, words to say, or `h` to
    hang up.
    """
    try:
        steps = None if keys is None else read_script(keys)
    except BadKeysError as error:
        print(error, file=out)
        return BAD_KEYS
    try:
        with TerminalTelephone(base_url, number_from, out) as telephone:
            telephone.dial(number_to)
            return _talk(telephone, steps, sys.stdin if read_keys is None else read_keys)
    except (LineError, TimeoutError) as error:
        print(f"(! {error})", file=out)
        return FAILED


def _talk(telephone: TerminalTelephone, steps: list[ScriptStep] | None, read_keys: Iterable[str]) -> int:
    try:
        if steps is None:
            threading.Thread(target=_carry_out, args=(telephone, read_keys), name="keys", daemon=True).start()
        else:
            _follow(telephone, steps)
        status = telephone.wait_ended(_LONGEST_CALL_SECONDS)
    except KeyboardInterrupt:
        telephone.hang_up()
        status = telephone.wait_ended(_CLOSING_SECONDS)
    return COMPLETED if status == "completed" else FAILED


def _follow(telephone: TerminalTelephone, steps: list[ScriptStep]) -> None:
    for step in steps:
        match step:
            case PressStep(digits):
                for digit in digits:
                    _press_when_heard(telephone, digit)
            case WaitStep(seconds):
                _wait(telephone, seconds * telephone.pace)
            case HangUpStep():
                telephone.hang_up()


def _press_when_heard(telephone: TerminalTelephone, digit: str) -> None:
    try:
        telephone.wait_listening(_LISTENING_SECONDS)
    except TimeoutError:
        telephone.show("(无人等待按键 nobody waits for a key)")
    if telephone.is_in_call:
        telephone.show(f"[{digit}]")
        telephone.press(digit)


def _wait(telephone: TerminalTelephone, seconds: float) -> None:
    """Waits so many real seconds, but not beyond the end of the call."""
    try:
        telephone.wait_ended(seconds)
    except NotHeardError:
        return


def _carry_out(telephone: TerminalTelephone, lines: Iterable[str]) -> None:
    """Carries out the typed lines until there is no more to read or the connection is closed."""
    for line in lines:
        typed = line.strip()
        try:
            if typed == "h":
                telephone.hang_up()
            elif typed and KEYS.issuperset(typed):
                telephone.press(typed)
            elif typed:
                telephone.say(typed)
        except LineError:
            return
