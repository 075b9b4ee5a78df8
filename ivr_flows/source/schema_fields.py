"""The pieces that flow files are written of: lines, keys, names, choices, ways out, and what every question has."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from hotline.rules.calls.flow_actions import FlowAction
from hotline.rules.enums import Language
from ivr_flows import flow
from ivr_flows.source.expressions import read_language, read_line, read_wish
from ivr_flows.speech import Line

LINE = Annotated[Line, BeforeValidator(read_line)]
LINES = tuple[LINE, ...]
SPOKEN = Annotated[LINES, Field(min_length=1)]
WISH = Annotated[FlowAction, BeforeValidator(read_wish)]
KEY = Annotated[str, Field(pattern=r"^[0-9*#]$")]
NAME = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
SECONDS = Annotated[int, Field(strict=True, ge=1, le=30)]
RINGING = Annotated[int, Field(strict=True, ge=5, le=600)]
TARGET = Annotated[str, Field(min_length=1)]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(Shape):
    to: TARGET
    wishes: tuple[WISH, ...] = ()
    language: Annotated[Language, BeforeValidator(read_language)] | None = None
    words: str = ""

    def choice(self) -> flow.Choice:
        return flow.Choice(self.to, self.wishes, self.language, self.words)


class WaitingChoice(Choice):
    to: str = ""
    """Empty: the caller stays in the queue."""


class Exit(Shape):
    tries: Annotated[int, Field(strict=True, ge=1, le=5)]
    to: TARGET

    def exit(self) -> flow.Exit:
        return flow.Exit(self.tries, self.to)


class Question(Shape):
    """What menus, surveys and entries of digits share."""

    say: SPOKEN
    again: LINES = ()
    timeout: SECONDS
    on_silence: Exit
    on_invalid: Exit
