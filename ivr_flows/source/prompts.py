"""Schema of prompt files, one per language, converted to the catalogues of `speech`.

Everything a new language needs is data in its own file: voice, digits, counts, plurals.
"""

from typing import Annotated, Literal

from pydantic import Field

from hotline.rules.enums import Language, RequestType
from ivr_flows.source.tables import NAME, FileModel
from ivr_flows.speech import Calendar, Catalogue, Plural, SpeechRules

_Text = Annotated[str, Field(min_length=1)]
_Hours = Annotated[tuple[_Text, ...], Field(min_length=24, max_length=24)]
_Ten = Annotated[tuple[_Text, ...], Field(min_length=10, max_length=10)]


class _Plural(FileModel):
    one: _Text
    other: _Text

    def phrase(self) -> Plural:
        return Plural(self.one, self.other)


class _Calendar(FileModel):
    day: _Text
    months: Annotated[tuple[_Text, ...], Field(min_length=12, max_length=12)]
    hours: _Hours
    periods: _Hours
    on_the_hour: _Text
    half_past: _Text
    few_minutes: _Text
    minutes: _Text
    digits: _Ten
    day_end: _Text | None = None

    def calendar(self) -> Calendar:
        return Calendar(**self.model_dump(exclude_none=True))


class _Speech(FileModel):
    voice: _Text
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}-[A-Z]{2}$")]
    recognition: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
    digits: _Ten
    between_digits: str
    counts: tuple[_Text, ...]
    callers: _Plural
    minutes: _Plural
    under_a_minute: _Text
    calendar: _Calendar
    matters: dict[RequestType, _Text] = Field(default_factory=dict)
    keys: dict[Literal["*", "#"], Annotated[tuple[_Text, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )


class _Recorded(FileModel):
    """A prompt that is played: `text` states what is heard, for captions and transcripts."""

    text: _Text
    play: _Text


class CatalogueModel(FileModel):
    """Schema of a prompt file: the sentences of one language, its speech rules, and the words that stand for keys."""

    speech: _Speech
    prompts: dict[NAME, _Text | _Recorded]
    words: dict[NAME, Annotated[tuple[_Text, ...], Field(min_length=1)]] = Field(default_factory=dict)

    def catalogue(self, language: Language) -> Catalogue:
        raw = self.speech
        speech = SpeechRules(
            voice=raw.voice,
            language=raw.language,
            recognition=raw.recognition,
            digits=raw.digits,
            between_digits=raw.between_digits,
            counts=raw.counts,
            callers=raw.callers.phrase(),
            minutes=raw.minutes.phrase(),
            under_a_minute=raw.under_a_minute,
            calendar=raw.calendar.calendar(),
            matters={str(kind): name for kind, name in raw.matters.items()},
            keys={str(key): names for key, names in raw.keys.items()},
            spoken_as=language,
        )
        recorded = {key: said for key, said in self.prompts.items() if isinstance(said, _Recorded)}
        texts = {key: said if isinstance(said, str) else said.text for key, said in self.prompts.items()}
        return Catalogue(speech, texts, {key: said.play for key, said in recorded.items()}, self.words)
