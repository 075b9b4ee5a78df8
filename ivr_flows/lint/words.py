"""What a flow says and hears: every line and every list of words in every language, with arguments that are known there."""

from collections.abc import Iterator, Mapping

from hotline.rules.enums import Language
from hotline.rules.policies import Policies
from ivr_flows.exit_labels import Pair
from ivr_flows.exits import lines_of
from ivr_flows.flow import Flow, Menu
from ivr_flows.lint.finding import Told
from ivr_flows.source.prompts import STANDING_ARGUMENTS, Prompts, arguments_of
from ivr_flows.speech import Line


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
                    yield from broken_line(name, line, language, arguments, catalogue.texts)


def broken_line(
    name: str, line: Line, language: Language, arguments: frozenset[str], texts: Mapping[str, str]
) -> Iterator[Told]:
    """Find what is wrong with `line` spoken at `name` in one language, whose `texts` these are."""
    if line.prompt not in texts:
        yield _unwritten(name, line, language)
        return
    unknown = _asked(texts[line.prompt]) - arguments - STANDING_ARGUMENTS
    if unknown:
        known = sorted(arguments | STANDING_ARGUMENTS)
        yield Told(
            name,
            Pair(
                f"要说 {line.prompt!r}，其中的 {{{'、'.join(sorted(unknown))}}} 在那里没有",
                f"speaks {line.prompt!r} with {{{', '.join(sorted(unknown))}}}, which is not known there",
            ),
            Pair(f"那里有 {'、'.join(known)}", f"known are {', '.join(known)}"),
            Pair(
                f"改 prompts/{language}.toml 里的这一句，或者换一句说。",
                f"Change the words in prompts/{language}.toml, or speak another prompt.",
            ),
        )


def _unwritten(name: str, line: Line, language: Language) -> Told:
    return Told(
        name,
        Pair(
            f"要说 {line.prompt!r}，但 {language} 里没有这一句",
            f"speaks {line.prompt!r}, which {language} does not have",
        ),
        Pair("来电人什么也听不到", "callers would hear nothing"),
        Pair(
            f"写进 prompts/{language}.toml，或者改用另一句。",
            f"Write it in prompts/{language}.toml, or name another prompt.",
        ),
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
                        Pair(
                            f"{key} 键也可以说 {choice.words!r}，但 {language} 里没有这组说法",
                            f"key {key} is also said as {choice.words!r}, which {language} does not have",
                        ),
                        Pair("来电人说什么都不算这个键", "nothing a caller says could mean it"),
                        Pair(
                            f"写进 prompts/{language}.toml 的 [words]。",
                            f"Write the words under [words] in prompts/{language}.toml.",
                        ),
                    )
