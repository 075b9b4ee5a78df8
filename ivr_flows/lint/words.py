"""What is said: every line in every language, short enough for the carrier, with arguments that are known there."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from hotline.rules.policies import Policies
from hotline.rules.words import Language
from ivr_flows.flow import Flow, Menu
from ivr_flows.lines import Line
from ivr_flows.lint.told import Told
from ivr_flows.prompts import DOOR_PROMPTS, STANDING_ARGUMENTS, Prompts, arguments_of
from ivr_flows.ways import lines_of

MOST_CHINESE = 450
"""Characters of one prompt. The carrier refuses 4,500 URL-encoded ones, and a Chinese character takes nine."""
MOST_ENCODED = MOST_CHINESE * 9


def check_prompts(prompts: Prompts) -> Iterator[tuple[Language, Told]]:
    """Yield what is wrong with the catalogues, each with the language whose file must be mended."""
    everywhere = frozenset().union(*(catalogue.texts for catalogue in prompts.values())).union(DOOR_PROMPTS)
    lists = frozenset().union(*(catalogue.words for catalogue in prompts.values()))
    for language, catalogue in prompts.items():
        for key in sorted(everywhere - set(catalogue.texts)):
            yield (
                language,
                Told(
                    key,
                    f"prompt {key!r} is missing in {language}",
                    "other languages or the program speak it",
                    "Write it here, or remove it everywhere.",
                ),
            )
        for key in sorted(lists - set(catalogue.words)):
            yield (
                language,
                Told(
                    key,
                    f"the words {key!r} are missing in {language}",
                    "other languages understand them",
                    "Write them under [words] here, or remove them everywhere.",
                ),
            )
        for key, text in catalogue.texts.items():
            yield from ((language, told) for told in _bad_text(key, text))
            if key in DOOR_PROMPTS:
                line = Line(key)
                given = DOOR_PROMPTS[key]
                yield from ((language, told) for told in _bad_line(key, line, language, given, {key: text}))


def _bad_text(key: str, text: str) -> Iterator[Told]:
    try:
        arguments_of(text)
    except ValueError as error:
        yield Told(
            key, "broken braces", str(error), "Write {name} for an argument; other braces cannot be spoken."
        )
    if len(quote(text)) > MOST_ENCODED:
        yield Told(
            key,
            f"{len(text)} characters are too long to be spoken at once",
            f"the carrier stops at {MOST_CHINESE} Chinese characters",
            "Split it into two prompts.",
        )


def _asked(text: str) -> frozenset[str]:
    """Return the arguments a text needs; broken braces are told on their own."""
    try:
        return arguments_of(text)
    except ValueError:
        return frozenset()


def broken_lines(flow: Flow, prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find lines that a language does not have, or that need an argument nobody gives there."""
    for name, node in flow.nodes.items():
        for line, arguments in lines_of(node):
            for language, catalogue in prompts.items():
                if line.language in (None, language):
                    yield from _bad_line(name, line, language, arguments, catalogue.texts)


def _bad_line(
    name: str, line: Line, language: Language, arguments: frozenset[str], texts: Mapping[str, str]
) -> Iterator[Told]:
    if line.prompt not in texts:
        yield Told(
            name,
            f"speaks {line.prompt!r}, which {language} does not have",
            "callers would hear nothing",
            f"Write it in prompts/{language}.toml, or name another prompt.",
        )
        return
    unknown = _asked(texts[line.prompt]) - arguments - STANDING_ARGUMENTS
    if unknown:
        yield Told(
            name,
            f"speaks {line.prompt!r} with {{{', '.join(sorted(unknown))}}}, which is not known there",
            f"known are {', '.join(sorted(arguments | STANDING_ARGUMENTS))}",
            f"Change the words in prompts/{language}.toml, or speak another prompt.",
        )


def unknown_words(flow: Flow, prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find choices whose list of words a language does not have."""
    for name, node in flow.nodes.items():
        if not isinstance(node, Menu):
            continue
        for key, choice in node.keys.items():
            for language, catalogue in prompts.items():
                if choice.words and choice.words not in catalogue.words:
                    yield Told(
                        name,
                        f"key {key} is also said as {choice.words!r}, which {language} does not have",
                        "nothing a caller says could mean it",
                        f"Write the words under [words] in prompts/{language}.toml.",
                    )
