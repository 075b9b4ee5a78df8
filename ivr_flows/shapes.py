"""The shape of a flow and a prompt file: what may be written where, and which node each table becomes.

Shape only; whether the pieces fit together is asked in `checks`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from hotline.rules.wishes import ConfirmPerson, NotePressed, PromiseCallback, RecordAnswer, Wish
from hotline.rules.words import CallPurpose, Language, RequestClass
from ivr_flows import flow
from ivr_flows.flow import Line, Node
from ivr_flows.prompts import Catalogue, Plural, Speech

_ANSWERS = {(question, answer) for question in ("solved", "satisfied") for answer in ("yes", "no")}


def read_line(text: object) -> Line:
    """Read `prompt` or `language:prompt`. Raises ValueError."""
    if not isinstance(text, str) or not text:
        raise ValueError("a line is the key of a prompt, or language:key")
    language, colon, prompt = text.rpartition(":")
    return Line(prompt, Language(language) if colon else None)


def read_wish(text: object) -> Wish:
    """Read a wish as flows write it. Raises ValueError."""
    match str(text).split(":"):
        case ["promise_callback"]:
            return PromiseCallback()
        case ["confirm_person"]:
            return ConfirmPerson()
        case ["note_pressed", klass]:
            return NotePressed(RequestClass(klass))
        case ["record_answer", question, answer] if (question, answer) in _ANSWERS:
            return RecordAnswer(question, answer)
        case _:
            raise ValueError(
                "a wish is promise_callback, confirm_person, note_pressed:CLASS or "
                "record_answer:solved|satisfied:yes|no"
            )


def read_language(text: object) -> Language:
    return Language(str(text))


def read_purpose(text: object) -> CallPurpose:
    return CallPurpose(str(text))


_Line = Annotated[Line, BeforeValidator(read_line)]
_Lines = tuple[_Line, ...]
_Spoken = Annotated[_Lines, Field(min_length=1)]
_Wish = Annotated[Wish, BeforeValidator(read_wish)]
_Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Text = Annotated[str, Field(min_length=1)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Choice(_Shape):
    to: str
    wishes: tuple[_Wish, ...] = ()
    language: Annotated[Language, BeforeValidator(read_language)] | None = None


class _Exit(_Shape):
    tries: Annotated[int, Field(strict=True, ge=1, le=5)]
    to: str


class _Say(_Shape):
    kind: Literal["say"]
    say: _Spoken
    to: str

    def node(self) -> Node:
        return flow.Say(self.say, self.to)


class _Menu(_Shape):
    kind: Literal["menu"]
    say: _Spoken
    again: _Lines = ()
    keys: Annotated[dict[_Key, _Choice], Field(min_length=1)]
    timeout: Annotated[int, Field(strict=True, ge=1, le=30)]
    on_silence: _Exit
    on_invalid: _Exit

    def node(self) -> Node:
        keys = {key: flow.Choice(c.to, c.wishes, c.language) for key, c in self.keys.items()}
        silence, invalid = (flow.Exit(way.tries, way.to) for way in (self.on_silence, self.on_invalid))
        return flow.Menu(self.say, keys, self.timeout, silence, invalid, self.again)


class _Queue(_Shape):
    kind: Literal["queue"]
    say: _Lines
    next_in_line: _Line
    place: _Line
    place_only: _Line
    sorry: _Line
    sorry_after: Annotated[int, Field(strict=True, ge=0, le=3600)]
    offer: _Line
    callback_key: _Key
    callback: str
    on_full: str
    round_seconds: Annotated[int, Field(strict=True, ge=5, le=60)]

    def node(self) -> Node:
        return flow.Queue(**{name: getattr(self, name) for name in type(self).model_fields if name != "kind"})


class _Do(_Shape):
    kind: Literal["do"]
    wish: _Wish
    granted: str
    refused: str

    def node(self) -> Node:
        return flow.Do(self.wish, self.granted, self.refused)


class _HangUp(_Shape):
    kind: Literal["hang_up"]
    say: _Lines = ()

    def node(self) -> Node:
        return flow.HangUp(self.say)


class FlowShape(_Shape):
    """A whole flow file, its shared parts included."""

    name: _Name
    purpose: Annotated[CallPurpose, BeforeValidator(read_purpose)]
    entry: str
    person: str
    nodes: dict[_Name, Annotated[_Say | _Menu | _Queue | _Do | _HangUp, Field(discriminator="kind")]]

    def flow(self, version: str) -> flow.Flow:
        nodes = {name: shape.node() for name, shape in self.nodes.items()}
        return flow.Flow(self.name, version, self.purpose, self.entry, self.person, nodes)


class _Plural(_Shape):
    one: _Text
    other: _Text

    def phrase(self) -> Plural:
        return Plural(self.one, self.other)


class _Speech(_Shape):
    voice: _Text
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}-[A-Z]{2}$")]
    digits: Annotated[tuple[_Text, ...], Field(min_length=10, max_length=10)]
    between_digits: str
    counts: tuple[_Text, ...]
    callers: _Plural
    minutes: _Plural
    under_a_minute: _Text


class CatalogueShape(_Shape):
    """A whole prompt file of one language."""

    speech: _Speech
    prompts: dict[_Name, _Text]

    def catalogue(self) -> Catalogue:
        raw = self.speech
        speech = Speech(
            voice=raw.voice,
            language=raw.language,
            digits=raw.digits,
            between_digits=raw.between_digits,
            counts=raw.counts,
            callers=raw.callers.phrase(),
            minutes=raw.minutes.phrase(),
            under_a_minute=raw.under_a_minute,
        )
        return Catalogue(speech, dict(self.prompts))
