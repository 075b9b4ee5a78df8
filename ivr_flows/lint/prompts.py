"""Checks prompts, which must be complete and speakable in every language, and what a flow says and hears."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from string import Formatter
from urllib.parse import quote

from hotline.rules.enums import Language, RequestType
from hotline.rules.policies import Policies
from hotline.rules.text import is_speakable
from ivr_flows.bilingual import BilingualText
from ivr_flows.flow import Flow, KeyChoice, MenuNode, QueueNode, lines_of
from ivr_flows.source.problems import LintFinding
from ivr_flows.speech import (
    PROGRAM_PROMPTS,
    SOUNDS,
    STANDARD_ARGUMENTS,
    Catalogue,
    Lines,
    PromptLine,
    Prompts,
    SpeechRules,
    SpokenNotice,
    arguments_of,
    normalized,
)


def _arguments_in(text: str) -> frozenset[str]:
    """Returns the arguments a text needs; broken braces have a finding of their own."""
    try:
        return arguments_of(text)
    except ValueError:
        return frozenset()


def broken_lines(flow: Flow, prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds lines that a language does not have, or that need an argument which is not given there."""
    for name, node in flow.nodes.items():
        for line, arguments in lines_of(node):
            for language, catalogue in prompts.items():
                if line.language in (None, language):
                    yield from broken_line(name, line, language, arguments, catalogue.texts)


def broken_line(
    name: str, line: PromptLine, language: Language, arguments: frozenset[str], texts: Mapping[str, str]
) -> Iterator[LintFinding]:
    """Finds problems of `line`, spoken at `name`, in the `texts` of one language."""
    if line.prompt not in texts:
        yield _unwritten(name, line, language)
        return
    unknown = _arguments_in(texts[line.prompt]) - arguments - STANDARD_ARGUMENTS
    if unknown:
        known = sorted(arguments | STANDARD_ARGUMENTS)
        yield LintFinding(
            name,
            BilingualText(
                f"要说 {line.prompt!r}，其中的 {{{'、'.join(sorted(unknown))}}} 在那里没有",
                f"speaks {line.prompt!r} with {{{', '.join(sorted(unknown))}}}, which is not known there",
            ),
            BilingualText(f"那里有 {'、'.join(known)}", f"known are {', '.join(known)}"),
            BilingualText(
                f"改 prompts/{language}.toml 里的这一句，或者换一句说。",
                f"Change the words in prompts/{language}.toml, or speak another prompt.",
            ),
        )


def _unwritten(name: str, line: PromptLine, language: Language) -> LintFinding:
    return LintFinding(
        name,
        BilingualText(
            f"要说 {line.prompt!r}，但 {language} 里没有这一句",
            f"speaks {line.prompt!r}, which {language} does not have",
        ),
        BilingualText("来电人什么也听不到", "callers would hear nothing"),
        BilingualText(
            f"写进 prompts/{language}.toml，或者改用另一句。",
            f"Write it in prompts/{language}.toml, or name another prompt.",
        ),
    )


def unknown_words(flow: Flow, prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds choices whose list of words a language does not have."""
    for name, node in flow.nodes.items():
        if not isinstance(node, MenuNode):
            continue
        for key, choice in node.keys.items():
            for language, catalogue in prompts.items():
                if choice.words and choice.words not in catalogue.words:
                    yield LintFinding(
                        name,
                        BilingualText(
                            f"{key} 键也可以说 {choice.words!r}，但 {language} 里没有这组说法",
                            f"key {key} is also said as {choice.words!r}, which {language} does not have",
                        ),
                        BilingualText("来电人说什么都不算这个键", "nothing a caller says could mean it"),
                        BilingualText(
                            f"写进 prompts/{language}.toml 的 [words]。",
                            f"Write the words under [words] in prompts/{language}.toml.",
                        ),
                    )


def unannounced_keys(flow: Flow, prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds keys of a menu that its prompts do not name in some language, unless the key is `announced = false`."""
    for name, node in flow.nodes.items():
        if not isinstance(node, MenuNode):
            continue
        for language, catalogue in prompts.items():
            # Flows published before prompt files named their keys must stay usable.
            if not catalogue.speech.keys:
                continue
            for key, choice in node.keys.items():
                if choice.announced and not _is_announced(key, node.say, language, prompts):
                    yield LintFinding(
                        name,
                        BilingualText(
                            f"{language} 没有播报 {key} 键", f"key {key} is not announced in {language}"
                        ),
                        BilingualText("来电人不知道可以按它", "callers would not know of it"),
                        BilingualText(
                            f"写进 prompts/{language}.toml 里的提示，或者给这个键加上 announced = false。",
                            f"Name it in prompts/{language}.toml, or add announced = false to the key.",
                        ),
                    )


def _is_announced(key: str, lines: Lines, language: Language, prompts: Prompts) -> bool:
    """Returns whether one of `lines`, as spoken in a call in `language`, names `key`."""
    for line in lines:
        if isinstance(line, SpokenNotice):
            continue
        catalogue = prompts[line.language or language]
        if line.prompt not in catalogue.texts:
            return True  # a missing prompt has a finding of its own
        text = catalogue.texts[line.prompt].casefold()
        if key.isdigit() and re.search(rf"(?<!\d){key}(?!\d)", text):
            return True
        if any(name.casefold() in text for name in catalogue.speech.keys.get(key, ())):
            return True
    return False


def colliding_keys(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds queues in which one key has two meanings."""
    for name, node in flow.nodes.items():
        if isinstance(node, QueueNode) and node.callback_key in node.keys:
            yield LintFinding(
                name,
                BilingualText(
                    f"{node.callback_key} 键有两个意思", f"key {node.callback_key} means two things"
                ),
                BilingualText(
                    "它既是 callback_key，又是等候时可按的键",
                    "it is callback_key, and one of the keys heard while waiting",
                ),
                BilingualText("把其中一个换成别的键。", "Give one of them another key."),
            )


def colliding_words(flow: Flow, prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds menus in which a word of one choice could mean another: equal words, or one inside the other."""
    for name, node in flow.nodes.items():
        if isinstance(node, MenuNode):
            for language, catalogue in prompts.items():
                for one, other, word in _clashes(node.keys, catalogue.words):
                    yield LintFinding(
                        name,
                        BilingualText(
                            f"{word!r}（{language}）既是 {one} 键的说法，也是 {other} 键的说法",
                            f"{word!r} ({language}) is said for {one} and for {other}",
                        ),
                        BilingualText(
                            "来电人说了，也听不出是哪一个", "what a caller means by it would be unclear"
                        ),
                        BilingualText(
                            f"改 prompts/{language}.toml 里的说法。",
                            f"Change the words in prompts/{language}.toml.",
                        ),
                    )


def _clashes(
    keys: Mapping[str, KeyChoice], words: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str, str]]:
    said = [(key, words.get(choice.words, ())) for key, choice in keys.items() if choice.words]
    for (one, ours), (other, theirs) in combinations(said, 2):
        clash = next((word for word in ours for their in theirs if _sound_alike(word, their)), None)
        if clash is not None:
            yield one, other, clash


def _sound_alike(one: str, other: str) -> bool:
    """Returns whether one of two words is contained in the other."""
    ours, theirs = normalized(one), normalized(other)
    return bool(ours and theirs) and (ours in theirs or theirs in ours)


# Characters of one prompt. The carrier refuses 4,500 URL-encoded ones, and a Chinese character takes nine.
MOST_CHINESE = 450
MOST_ENCODED = MOST_CHINESE * 9
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[!-~]*)?")
# A recording is an address on the network, or a file in the folder of ours.
FILE = re.compile(r"[A-Za-z0-9._-]+\.(wav|mp3)")
# Arguments of the patterns by which moments and numbers are spoken.
DAY, HOUR, COUNT = frozenset({"month", "day"}), frozenset({"period", "hour", "n", "nn"}), frozenset({"n"})


def check_prompts(prompts: Prompts, recordings: Path = SOUNDS) -> Iterator[tuple[Language, LintFinding]]:
    """Yields the findings in the catalogues, each with the language of its file.

    `recordings` is the folder of the files that are played in place of a sentence.
    """
    everywhere = (
        frozenset().union(*(catalogue.texts for catalogue in prompts.values())).union(PROGRAM_PROMPTS)
    )
    lists = frozenset().union(*(catalogue.words for catalogue in prompts.values()))
    for language, catalogue in prompts.items():
        for finding in (
            *_unnamed_keys(language, catalogue),
            *_unnamed_matters(language, catalogue),
            *_missing(language, everywhere - set(catalogue.texts), lists - set(catalogue.words)),
            *_wrong(language, catalogue),
            *_unplayable(catalogue, recordings),
        ):
            yield language, finding


def _unnamed_keys(language: Language, catalogue: Catalogue) -> Iterator[LintFinding]:
    for key in sorted({"*", "#"} - set(catalogue.speech.keys)):
        yield LintFinding(
            "speech.keys",
            BilingualText(f"{language} 里没有 {key} 键的叫法", f"{language} has no name for the key {key}"),
            BilingualText(
                "检查提示有没有播报这个键时要用", "the check for keys that are not announced needs it"
            ),
            BilingualText("在这里的 [speech.keys] 下补上。", "Write it under [speech.keys] here."),
        )


def _unnamed_matters(language: Language, catalogue: Catalogue) -> Iterator[LintFinding]:
    for kind in sorted(set(RequestType) - set(catalogue.speech.matters)):
        yield LintFinding(
            "speech.matters",
            BilingualText(f"{language} 里没有 {kind} 的说法", f"{language} has no name for {kind}"),
            BilingualText("回访时要说明是哪一类事项", "a follow-up says which kind of matter it is about"),
            BilingualText("在这里的 [speech.matters] 下补上。", "Write it under [speech.matters] here."),
        )


def _missing(language: Language, texts: frozenset[str], lists: frozenset[str]) -> Iterator[LintFinding]:
    for key in sorted(texts):
        yield LintFinding(
            key,
            BilingualText(f"{language} 里缺少 {key!r} 这一句", f"prompt {key!r} is missing in {language}"),
            BilingualText("其他语言或程序要说这一句", "other languages or the program speak it"),
            BilingualText("在这里补上，或者各种语言都去掉。", "Write it here, or remove it everywhere."),
        )
    for key in sorted(lists):
        yield LintFinding(
            key,
            BilingualText(
                f"{language} 里缺少 {key!r} 这组说法", f"the words {key!r} are missing in {language}"
            ),
            BilingualText("其他语言听得懂这组说法", "other languages understand them"),
            BilingualText(
                "在这里的 [words] 下补上，或者各种语言都去掉。",
                "Write them under [words] here, or remove them everywhere.",
            ),
        )


def _wrong(language: Language, catalogue: Catalogue) -> Iterator[LintFinding]:
    for key, text in catalogue.texts.items():
        yield from _bad_text(key, text)
        if key in PROGRAM_PROMPTS:
            yield from broken_line(key, PromptLine(key), language, PROGRAM_PROMPTS[key], {key: text})
    for key, text in _others(catalogue):
        yield from _unspeakable(key, text)
    for key, words in catalogue.words.items():
        yield from _unheard(key, words)
    for key, (pattern, arguments) in _patterns(catalogue.speech).items():
        yield from _broken_braces(key, pattern)
        yield from _bad_pattern(key, pattern, arguments)


def _unheard(key: str, words: Sequence[str]) -> Iterator[LintFinding]:
    for word in words:
        if not normalized(word):
            yield LintFinding(
                key,
                BilingualText(f"{word!r} 里没有能说出来的字", f"the word {word!r} has no letter"),
                BilingualText("来电人说什么都会算成它", "whatever a caller says would mean it"),
                BilingualText(
                    "换成能说出来的词，或者去掉它。", "Write a word that can be said, or remove it."
                ),
            )


def _unplayable(catalogue: Catalogue, recordings: Path) -> Iterator[LintFinding]:
    for key, sound in catalogue.sounds.items():
        if ADDRESS.fullmatch(sound):
            continue
        if not FILE.fullmatch(sound):
            why = BilingualText(
                "录音是一个 http(s) 网址，或者一个以 .wav、.mp3 结尾的文件名",
                "a recording is an http(s) address, or a plain file name that ends in .wav or .mp3",
            )
            yield LintFinding(
                key,
                BilingualText(
                    f"要播放 {sound[:40]!r}，但这不是录音", f"plays {sound[:40]!r}, which is no recording"
                ),
                why,
                BilingualText("改正名字。", "Correct the name."),
            )
        elif not (recordings / sound).is_file():
            why, remedy = (
                BilingualText("ivr_flows/sounds 里没有这个文件", "it is not in ivr_flows/sounds"),
                BilingualText("把文件放进去，或者去掉 `play`。", "Put it there, or remove `play`."),
            )
            yield LintFinding(
                key,
                BilingualText(f"要播放 {sound!r}，但它不存在", f"plays {sound!r}, which does not exist"),
                why,
                remedy,
            )


def _patterns(speech: SpeechRules) -> Mapping[str, tuple[str, frozenset[str]]]:
    """Returns the patterns of a language by their place in its file, each with the arguments it may use."""
    calendar = speech.calendar
    return {
        "speech.callers.one": (speech.callers.one, COUNT),
        "speech.callers.other": (speech.callers.other, COUNT),
        "speech.minutes.one": (speech.minutes.one, COUNT),
        "speech.minutes.other": (speech.minutes.other, COUNT),
        "speech.calendar.day": (calendar.day, DAY),
        "speech.calendar.day_end": (calendar.day_end, DAY),
        "speech.calendar.on_the_hour": (calendar.on_the_hour, HOUR),
        "speech.calendar.half_past": (calendar.half_past, HOUR),
        "speech.calendar.few_minutes": (calendar.few_minutes, HOUR),
        "speech.calendar.minutes": (calendar.minutes, HOUR),
    }


def _bad_pattern(key: str, pattern: str, arguments: frozenset[str]) -> Iterator[LintFinding]:
    known = ", ".join(sorted(arguments))
    for name in sorted({name for name, _ in _fields(pattern)} - arguments):
        yield LintFinding(
            key,
            BilingualText(f"要说 {{{name}}}，那里没有", f"speaks {{{name}}}, which is not known there"),
            BilingualText(f"那里有 {known}", f"known are {known}"),
            BilingualText("改用其中一个。", "Use one of them."),
        )


def _others(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yields the texts other than prompts that go into the carrier's documents, by their place in the file."""
    yield from _texts("speech", asdict(catalogue.speech))
    yield from _texts("words", catalogue.words)


def _texts(place: str, written: object) -> Iterator[tuple[str, str]]:
    if isinstance(written, str):
        yield place, written
    elif isinstance(written, Mapping):
        for key, each in written.items():
            yield from _texts(f"{place}.{key}", each)
    elif isinstance(written, tuple):
        for each in written:
            yield from _texts(place, each)


def _unspeakable(key: str, text: str) -> Iterator[LintFinding]:
    if not is_speakable(text):
        sign = next(sign for sign in text if not is_speakable(sign))
        what = BilingualText(
            f"含有控制字符 U+{ord(sign):04X}", f"holds the control character U+{ord(sign):04X}"
        )
        yield LintFinding(
            key,
            what,
            BilingualText(
                "有了它，整份文档运营商都读不了", "no document with it could be read by the carrier"
            ),
            BilingualText("去掉它。", "Remove it."),
        )


def _bad_text(key: str, text: str) -> Iterator[LintFinding]:
    yield from _unspeakable(key, text)
    yield from _broken_braces(key, text)
    if len(quote(text)) > MOST_ENCODED:
        yield LintFinding(
            key,
            BilingualText(
                f"{len(text)} 个字，一次说不完", f"{len(text)} characters are too long to be spoken at once"
            ),
            BilingualText(
                f"运营商最多接受 {MOST_CHINESE} 个汉字",
                f"the carrier stops at {MOST_CHINESE} Chinese characters",
            ),
            BilingualText("拆成两句。", "Split it into two prompts."),
        )


def _broken_braces(key: str, text: str) -> Iterator[LintFinding]:
    remedy = BilingualText(
        "参数写成 {name}；别的花括号说不出来。",
        "Write {name} for an argument; other braces cannot be spoken.",
    )
    try:
        list(Formatter().parse(text))
    except ValueError as error:
        yield LintFinding(
            key,
            BilingualText("花括号不成对", "broken braces"),
            BilingualText(f"读不懂：{error}", str(error)),
            remedy,
        )
    for name, layout in _fields(text):
        if layout:
            yield LintFinding(
                key,
                BilingualText(
                    f"给 {{{name}}} 规定了格式 {layout[:40]!r}", f"lays out {{{name}}} as {layout[:40]!r}"
                ),
                BilingualText("说出来的话没有格式", "what is spoken has no layout"),
                remedy,
            )


def _fields(text: str) -> list[tuple[str, str]]:
    """Returns the names in braces, each with its format; broken braces have a finding of their own."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return []
    return [
        (name, f"!{conversion}" * bool(conversion) + f":{spec}" * bool(spec))
        for _, name, spec, conversion in parts
        if name is not None
    ]
