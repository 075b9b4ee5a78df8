"""Texts for the people who look after flows, in Chinese and in English. Callers hear prompts instead."""

from typing import NamedTuple, Protocol

from hotline.rules.enums import Language


class Bilingual(Protocol):
    """A text that can be shown in Chinese and in English."""

    def in_(self, language: Language) -> str: ...


class BilingualText(NamedTuple):
    """The same text in Chinese and in English."""

    chinese: str
    english: str

    def in_(self, language: Language) -> str:
        """Returns the Chinese text for Chinese and the English text for every other language."""
        return self.chinese if language is Language.ZH_CN else self.english
