"""Puts lines into the mouth of a document, and carries them from one document to the next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from twilio.twiml.voice_response import Gather, VoiceResponse

from hotline.rules.enums import Language
from ivr_flows.source.prompts import Catalogue, Prompts, speak
from ivr_flows.speech import Argument, Line, Lines, Notice

MOST_CARRIED = 20
"""Lines that ride in one URL, at most."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks lines in the language of one call. `standing` are the arguments every prompt may use.

    `sounds` is the address below which the city's own recordings lie.
    """

    prompts: Prompts
    language: Language
    standing: Mapping[str, Argument]
    sounds: str = ""

    @property
    def catalogue(self) -> Catalogue:
        return self.prompts[self.language]

    def say(self, parent: VoiceResponse | Gather, lines: Lines) -> None:
        """Say `lines`; what is empty once it can be spoken is left out."""
        for line in lines:
            spoken = speak(self.prompts, line, self.language, self.standing)
            if not (spoken.sound or spoken.text):
                continue
            if not spoken.sound:
                parent.say(spoken.text, voice=spoken.voice, language=spoken.language)
            elif "://" in spoken.sound:
                parent.play(spoken.sound)
            else:
                parent.play(f"{self.sounds}/{spoken.sound}")


def carried(lines: Lines) -> tuple[Lines, Lines]:
    """Part lines into those that must be said here and those that can ride in a URL: keys of prompts and notices alone.

    What a line's arguments say (a date, a number) never goes into a URL, nor does anything that must be said before it.
    """
    riding = tuple(reversed(tuple(_riders(lines))))
    return lines[: len(lines) - len(riding)], riding


def _riders(lines: Lines) -> Lines:
    found: list[Line | Notice] = []
    for line in reversed(lines):
        if isinstance(line, Line) and line.arguments:
            break
        found.append(line)
    return tuple(found[:MOST_CARRIED])


def write_lines(lines: Lines) -> str:
    """Write lines into a URL's query: only keys, never what somebody said or wrote."""
    return ",".join(_key(line) for line in lines)


def read_lines(text: str, prompts: Prompts, recall: Callable[[str], Notice | None]) -> Lines:
    """Read what `write_lines` wrote; keys that are not known any more are left out. `recall` finds notices by key."""
    lines: list[Line | Notice] = []
    for part in text.split(",")[:MOST_CARRIED]:
        if part.startswith("!"):
            notice = recall(part[1:])
            lines += [] if notice is None else [notice]
            continue
        language, _, prompt = part.rpartition(":")
        known = Language(language) if language in set(Language) else None
        if all(prompt in catalogue.texts for catalogue in prompts.values()):
            lines.append(Line(prompt, known))
    return tuple(lines)


def _key(line: Line | Notice) -> str:
    if isinstance(line, Notice):
        return f"!{line.key}"
    return f"{line.language}:{line.prompt}" if line.language else line.prompt
